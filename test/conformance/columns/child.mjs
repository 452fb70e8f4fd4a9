// An engine in a separate process, which answers line by line. It may crash or hang; then the next run gets
// another process.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { asLine } from './answering.mjs';

/** Beyond the time limit that the engine itself keeps. */
const GRACE_MS = 20_000;

export class Child {
  #command;
  #process;
  /** Runs that wait for their outcome, the first of them under way. */
  #waiting = [];
  #timer;

  /** @param script one that answers lines, see `answering.mjs` */
  constructor(node, script) {
    this.#command = [node, [fileURLToPath(script)]];
  }

  run(request) {
    return new Promise((resolve) => {
      this.#waiting.push({ request, resolve });
      if (this.#waiting.length === 1) this.#send();
    });
  }

  close() {
    this.#process?.kill('SIGKILL');
  }

  #send() {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#process ??= this.#start();
    this.#timer = setTimeout(
      () => this.#settle({ kind: 'limit', message: 'it did not come back' }, true),
      GRACE_MS + first.request.timeoutMs,
    );
    this.#process.stdin.write(asLine(first.request));
  }

  #start() {
    const child = spawn(...this.#command, { stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin.on('error', () => {});
    createInterface(child.stdout).on('line', (line) => {
      if (child === this.#process) this.#settle(JSON.parse(line), false);
    });
    child.on('close', (code, signal) => {
      if (child === this.#process)
        this.#settle({ kind: 'crash', message: `its process ended with ${signal ?? code}` }, true);
    });
    return child;
  }

  #settle(outcome, isLost) {
    clearTimeout(this.#timer);
    if (isLost) {
      const lost = this.#process;
      this.#process = undefined;
      lost?.kill('SIGKILL');
    }
    this.#waiting.shift()?.resolve(outcome);
    this.#send();
  }
}
