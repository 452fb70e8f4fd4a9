import type { ContextValue } from '../api/context.js';
import type { StateMutation } from '../api/result.js';
import { readMessage } from '../codec/message-reader.js';

/** The largest state in MessagePack that a runtime accepts whose VMs have 64 MiB. */
const MAX_STATE_BYTES = 64 * 1024 * 1024;

export type TestState = Readonly<Record<string, unknown>>;

/**
 * Applies mutations to a copy of a state, in order. The original is not changed.
 *
 * @param state a state, or MessagePack bytes of one
 */
export function mutated(state: ContextValue = {}, mutations: readonly StateMutation[] = []): TestState {
  const given = state instanceof Uint8Array ? readMessage(state, MAX_STATE_BYTES) : structuredClone(state);
  const copy = given as Record<string, unknown>;
  for (const { operation, key, value } of mutations) {
    if (operation === 'delete') Reflect.deleteProperty(copy, key);
    // Not an assignment, because a key may be named `__proto__`.
    else Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}
