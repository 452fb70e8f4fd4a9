import { spawn } from 'node:child_process';

const workers = new Set();

/** A separate process that answers requests; see serve.mjs. */
export class Worker {
  #child;
  #requests = new Map();
  #lastId = 0;
  #stderr = '';
  /** Resolves when the process and all processes that it started have ended. */
  ended;
  /** Resolves with its first message. */
  ready;

  /**
   * @param url URL of its module
   * @param args JSON values
   * @param prefix command line that starts it, for example `['unshare', '--pid', '--fork']`
   */
  constructor(url, args = [], { execArgv = [], prefix = [] } = {}) {
    const node = [process.execPath, ...execArgv, url.pathname, ...args.map((arg) => JSON.stringify(arg))];
    const [command, ...rest] = [...prefix, ...node];
    this.#child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#child.stdout.resume();
    this.#child.stderr.on('data', (data) => {
      this.#stderr = (this.#stderr + data).slice(-4000);
    });
    this.ended = new Promise((resolve) => this.#child.once('close', resolve));
    this.ended.then(() => {
      workers.delete(this);
      for (const { reject } of this.#requests.values()) reject(new Error(`The worker ended: ${this.#stderr}`));
      this.#requests.clear();
    });
    this.ready = this.expect('ready');
    // A caller that kills a worker at once does not wait for it to be ready.
    this.ready.catch(() => {});
    this.#child.on('message', ({ id, error, result }) => {
      const request = this.#requests.get(id);
      this.#requests.delete(id);
      if (error === undefined) request?.resolve(result);
      else request?.reject(new Error(error));
    });
    this.#child.on('error', (error) => {
      this.#stderr += String(error);
    });
    workers.add(this);
  }

  async ask(command, argument) {
    await this.ready;
    const id = ++this.#lastId;
    const answer = this.expect(id);
    this.#child.send({ id, command, argument });
    return answer;
  }

  get pid() {
    return this.#child.pid;
  }

  signal(name) {
    this.#child.kill(name);
  }

  async kill() {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  /** Waits for a message that does not answer a request. */
  expect(id) {
    return new Promise((resolve, reject) => this.#requests.set(id, { resolve, reject }));
  }

  killNow() {
    this.#child.kill('SIGKILL');
  }
}

export function killWorkers() {
  for (const worker of workers) worker.killNow();
}
