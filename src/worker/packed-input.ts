import { MalformedMessageError, readMessage, TooLargeMessageError } from '../codec/message-reader.js';
import { decodeOwnFields } from '../codec/values/decoding/decode.js';
import { pathStep } from '../codec/values/format.js';
import { JsonTextError } from '../codec/values/json-text.js';
import { NexusError } from '../errors/nexus-error.js';
import { CONTEXT_ROOTS, contextTooLarge, encodeFields, readableState } from '../protocol/context-encoding.js';
import type { Grant } from '../protocol/grant.js';
import { type ExecuteRequest, type LeftOutValues, valuesOf } from '../protocol/messages.js';

/** The input for the guest, with context from MessagePack and JSON text, and values that were left out, put in their places. */
export function encodeInput(request: ExecuteRequest): Uint8Array {
  const { packed, input } = request;
  const leftOut = valuesOf(request.leftOut);
  if (leftOut !== undefined) return withLeftOut(input, leftOut);
  if (packed === undefined) return input;
  const { maxContextBytes } = request.limits;
  const [state, args, scope, registry, entry] = readFields(input);
  const fields = [
    packed.state === undefined
      ? requireReadable(state, packed.readable)
      : unpackState(packed.state, packed.readable, maxContextBytes),
    packed.args === undefined ? args : unpackField('context.args', packed.args, maxContextBytes),
    packed.scope === undefined ? scope : unpackField('context.scope', packed.scope, maxContextBytes),
    registry,
    entry,
  ];
  try {
    return encodeFields(fields, CONTEXT_ROOTS, { maxBytes: maxContextBytes, numberPrepared });
  } catch (error) {
    // Data that was plain when it was packed is no longer plain.
    if (!(error instanceof NexusError) || error.code !== 'SERIALIZATION_ERROR') throw error;
    const [field = ''] = /^\w+/.exec(String(error.context['path'])) ?? [];
    if (packed[PACKED_AS[field] ?? 'state'] === undefined) throw error;
    throw notMessagePack(`context.${field}`, error.message);
  }
}

/** In the terms of a context. */
const PACKED_AS: Readonly<Record<string, 'state' | 'args' | 'scope'>> = {
  stateSnapshot: 'state',
  args: 'args',
  scope: 'scope',
};

function readFields(input: Uint8Array): unknown[] {
  try {
    return decodeOwnFields(input, (number) => new PreparedPlace(number));
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
    const [field = 0, ...steps] = error.path ?? [];
    // The marker is in front of the fields.
    const place = `${CONTEXT_ROOTS[Number(field) - 1] ?? 'context'}${steps.map(pathStep).join('')}`;
    throw notJson(place, error.message, error);
  }
}

/** As JSON text, the state is whatever the text says. */
function requireReadable(state: unknown, readable: Grant): Record<string, unknown> {
  if (typeof state === 'object' && state !== null && !Array.isArray(state)) return readableState(state, readable);
  throw notJson('context.stateSnapshot', 'it is JSON of something else than an object');
}

function notJson(place: string, reason: string, found?: JsonTextError): NexusError {
  const position = found !== undefined && found.line > 0 ? { line: found.line, column: found.column } : {};
  const path = place.replace(/^context\./, '');
  return new NexusError(
    'INVALID_ARGUMENT',
    `${place} is json(…), but ${reason}. Pass text that JSON.parse accepts, or the value itself.`,
    { context: { field: place, path, ...position } },
  );
}

/** Nothing is left out of a context with MessagePack, JSON text or prepared values. Its size was checked. */
function withLeftOut(input: Uint8Array, { encoded }: LeftOutValues): Uint8Array {
  const [state, ...rest] = decodeOwnFields(input) as [Record<string, unknown>, ...unknown[]];
  const [values] = decodeOwnFields(encoded) as [Record<string, unknown>];
  for (const [key, value] of Object.entries(values)) {
    // Also a key `__proto__`, in its place.
    Object.defineProperty(state, key, { value, writable: true, enumerable: true, configurable: true });
  }
  const fields = [state, ...rest.slice(0, CONTEXT_ROOTS.length - 1)];
  return encodeFields(fields, CONTEXT_ROOTS, { maxBytes: Number.MAX_SAFE_INTEGER });
}

/** Stands for a prepared value while the input is put together again. */
class PreparedPlace {
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }
}

function numberPrepared(value: object): number | undefined {
  return value instanceof PreparedPlace ? value.number : undefined;
}

function unpackState(bytes: Uint8Array, readable: Grant, maxContextBytes: number): Record<string, unknown> {
  const state = unpackField('context.stateSnapshot', bytes, maxContextBytes);
  if (typeof state !== 'object' || state === null || Object.getPrototypeOf(state) !== Object.prototype) {
    throw notMessagePack('context.stateSnapshot', 'it holds no map');
  }
  return readableState(state, readable);
}

function unpackField(field: string, bytes: Uint8Array, maxContextBytes: number): unknown {
  try {
    return readMessage(bytes, maxContextBytes);
  } catch (error) {
    if (error instanceof TooLargeMessageError) throw contextTooLarge(maxContextBytes);
    if (error instanceof MalformedMessageError) throw notMessagePack(field, `it ${error.message}`);
    throw error;
  }
}

function notMessagePack(field: string, reason: string): NexusError {
  return new NexusError(
    'INVALID_ARGUMENT',
    `${field} is encoded(…), but ${reason}; pass bytes that are not MessagePack without encoded().`,
    {
      context: { field },
    },
  );
}
