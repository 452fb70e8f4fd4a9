import type { ContextValue, WasmContext } from '../api/context.js';
import { encodedBytes } from '../api/encoded.js';
import type { StateMutation } from '../api/result.js';
import { readMessage } from '../codec/message-reader.js';
import { decodeOwnFields } from '../codec/values/decoding/decode.js';
import { resolvePrepared } from '../execution/prepared/resolve-prepared.js';
import { CONTEXT_ROOTS, encodeFields } from '../protocol/context-encoding.js';

/** The largest state in MessagePack that a runtime accepts whose VMs have 64 MiB. */
const MAX_STATE_BYTES = 64 * 1024 * 1024;

const FIELDS = ['stateSnapshot', 'args', 'scope'] as const;

export type TestState = Readonly<Record<string, unknown>>;

/**
 * Applies mutations to a copy of a state, in order. The original is not changed.
 *
 * @param state a state, or `encoded(bytes)` of one
 */
export function mutated(state: ContextValue = {}, mutations: readonly StateMutation[] = []): TestState {
  const packed = encodedBytes(state);
  const [given] = packed === undefined ? resolvePrepared([state]) : [];
  const copy = (packed === undefined ? structuredClone(given) : decoded(packed)) as Record<string, unknown>;
  for (const { operation, key, value } of mutations) {
    if (operation === 'delete') Reflect.deleteProperty(copy, key);
    // Not an assignment, because a key may be named `__proto__`.
    else Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

/** A context without what is encoded or prepared: as values that can be copied and written down. */
export function decodedContext(context: WasmContext): WasmContext {
  const values: { stateSnapshot?: Record<string, unknown>; args?: unknown; scope?: unknown } = {};
  for (const field of FIELDS) {
    const packed = encodedBytes(context[field]);
    if (packed !== undefined) values[field] = decoded(packed) as Record<string, unknown>;
  }
  const whole = { ...context, ...values };
  const fields = FIELDS.filter((field) => whole[field] !== undefined);
  const resolved = resolvePrepared(fields.map((field) => whole[field]));
  return { ...whole, ...Object.fromEntries(fields.map((field, i) => [field, resolved[i]])) };
}

/** A context as the handler gets it when `toJSON` counts. */
export function jsonContext({ extensionRegistry: _, ...context }: WasmContext): WasmContext {
  const { stateSnapshot, args, scope, ...rest } = decodedContext(context);
  const bounds = { maxBytes: MAX_STATE_BYTES, honoursToJson: true };
  const [state, ...others] = decodeOwnFields(encodeFields([stateSnapshot, args, scope], CONTEXT_ROOTS, bounds));
  return {
    ...structuredClone(rest),
    ...(state !== undefined && { stateSnapshot: state as Record<string, unknown> }),
    args: others[0],
    scope: others[1],
  };
}

function decoded(packed: Uint8Array): unknown {
  return readMessage(packed, MAX_STATE_BYTES);
}
