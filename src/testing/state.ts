import type { ContextValue } from '../api/context.js';
import type { StateMutation } from '../api/result.js';
import { readMessage } from '../codec/message-reader.js';

/** Of a state that is MessagePack: the largest that a runtime takes whose VMs have 64 MiB. */
const MAX_STATE_BYTES = 64 * 1024 * 1024;

export type TestState = Readonly<Record<string, unknown>>;

/**
 * A state with mutations applied to it, in their order. The one that is given stays as it is.
 *
 * @param state or MessagePack bytes of one
 */
export function mutated(state: ContextValue = {}, mutations: readonly StateMutation[] = []): TestState {
  const given = state instanceof Uint8Array ? readMessage(state, MAX_STATE_BYTES) : structuredClone(state);
  const copy = given as Record<string, unknown>;
  for (const { operation, key, value } of mutations) {
    if (operation === 'delete') Reflect.deleteProperty(copy, key);
    // Not an assignment: a key may be called `__proto__`.
    else Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}
