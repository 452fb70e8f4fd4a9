import { Opaque } from '../opaque.js';

export type HeaderPair = [name: string, value: string];

const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
const SPACE_AROUND = /^[\t\n\r ]+|[\t\n\r ]+$/g;
const FORBIDDEN = /[\0\n\r]/;
const WIDE = /[^\0-\xff]/;

/** The pairs of a Headers, in the order in which they were added; names as they were written. */
export let pairsOf: (headers: Headers) => HeaderPair[];
/** Headers that cannot be changed. */
export let immutable: (pairs: readonly HeaderPair[]) => Headers;

/** https://fetch.spec.whatwg.org/#headers-class */
export class Headers extends Opaque {
  #pairs: HeaderPair[] = [];
  #isImmutable = false;

  static {
    pairsOf = (headers) => headers.#pairs;
    immutable = (pairs) => {
      const headers = new Headers();
      headers.#pairs = pairs.map(([name, value]) => [name, value]);
      headers.#isImmutable = true;
      return headers;
    };
  }

  constructor(...args: [init?: unknown]) {
    super();
    const [init] = args;
    if (init === undefined) return;
    if (init === null || (typeof init !== 'object' && typeof init !== 'function')) {
      throw new TypeError('The "init" argument must be a sequence or a record');
    }
    if (init instanceof Headers && isPlainIteration(init)) {
      this.#pairs = init.#pairs.map(([name, value]) => [name, value]);
      return;
    }
    for (const [name, value] of given(init)) this.append(name, value);
  }

  append(...args: [name?: unknown, value?: unknown]): void {
    const [name, value] = this.#checked(args);
    this.#pairs.push([name, value]);
  }

  delete(...args: [name?: unknown]): void {
    const key = nameOf(args).toLowerCase();
    this.#requireMutable();
    this.#pairs = this.#pairs.filter(([name]) => name.toLowerCase() !== key);
  }

  get(...args: [name?: unknown]): string | null {
    const key = nameOf(args).toLowerCase();
    const values = this.#pairs.filter(([name]) => name.toLowerCase() === key).map(([, value]) => value);
    return values.length === 0 ? null : values.join(', ');
  }

  getSetCookie(): string[] {
    return this.#pairs.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
  }

  has(...args: [name?: unknown]): boolean {
    const key = nameOf(args).toLowerCase();
    return this.#pairs.some(([name]) => name.toLowerCase() === key);
  }

  set(...args: [name?: unknown, value?: unknown]): void {
    const [name, value] = this.#checked(args);
    const key = name.toLowerCase();
    const at = this.#pairs.findIndex((pair) => pair[0].toLowerCase() === key);
    if (at < 0) {
      this.#pairs.push([name, value]);
      return;
    }
    const first = this.#pairs[at] as HeaderPair;
    first[1] = value;
    this.#pairs = this.#pairs.filter((pair) => pair === first || pair[0].toLowerCase() !== key);
  }

  forEach(...args: [callback?: unknown, thisArg?: unknown]): void {
    const [callback, thisArg] = args;
    if (typeof callback !== 'function') throw new TypeError('The "callback" argument must be a function');
    for (const [name, value] of this.entries()) callback.call(thisArg, value, name, this);
  }

  *entries(): IterableIterator<HeaderPair> {
    for (let i = 0; ; i++) {
      const pair = this.#sorted()[i];
      if (pair === undefined) return;
      yield pair;
    }
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  get [Symbol.toStringTag](): string {
    return 'Headers';
  }

  /** By name; values of one name together, but for cookies. */
  #sorted(): HeaderPair[] {
    const names = [...new Set(this.#pairs.map(([name]) => name.toLowerCase()))].sort();
    return names.flatMap((name): HeaderPair[] =>
      name === 'set-cookie'
        ? this.getSetCookie().map((value): HeaderPair => [name, value])
        : [[name, this.get(name) as string]],
    );
  }

  #checked(args: readonly unknown[]): HeaderPair {
    if (args.length < 2) throw new TypeError(`2 arguments required, but only ${args.length} present`);
    const name = nameOf(args);
    const value = byteText(args[1], 'value').replace(SPACE_AROUND, '');
    if (FORBIDDEN.test(value)) throw new TypeError(`The value of the header ${name} is invalid`);
    this.#requireMutable();
    return [name, value];
  }

  #requireMutable(): void {
    if (this.#isImmutable) throw new TypeError('These headers cannot be changed');
  }
}

Object.defineProperty(Headers.prototype, Symbol.iterator, {
  value: Headers.prototype.entries,
  writable: true,
  configurable: true,
});
const { entries } = Headers.prototype;

function isPlainIteration(headers: Headers): boolean {
  return (headers as unknown as Iterable<unknown>)[Symbol.iterator] === (entries as unknown);
}

function nameOf(args: readonly unknown[]): string {
  if (args.length === 0) throw new TypeError('1 argument required, but only 0 present');
  const name = byteText(args[0], 'name');
  if (!TOKEN.test(name)) throw new TypeError(`${JSON.stringify(name)} is not the name of a header`);
  return name;
}

function byteText(value: unknown, what: string): string {
  const text = `${value as string}`;
  if (WIDE.test(text)) throw new TypeError(`The ${what} of a header has a character above U+00FF`);
  return text;
}

function given(init: object): HeaderPair[] {
  const iterate = (init as Partial<Iterable<unknown>>)[Symbol.iterator];
  if (iterate !== undefined && iterate !== null) {
    if (typeof iterate !== 'function') throw new TypeError('The "init" argument is not iterable');
    return Array.from(init as Iterable<unknown>, (item): HeaderPair => {
      const isIterable = typeof item === 'object' && item !== null && Symbol.iterator in item;
      const pair = isIterable ? [...(item as Iterable<unknown>)] : [];
      if (pair.length !== 2) throw new TypeError('Each header must be a [name, value] pair');
      return pair as HeaderPair;
    });
  }
  const pairs: HeaderPair[] = [];
  for (const key of Reflect.ownKeys(init)) {
    if (Object.getOwnPropertyDescriptor(init, key)?.enumerable !== true) continue;
    if (typeof key === 'symbol') throw new TypeError('The name of a header is a text, not a symbol');
    pairs.push([key, (init as Record<string, string>)[key] as string]);
  }
  return pairs;
}
