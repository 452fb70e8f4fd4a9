// An innocent run that waits for an extension, on the same worker, while a program is executed: it must go on as if nothing
// had happened, with each call made once.
import { isDeepStrictEqual } from 'node:util';

const SOURCE = `
const secret = Array.from({ length: 50 }, (_, i) => 'waits ' + i * $args.n);
const before = Math.random();
const answer = await $ext.gate.pass($args.n);
$state.seen = answer;
return [secret.join().length, answer, before !== Math.random(), await $ext.gate.pass(answer)];
`;

export class WaitingRun {
  #n;
  #calls = [];
  #open;
  #isAsked;
  #result;

  /** Begins it. @param n different for each */
  constructor(runtime, n) {
    this.#n = n;
    const gate = new Promise((resolve) => {
      this.#open = resolve;
    });
    const asked = new Promise((resolve) => {
      this.#isAsked = resolve;
    });
    const pass = async (given) => {
      this.#calls.push(given);
      this.#isAsked();
      if (this.#calls.length === 1) await gate;
      return given + 1;
    };
    const context = { args: { n }, capabilities: ['state:write:seen', 'ext:gate.*'] };
    this.#result = runtime
      .run(SOURCE, context, { extensions: { gate: { pass } }, tenant: 'waiting' })
      .catch((error) => ({ error }));
    this.waits = Promise.race([asked, this.#result]);
  }

  /** @returns what is wrong with its end, a line each */
  async end() {
    this.#open();
    const { status, returnValue, error, stateMutations = [] } = await this.#result;
    const n = this.#n;
    const length = Array.from({ length: 50 }, (_, i) => `waits ${i * n}`).join().length;
    if (status !== 'success') return [`the waiting run: ${status} ${error?.code}: ${error?.message}`];
    const violations = [];
    if (!isDeepStrictEqual(returnValue, [length, n + 1, true, n + 2])) violations.push(JSON.stringify(returnValue));
    if (!isDeepStrictEqual(this.#calls, [n, n + 1])) violations.push(`its calls: ${this.#calls}`);
    if (!isDeepStrictEqual(stateMutations, [{ operation: 'set', key: 'seen', value: n + 1 }]))
      violations.push(`its mutations: ${JSON.stringify(stateMutations)}`);
    return violations.map((violation) => `the waiting run: ${violation}`);
  }
}
