// A proxy between processes and a server, and what networks do.
import { connect, createServer } from 'node:net';

export class TcpProxy {
  #server;
  #target;
  #pairs = new Set();
  #delayMs = 0;
  #isHeld = false;
  #losesAnswers = false;

  /** @param target port of the server */
  static async start(target) {
    const proxy = new TcpProxy();
    proxy.#target = target;
    proxy.#server = createServer((near) => proxy.#join(near)).listen(0, '127.0.0.1');
    await new Promise((resolve) => proxy.#server.once('listening', resolve));
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  /** To another server from now on; connections to the one before are cut. */
  pointTo(target) {
    this.#target = target;
    this.cut();
  }

  cut() {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
  }

  /** Connections stay open, and nothing comes through in either direction. What was sent meanwhile comes after. */
  hold() {
    this.#isHeld = true;
    for (const { near, far } of this.#pairs) for (const side of [near, far]) side.pause();
  }

  goOn() {
    this.#isHeld = false;
    this.#delayMs = 0;
    for (const { near, far } of this.#pairs) for (const side of [near, far]) side.resume();
  }

  delay(ms) {
    this.#delayMs = ms;
  }

  /** The next answer of each connection is lost, and the connection with it: its client does not know whether the command was executed. */
  loseAnswers() {
    this.#losesAnswers = true;
    setTimeout(() => {
      this.#losesAnswers = false;
    }, 50);
  }

  async stop() {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near) {
    const far = connect(this.#target, '127.0.0.1');
    const pair = { near, far };
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const side of [near, far]) side.on('error', end).on('close', end);
    const toServer = this.#lane(far);
    const toClient = this.#lane(near);
    near.on('data', toServer);
    far.on('data', (part) => (this.#losesAnswers ? end() : toClient(part)));
    if (this.#isHeld) for (const side of [near, far]) side.pause();
  }

  /** What was delayed comes in its order, before what was not. */
  #lane(to) {
    let last = Promise.resolve();
    let waiting = 0;
    const write = (part) => to.writable && to.write(part);
    return (part) => {
      if (this.#delayMs === 0 && waiting === 0) return write(part);
      waiting++;
      const atMs = performance.now() + this.#delayMs;
      last = last.then(async () => {
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - performance.now())));
        waiting--;
        write(part);
      });
    };
  }
}
