// A tenant on the same worker: its data must not appear elsewhere, and its results must be right whatever ran
// before.
import { inspect, isDeepStrictEqual } from 'node:util';

import { Canary } from '../../hostile/canary.mjs';

const TENANT = 'neighbour';
/** Beyond any timeout with its grace. */
const HANG_MS = 30_000;
/** The whole realm is compared after so many cases: it costs more than most cases. */
const CANARY_EVERY = 25;

const SOURCE = `
  const bytes = new TextEncoder().encode($args.card);
  const order = [];
  await Promise.all([1, 2].map(async (n) => { order.push(n); await null; order.push(-n); }));
  class Account { #card = $args.card; get card() { return this.#card; } }
  const text = [...new Account().card].reverse().join('');
  const sum = new Float64Array(bytes).reduce((a, b) => a + b, 0);
  const fresh = new Uint8Array(4096).some((byte) => byte !== 0);
  $state.count += 1;
  return { text, sum, order, fresh, keys: Object.keys({ a: 1, b: 2 }), big: 2n ** 70n, map: new Map([['k', [1, , 3]]]), json: JSON.stringify($args) };
`;
const CAPABILITIES = ['state:read:*', 'state:write:*'];

export class Neighbour {
  #card;
  #expected;
  #canary = new Canary();
  #checks = 0;

  /** @param runtime that has executed nothing else */
  static async settle(runtime) {
    const neighbour = new Neighbour();
    await neighbour.#canary.learn(runtime);
    const problem = await neighbour.#work(runtime);
    if (problem !== undefined) throw new Error(`The neighbour fails in a fresh runtime: ${problem}`);
    return neighbour;
  }

  constructor() {
    // Nothing else has it.
    this.#card = `card-${process.pid}-4929123456781234`;
    const text = [...this.#card].reverse().join('');
    const sum = [...this.#card].reduce((total, letter) => total + letter.charCodeAt(0), 0);
    const json = JSON.stringify({ card: this.#card });
    this.#expected = { text, sum, order: [1, 2, -1, -2], fresh: false, keys: ['a', 'b'], big: 2n ** 70n, json };
  }

  /** Runs before a program, so that its secret has been in the VM; and after it. @returns what is wrong */
  async #work(runtime) {
    const context = { args: { card: this.#card }, stateSnapshot: { count: 1 }, capabilities: CAPABILITIES };
    const result = await runtime.executeHandler(SOURCE, context, { tenant: TENANT });
    if (result.status !== 'success') return `it ends with ${inspect(result.error)}`;
    const { map, ...value } = result.returnValue;
    if (!isDeepStrictEqual(value, this.#expected)) return `it computes ${inspect(value)}`;
    if (map.get('k').length !== 3) return 'its Map is another';
    const { stateMutations } = result;
    if (!isDeepStrictEqual(stateMutations, [{ operation: 'set', key: 'count', value: 2 }]))
      return 'its effects are others';
    return undefined;
  }

  /**
   * @param attack executes a program; what it rejects with is a result, too
   * @returns a finding
   */
  async beside(runtime, attack) {
    await this.#work(runtime);
    const result = await within(
      HANG_MS,
      attack().catch((error) => ({ status: 'rejected', error })),
    );
    if (result === undefined) return { kind: 'hang', message: 'the call does not end' };
    if (this.#isIn(result)) return { kind: 'leak', message: 'the result holds what another tenant was given' };
    const unexpected = wrongError(result);
    if (unexpected !== undefined) return unexpected;
    const problem = await within(HANG_MS, this.#work(runtime), 'it does not end');
    if (problem !== undefined) return { kind: 'neighbour', message: problem };
    if (++this.#checks % CANARY_EVERY !== 0) return undefined;
    const [violation] = await this.#canary.check(runtime);
    return violation === undefined ? undefined : { kind: 'realm', message: violation };
  }

  /** As text of either width, or as bytes. */
  #isIn(result) {
    const texts = [];
    collectTexts(result, texts, new Set());
    return texts.some((text) => text.includes(this.#card) || text.includes(this.#card.split('').join('\0')));
  }
}

/** A call may be refused, and a program may fail: with an error that is ours. */
function wrongError({ status, error }) {
  if (status !== 'rejected') return undefined;
  if (error?.name === 'NexusError' && error.code !== 'INTERNAL_ERROR') return undefined;
  // A worker may be lost to such a program; that is said with this code.
  if (error?.code === 'INTERNAL_ERROR') return undefined;
  return { kind: 'rejection', message: inspect(error) };
}

async function within(ms, promise, fallback) {
  let timer;
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, ms, fallback);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

function collectTexts(value, texts, seen) {
  if (typeof value === 'string') texts.push(value);
  if (typeof value === 'bigint' && value > 2n ** 64n)
    texts.push(Buffer.from(value.toString(16), 'hex').toString('latin1'));
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (ArrayBuffer.isView(value))
    texts.push(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1'));
  else if (value instanceof ArrayBuffer) texts.push(Buffer.from(value).toString('latin1'));
  else {
    const items =
      value instanceof Map
        ? [...value].flat()
        : value instanceof Set
          ? [...value]
          : [...Object.keys(value), ...Object.values(value)];
    if (items.length > 4 && items.every((item) => Number.isInteger(item) && item >= 0 && item < 65_536)) {
      texts.push(String.fromCharCode(...items.slice(0, 10_000)));
    }
    for (const item of items) collectTexts(item, texts, seen);
    for (const key of ['message', 'stack', 'cause', 'context']) collectTexts(value[key], texts, seen);
  }
}
