import type { ContextValue, WasmContext } from '../api/context.js';
import { encodedBytes, jsonBytes } from '../api/encoded.js';
import type { StateMutation } from '../api/result.js';
import { readMessage } from '../codec/message-reader.js';
import { decodeOwnFields } from '../codec/values/decoding/decode.js';
import { isPlainObject } from '../codec/values/host-values.js';
import { parseJsonText } from '../codec/values/json-text.js';
import { resolvePrepared } from '../execution/prepared/resolve-prepared.js';
import { CONTEXT_ROOTS, encodeFields } from '../protocol/context-encoding.js';

/** The largest state in MessagePack that a runtime accepts whose VMs have 64 MiB. */
const MAX_STATE_BYTES = 64 * 1024 * 1024;

const FIELDS = ['stateSnapshot', 'args', 'scope'] as const;

export type TestState = Readonly<Record<string, unknown>>;

/**
 * Applies mutations to a copy of a state, in order. The original is not changed.
 *
 * @param state a state, or `encoded(bytes)` or `json(text)` of one
 */
export function mutated(state: ContextValue = {}, mutations: readonly StateMutation[] = []): TestState {
  const packed = encodedBytes(state);
  const copy = (
    packed === undefined ? structuredClone(resolvePrepared([parsed(state)])[0]) : decoded(packed)
  ) as Record<string, unknown>;
  for (const { operation, key, value } of mutations) {
    if (operation === 'delete') Reflect.deleteProperty(copy, key);
    // Not an assignment, because a key may be named `__proto__`.
    else Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}

/** A context without what is encoded, prepared or JSON text: as values that can be copied and written down. */
export function decodedContext(context: WasmContext): WasmContext {
  const values: { stateSnapshot?: Record<string, unknown>; args?: unknown; scope?: unknown } = {};
  for (const field of FIELDS) {
    const packed = encodedBytes(context[field]);
    const value = packed === undefined ? parsed(context[field]) : decoded(packed);
    if (value !== context[field]) values[field] = value as Record<string, unknown>;
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

/** The value with JSON text replaced by what it says; the value itself if there is none. */
function parsed(value: unknown, known = new Map<object, unknown>()): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // What refers back to itself is refused when it is encoded.
  if (known.has(value)) return known.get(value);
  known.set(value, value);
  const found = withoutJsonText(value, (inner) => parsed(inner, known));
  known.set(value, found);
  return found;
}

function withoutJsonText(value: object, parse: (inner: unknown) => unknown): unknown {
  const text = jsonBytes(value);
  if (text !== undefined) return parseJsonText(Uint8Array.from(text).buffer);
  /** Undefined if nothing was replaced. */
  const replaced = (items: readonly unknown[]) => {
    const after = items.map(parse);
    return after.every((item, i) => item === items[i]) ? undefined : after;
  };
  if (Array.isArray(value)) return replaced(value) ?? value;
  if (value instanceof Set) {
    const items = replaced([...value]);
    return items === undefined ? value : new Set(items);
  }
  if (!(value instanceof Map) && !isPlainObject(value)) return value;
  const names: unknown[] = value instanceof Map ? [...value.keys()] : Object.keys(value);
  const before: unknown[] = value instanceof Map ? [...value.values()] : Object.values(value);
  const keys = replaced(names);
  const values = replaced(before);
  if (keys === undefined && values === undefined) return value;
  const entries = (keys ?? names).map((name, i) => [name, (values ?? before)[i]] as const);
  return value instanceof Map ? new Map(entries) : Object.fromEntries(entries as [string, unknown][]);
}

function decoded(packed: Uint8Array): unknown {
  return readMessage(packed, MAX_STATE_BYTES);
}
