import type { FeatureHost } from './feature.js';
import { inherit } from './new-target.js';
import { Opaque, opaqueFallback } from './opaque.js';

/**
 * These hold strong references: the time of garbage collection must not make two executions, or an execution
 * and its snapshot, differ. The language allows this, because it does not promise collection.
 */
function requireCollectable(value: unknown, what: string): void {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') return;
  if (typeof value === 'symbol' && Symbol.keyFor(value) === undefined) return;
  throw new TypeError(`${what} is neither an object nor a symbol that is not registered`);
}

class Reference extends Opaque {
  readonly #target: unknown;

  constructor(target: unknown) {
    requireCollectable(target, 'the target');
    super();
    this.#target = target;
    inherit(this, new.target, Reference.prototype, opaqueFallback);
  }

  deref(): unknown {
    return this.#target;
  }
}

class Registry extends Opaque {
  /** By token, how often it was registered with. */
  readonly #tokens = new Map<unknown, number>();

  constructor(cleanup: unknown) {
    if (typeof cleanup !== 'function') throw new TypeError('the cleanup callback is not a function');
    super();
    inherit(this, new.target, Registry.prototype, opaqueFallback);
  }

  register(target: unknown, held: unknown, ...rest: unknown[]): void {
    const tokens = this.#tokens;
    requireCollectable(target, 'the target');
    if (Object.is(target, held)) throw new TypeError('the target and what is held for it are the same');
    const [token] = rest;
    if (token === undefined) return;
    requireCollectable(token, 'the token');
    tokens.set(token, 1);
  }

  unregister(token: unknown): boolean {
    const tokens = this.#tokens;
    requireCollectable(token, 'the token');
    return tokens.delete(token);
  }
}

export default function install(host: FeatureHost): void {
  for (const [type, name] of [
    [Reference, 'WeakRef'],
    [Registry, 'FinalizationRegistry'],
  ] as const) {
    Object.defineProperty(type.prototype, Symbol.toStringTag, { value: name, configurable: true });
    host.refuse(type.prototype, `a ${name}`);
    host.define(name, type);
  }
}
