import type { FeatureHost } from './feature.js';
import { inherit } from './new-target.js';
import { Opaque, opaqueFallback } from './opaque.js';

type Method = (this: unknown, ...args: unknown[]) => unknown;
/** A resource without a method is only awaited: `await using x = null`. */
interface Resource {
  readonly value: unknown;
  readonly method: Method | undefined;
  readonly isAsync: boolean;
}

const { dispose, asyncDispose } = Symbol as unknown as { dispose: symbol; asyncDispose: symbol };

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

function hide(target: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true });
}

function SuppressedError(error: unknown, suppressed: unknown, message: unknown): Error {
  const type = new.target ?? SuppressedError;
  const made = Reflect.construct(Error, message === undefined ? [] : [message], type) as Error;
  inherit(made, type, SuppressedError.prototype, Error.prototype);
  hide(made, 'error', error);
  hide(made, 'suppressed', suppressed);
  return made;
}
SuppressedError.prototype = Object.create(Error.prototype, {
  constructor: { value: SuppressedError, writable: true, configurable: true },
  name: { value: 'SuppressedError', writable: true, configurable: true },
  message: { value: '', writable: true, configurable: true },
});
Object.defineProperty(SuppressedError, 'prototype', { writable: false });
Object.setPrototypeOf(SuppressedError, Error);

/** https://tc39.es/ecma262/#sec-getdisposemethod */
function methodOf(value: object, isAsync: boolean): Method {
  const members = value as Record<symbol, unknown>;
  if (isAsync) {
    const method = members[asyncDispose];
    if (method !== undefined && method !== null) return callable(method, 'Symbol.asyncDispose');
  }
  const method = callable(members[dispose], isAsync ? 'Symbol.asyncDispose' : 'Symbol.dispose');
  if (!isAsync) return method;
  // The return value of a synchronous method is not awaited.
  return function (this: unknown): undefined {
    Reflect.apply(method, this, []);
  };
}

function callable(method: unknown, name: string): Method {
  if (typeof method === 'function') return method as Method;
  throw new TypeError(`the value has no method ${name}`);
}

/** Resources in order of their registration; they are disposed of in reverse order. */
class Resources {
  readonly list: Resource[] = [];
  #error: unknown;
  #hasError = false;

  use(value: unknown, isAsync: boolean): void {
    if (value === null || value === undefined) {
      if (isAsync) this.list.push({ value, method: undefined, isAsync });
      return;
    }
    if (!isObject(value)) throw new TypeError('only an object, null or undefined can be disposed of');
    this.list.push({ value, method: methodOf(value, isAsync), isAsync });
  }

  defer(isAsync: boolean, value: unknown, method: Method): void {
    this.list.push({ value, method, isAsync });
  }

  /** An error was thrown while the resources were in use, or while another one was disposed of. */
  fail(error: unknown): void {
    this.#error = this.#hasError ? Reflect.construct(SuppressedError as never, [error, this.#error]) : error;
    this.#hasError = true;
  }

  dispose(): void {
    for (let resource = this.list.pop(); resource !== undefined; resource = this.list.pop()) {
      try {
        Reflect.apply(resource.method as Method, resource.value, []);
      } catch (error) {
        this.fail(error);
      }
    }
    this.end();
  }

  /**
   * Disposes of resources until one has to be awaited.
   *
   * @returns whether there is a promise to await: {@link awaited}
   */
  step(): boolean {
    this.awaited = undefined;
    for (let resource = this.list.pop(); resource !== undefined; resource = this.list.pop()) {
      const { value, method, isAsync } = resource;
      if (!isAsync && this.#owesAwait && !this.#hasAwaited) {
        this.#owesAwait = false;
        this.list.push(resource);
        return true;
      }
      if (method === undefined) {
        this.#owesAwait = true;
        continue;
      }
      try {
        const result = Reflect.apply(method, value, []);
        if (isAsync) {
          this.#hasAwaited = true;
          this.awaited = result;
          return true;
        }
      } catch (error) {
        this.fail(error);
      }
    }
    if (!this.#owesAwait || this.#hasAwaited) return false;
    this.#owesAwait = false;
    return true;
  }

  /** The result of an asynchronous disposal. */
  awaited: unknown;
  #owesAwait = false;
  #hasAwaited = false;

  /** Throws the collected error, if any. */
  end(): void {
    if (!this.#hasError) return;
    this.#hasError = false;
    throw this.#error;
  }
}

/** The scope of a block with `using`, see `src/source/lowering/disposing.ts`. */
class Scope {
  readonly #resources = new Resources();

  add<T>(value: T): T {
    this.#resources.use(value, false);
    return value;
  }

  addAsync<T>(value: T): T {
    this.#resources.use(value, true);
    return value;
  }

  fail(error: unknown): void {
    this.#resources.fail(error);
  }

  dispose(): void {
    this.#resources.dispose();
  }

  step(): boolean {
    return this.#resources.step();
  }

  get awaited(): unknown {
    return this.#resources.awaited;
  }

  end(): void {
    this.#resources.end();
  }
}

const DISPOSED = 'the stack was disposed of';

class DisposableStack extends Opaque {
  #resources: Resources | undefined = new Resources();

  constructor() {
    super();
    inherit(this, new.target, DisposableStack.prototype, opaqueFallback);
  }

  get disposed(): boolean {
    return this.#resources === undefined;
  }

  dispose(): void {
    const resources = this.#resources;
    this.#resources = undefined;
    resources?.dispose();
  }

  use<T>(value: T): T {
    this.#open().use(value, false);
    return value;
  }

  adopt<T>(value: T, onDispose: unknown): T {
    const resources = this.#open();
    const method = callable(onDispose, 'onDispose');
    resources.defer(false, undefined, () => Reflect.apply(method, undefined, [value]));
    return value;
  }

  defer(onDispose: unknown): void {
    this.#open().defer(false, undefined, callable(onDispose, 'onDispose'));
  }

  move(): DisposableStack {
    const resources = this.#open();
    const moved = new DisposableStack();
    moved.#resources = resources;
    this.#resources = undefined;
    return moved;
  }

  #open(): Resources {
    if (this.#resources === undefined) throw new ReferenceError(DISPOSED);
    return this.#resources;
  }
}

class AsyncDisposableStack extends Opaque {
  #resources: Resources | undefined = new Resources();

  constructor() {
    super();
    inherit(this, new.target, AsyncDisposableStack.prototype, opaqueFallback);
  }

  get disposed(): boolean {
    return this.#resources === undefined;
  }

  async disposeAsync(): Promise<void> {
    const resources = this.#resources;
    this.#resources = undefined;
    if (resources === undefined) return;
    while (resources.step()) {
      try {
        await resources.awaited;
      } catch (error) {
        resources.fail(error);
      }
    }
    resources.end();
  }

  use<T>(value: T): T {
    this.#open().use(value, true);
    return value;
  }

  adopt<T>(value: T, onDispose: unknown): T {
    const resources = this.#open();
    const method = callable(onDispose, 'onDispose');
    resources.defer(true, undefined, () => Reflect.apply(method, undefined, [value]));
    return value;
  }

  defer(onDispose: unknown): void {
    this.#open().defer(true, undefined, callable(onDispose, 'onDispose'));
  }

  move(): AsyncDisposableStack {
    const resources = this.#open();
    const moved = new AsyncDisposableStack();
    moved.#resources = resources;
    this.#resources = undefined;
    return moved;
  }

  #open(): Resources {
    if (this.#resources === undefined) throw new ReferenceError(DISPOSED);
    return this.#resources;
  }
}

export default function install(host: FeatureHost): void {
  hide(DisposableStack.prototype, dispose, DisposableStack.prototype.dispose);
  hide(AsyncDisposableStack.prototype, asyncDispose, AsyncDisposableStack.prototype.disposeAsync);
  for (const [type, name] of [
    [DisposableStack, 'DisposableStack'],
    [AsyncDisposableStack, 'AsyncDisposableStack'],
  ] as const) {
    Object.defineProperty(type.prototype, Symbol.toStringTag, { value: name, configurable: true });
    host.refuse(type.prototype, `a ${name}`);
    host.define(name, type);
  }
  host.define('SuppressedError', SuppressedError);
  host.define('$using', () => new Scope());
}
