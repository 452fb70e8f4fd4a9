import { MalformedMessageError, readMessage, TooLargeMessageError } from '../codec/message-reader.js';
import { decodeOwnFields } from '../codec/values/decoding/decode.js';
import { NexusError } from '../errors/nexus-error.js';
import { CONTEXT_ROOTS, contextTooLarge, encodeFields, readableState } from '../protocol/context-encoding.js';
import type { Grant } from '../protocol/grant.js';
import type { ExecuteRequest } from '../protocol/messages.js';

/** The input for the guest, with context from MessagePack put in its place. */
export function encodeInput(request: ExecuteRequest): Uint8Array {
  const { packed, input } = request;
  if (packed === undefined) return input;
  const { maxContextBytes } = request.limits;
  const [state, args, scope, registry, entry] = decodeOwnFields(input, (number) => new PreparedPlace(number));
  const fields = [
    packed.state === undefined ? state : unpackState(packed.state, packed.readable, maxContextBytes),
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
    throw notMessagePack(`context.${field}`, error.message);
  }
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
