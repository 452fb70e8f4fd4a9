import { Opaque } from '../opaque.js';
import { type Pair, parseUrlencoded, serializeUrlencoded } from './urlencoded.js';

const toText = (value: unknown): string => `${value}`.toWellFormed();

/** The link between a URL's query and its URLSearchParams. */
export let linkedParams: (query: string, onChange: (query: string) => void) => URLSearchParams;
export let replacePairs: (params: URLSearchParams, query: string) => void;

/** https://url.spec.whatwg.org/#urlsearchparams */
export class URLSearchParams extends Opaque {
  #pairs: Pair[] = [];
  #onChange: ((query: string) => void) | undefined;

  static {
    linkedParams = (query, onChange) => {
      const params = new URLSearchParams();
      params.#pairs = parseUrlencoded(query);
      params.#onChange = onChange;
      return params;
    };
    replacePairs = (params, query) => {
      params.#pairs = parseUrlencoded(query);
    };
  }

  constructor(init?: unknown) {
    super();
    if (init === undefined) return;
    if ((typeof init === 'object' && init !== null) || typeof init === 'function') this.#pairs = pairsOf(init);
    else this.#pairs = parseUrlencoded(withoutSign(toText(init)));
  }

  get size(): number {
    return this.#pairs.length;
  }

  append(...args: [name?: unknown, value?: unknown]): void {
    demand(args, 2);
    this.#pairs.push([toText(args[0]), toText(args[1])]);
    this.#changed();
  }

  delete(...args: [name?: unknown, value?: unknown]): void {
    const matches = matcher(args);
    this.#pairs = this.#pairs.filter((pair) => !matches(pair));
    this.#changed();
  }

  get(...args: [name?: unknown]): string | null {
    demand(args, 1);
    const name = toText(args[0]);
    for (let i = 0; i < this.#pairs.length; i++) {
      const pair = this.#pairs[i] as Pair;
      if (pair[0] === name) return pair[1];
    }
    return null;
  }

  getAll(...args: [name?: unknown]): string[] {
    return this.#pairs.filter(matcher(args.slice(0, 1))).map(([, value]) => value);
  }

  has(...args: [name?: unknown, value?: unknown]): boolean {
    return this.#pairs.some(matcher(args));
  }

  set(...args: [name?: unknown, value?: unknown]): void {
    demand(args, 2);
    const name = toText(args[0]);
    const value = toText(args[1]);
    const first = this.#pairs.find((pair) => pair[0] === name);
    if (first === undefined) {
      this.#pairs.push([name, value]);
    } else {
      first[1] = value;
      this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0] !== name);
    }
    this.#changed();
  }

  /** Sorts by code units; pairs with equal names keep their order. */
  sort(): void {
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#changed();
  }

  forEach(callback: (value: string, name: string, params: URLSearchParams) => void, thisArg?: unknown): void {
    if (typeof callback !== 'function') throw new TypeError('The "callback" argument must be a function');
    for (const [name, value] of this.entries()) Reflect.apply(callback, thisArg, [value, name, this]);
  }

  *entries(): Generator<Pair> {
    for (let i = 0; i < this.#pairs.length; i++) {
      const [name, value] = this.#pairs[i] as Pair;
      yield [name, value];
    }
  }

  *keys(): Generator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): Generator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  override toString(): string {
    return serializeUrlencoded(this.#pairs);
  }

  get [Symbol.toStringTag](): string {
    return 'URLSearchParams';
  }

  declare [Symbol.iterator]: () => Generator<Pair>;

  #changed(): void {
    this.#onChange?.(this.toString());
  }
}

Object.defineProperty(URLSearchParams.prototype, Symbol.iterator, {
  value: URLSearchParams.prototype.entries,
  writable: true,
  configurable: true,
});

function withoutSign(query: string): string {
  return query[0] === '?' ? query.slice(1) : query;
}

function demand(args: readonly unknown[], count: number): void {
  if (args.length < count) throw new TypeError(`${count} arguments required, but only ${args.length} present`);
}

/** Matches by name, and by value if one is given. */
function matcher(args: readonly unknown[]): (pair: Pair) => boolean {
  demand(args, 1);
  const name = toText(args[0]);
  if (args[1] === undefined) return (pair) => pair[0] === name;
  const value = toText(args[1]);
  return (pair) => pair[0] === name && pair[1] === value;
}

function pairsOf(init: object): Pair[] {
  const iterate = (init as Partial<Iterable<unknown>>)[Symbol.iterator];
  if (iterate !== undefined && iterate !== null) {
    if (typeof iterate !== 'function') throw new TypeError('The "init" argument is not iterable');
    return Array.from(init as Iterable<unknown>, pairFrom);
  }
  const pairs = new Map<string, string>();
  for (const key of Reflect.ownKeys(init)) {
    if (Object.getOwnPropertyDescriptor(init, key)?.enumerable !== true) continue;
    // A symbol is a TypeError, as in the standard.
    pairs.set(toText(key), toText((init as Record<PropertyKey, unknown>)[key]));
  }
  return [...pairs];
}

function pairFrom(item: unknown): Pair {
  const isIterable = typeof item === 'object' && item !== null && Symbol.iterator in item;
  const pair = isIterable ? [...(item as Iterable<unknown>)] : [];
  if (pair.length !== 2) throw new TypeError('Each query pair must be an iterable [name, value] tuple');
  return [toText(pair[0]), toText(pair[1])];
}
