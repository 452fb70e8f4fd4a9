const { apply } = Reflect;
const { asyncIterator, iterator } = Symbol;

type Step = { readonly done?: unknown; readonly value?: unknown };
type Method = (this: unknown, ...args: unknown[]) => unknown;
interface AnyIterator {
  readonly next?: unknown;
  readonly return?: unknown;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';
const notAnObject = (what: string) => new TypeError(`${what} is not an object`);

/** How a value is iterated asynchronously. */
export interface Iteration {
  readonly method: unknown;
  readonly isAsync: boolean;
}

/** @returns undefined if the value is not iterable */
export function iterationOf(items: unknown): Iteration | undefined {
  const source = items as Record<symbol, unknown>;
  const method = source[asyncIterator];
  if (method !== undefined && method !== null) return { method: callable(method), isAsync: true };
  const synchronous = source[iterator];
  if (synchronous === undefined || synchronous === null) return undefined;
  return { method: callable(synchronous), isAsync: false };
}

function callable(method: unknown): unknown {
  if (typeof method !== 'function') throw new TypeError('the method that gives the iterator is not a function');
  return method;
}

/** The state of a `for await`, in the form that `src/source/lowering/for-await.ts` generates. */
export class ForAwait {
  /** Whether it has to be closed when it is left. */
  isOpen = false;
  value: unknown;
  readonly #iterator: AnyIterator;
  readonly #next: unknown;
  #hasFailed = false;

  constructor(items: unknown, { method, isAsync }: Iteration) {
    const made = apply(method as Method, items, []);
    if (!isObject(made)) throw notAnObject('the iterator');
    this.#iterator = isAsync ? (made as AnyIterator) : new FromSync(made as AnyIterator);
    this.#next = this.#iterator.next;
  }

  next(): unknown {
    this.isOpen = false;
    return apply(this.#next as Method, this.#iterator, []);
  }

  isDone(result: unknown): boolean {
    if (!isObject(result)) throw notAnObject('the result of next()');
    const { done } = result as Step;
    if (done) return true;
    this.value = (result as Step).value;
    this.isOpen = true;
    return false;
  }

  /** The error of the body takes precedence over errors of closing. */
  fail(error: unknown): never {
    this.#hasFailed = true;
    throw error;
  }

  /** @returns undefined if there is nothing to await */
  close(): { result: unknown } | undefined {
    const close = this.#iterator.return;
    return close == null ? undefined : { result: apply(close as Method, this.#iterator, []) };
  }

  check(result: unknown): void {
    if (!isObject(result)) throw notAnObject('the result of return()');
  }

  pass(error: unknown): void {
    if (!this.#hasFailed) throw error;
  }
}

/** https://tc39.es/ecma262/#sec-%asyncfromsynciteratorprototype%-object, as far as a loop can observe it */
class FromSync {
  readonly #iterator: AnyIterator;
  readonly #next: unknown;

  constructor(synchronous: AnyIterator) {
    this.#iterator = synchronous;
    this.#next = synchronous.next;
  }

  async next(): Promise<Step> {
    const result = apply(this.#next as Method, this.#iterator, []);
    if (!isObject(result)) throw notAnObject('the result of next()');
    const done = Boolean((result as Step).done);
    const { value } = result as Step;
    try {
      return { value: await value, done };
    } catch (error) {
      if (!done) this.#close();
      throw error;
    }
  }

  /** It always exists, and its result is awaited, even if the iterator has no `return`. */
  async return(): Promise<Step> {
    const close = this.#iterator.return;
    if (close == null) return { value: undefined, done: true };
    const result = apply(close as Method, this.#iterator, []);
    if (!isObject(result)) throw notAnObject('the result of return()');
    const done = Boolean((result as Step).done);
    return { value: await (result as Step).value, done };
  }

  #close(): void {
    try {
      const method = this.#iterator.return;
      if (method != null) apply(method as Method, this.#iterator, []);
    } catch {
      // The error that was thrown before takes precedence.
    }
  }
}
