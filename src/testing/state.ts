import type { ContextValue } from '../contract/context.js';
import { unpackMessage } from '../contract/message-pack.js';
import type { StateMutation } from '../contract/result.js';

export type TestState = Readonly<Record<string, unknown>>;

/**
 * A state with mutations applied to it, in their order. The one that is given stays as it is.
 *
 * @param state or MessagePack bytes of one
 */
export function mutated(state: ContextValue = {}, mutations: readonly StateMutation[] = []): TestState {
  const copy = (state instanceof Uint8Array ? unpackMessage(state) : structuredClone(state)) as Record<string, unknown>;
  for (const { operation, key, value } of mutations) {
    if (operation === 'delete') Reflect.deleteProperty(copy, key);
    // Not an assignment: a key may be called `__proto__`.
    else Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}
