import type { FeatureHost } from './feature.js';

type Step = { readonly done?: unknown; readonly value?: unknown };
type Method = (this: unknown, ...args: unknown[]) => unknown;
interface AnyIterator {
  readonly next?: unknown;
  readonly return?: unknown;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
const notAnObject = (what: string) => new TypeError(`${what} is not an object`);

/** What a `for await` is at, in the form that `src/source/lowering/for-await.ts` gives it. */
class ForAwait {
  /** Whether it has to be closed when it is left. */
  isOpen = false;
  value: unknown;
  readonly #iterator: AnyIterator;
  readonly #next: unknown;
  #hasFailed = false;

  constructor(iterator: AnyIterator) {
    this.#iterator = iterator;
    this.#next = iterator.next;
  }

  next(): unknown {
    this.isOpen = false;
    return Reflect.apply(this.#next as Method, this.#iterator, []);
  }

  isDone(result: unknown): boolean {
    if (!isObject(result)) throw notAnObject('the result of next()');
    const { done } = result as Step;
    if (done) return true;
    this.value = (result as Step).value;
    this.isOpen = true;
    return false;
  }

  /** What the body threw: it wins over all that closing may throw. */
  fail(error: unknown): never {
    this.#hasFailed = true;
    throw error;
  }

  /** @returns undefined when there is nothing to be awaited */
  close(): { result: unknown } | undefined {
    const close = this.#iterator.return;
    return close == null ? undefined : { result: Reflect.apply(close as Method, this.#iterator, []) };
  }

  check(result: unknown): void {
    if (!isObject(result)) throw notAnObject('the result of return()');
  }

  pass(error: unknown): void {
    if (!this.#hasFailed) throw error;
  }
}

/** https://tc39.es/ecma262/#sec-%asyncfromsynciteratorprototype%-object, as far as a loop sees it */
class FromSync {
  readonly #iterator: AnyIterator;
  readonly #next: unknown;

  constructor(iterator: AnyIterator) {
    this.#iterator = iterator;
    this.#next = iterator.next;
  }

  next(): Promise<Step> {
    try {
      const result = Reflect.apply(this.#next as Method, this.#iterator, []);
      if (!isObject(result)) throw notAnObject('the result of next()');
      return this.#resolve(result as Step, true);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  get return(): (() => Promise<Step>) | undefined {
    const close = this.#iterator.return;
    if (close == null) return undefined;
    return () => {
      try {
        const result = Reflect.apply(close as Method, this.#iterator, []);
        if (!isObject(result)) throw notAnObject('the result of return()');
        return this.#resolve(result as Step, false);
      } catch (error) {
        return Promise.reject(error);
      }
    };
  }

  #resolve(result: Step, closes: boolean): Promise<Step> {
    const done = Boolean(result.done);
    const { value } = result;
    const close = () => {
      if (!closes || done) return;
      try {
        const method = this.#iterator.return;
        if (method != null) Reflect.apply(method as Method, this.#iterator, []);
      } catch {
        // What is thrown already wins.
      }
    };
    let settled: Promise<unknown>;
    try {
      settled = Promise.resolve(value);
    } catch (error) {
      close();
      throw error;
    }
    return settled.then(
      (resolved) => ({ value: resolved, done }),
      (error) => {
        close();
        throw error;
      },
    );
  }
}

function open(iterable: unknown): ForAwait {
  const items = iterable as AsyncIterable<unknown> & Iterable<unknown>;
  const method = items[Symbol.asyncIterator];
  if (method != null) return new ForAwait(iteratorOf(method, iterable));
  const synchronous = items[Symbol.iterator];
  if (typeof synchronous !== 'function') throw new TypeError('the value of for await is not iterable');
  return new ForAwait(new FromSync(iteratorOf(synchronous, iterable)));
}

function iteratorOf(method: unknown, iterable: unknown): AnyIterator {
  const iterator = Reflect.apply(method as Method, iterable, []);
  if (!isObject(iterator)) throw notAnObject('the iterator');
  return iterator as AnyIterator;
}

export default function install(host: FeatureHost): void {
  host.define('$forAwait', open);
}
