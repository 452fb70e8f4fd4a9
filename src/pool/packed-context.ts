import { types } from 'node:util';

import { covers, type Grant } from '../capabilities/grants.js';
import { MalformedMessageError, readMessage, TooLargeMessageError } from '../contract/message-reader.js';
import { inSlices } from '../contract/slices.js';
import { TooManyBytesError } from '../contract/values/byte-writer.js';
import { decodeOwnFields } from '../contract/values/decode.js';
import { ValueEncoder } from '../contract/values/encode.js';
import { isPlainObject } from '../contract/values/host-values.js';
import { UncrossableValueError } from '../contract/values/uncrossable.js';
import { NexusError } from '../errors/nexus-error.js';
import type { ExecuteRequest, PackedContext } from './protocol.js';

/** What the input holds, in the order of `guest/prelude/index.ts`. */
export const CONTEXT_ROOTS = ['context.stateSnapshot', 'context.args', 'context.scope', 'context.extensionRegistry'];

const encoder = new ValueEncoder();
/** For the next that is encoded in slices. */
let spare: ValueEncoder | undefined;
/** In the past: until the encoder first looks at the clock. */
const AT_ONCE = 0;

/** The input for the guest, with context that came as MessagePack put in its place. */
export function encodeInput(request: ExecuteRequest): Uint8Array {
  const { packed, input } = request;
  if (packed === undefined) return input;
  const { maxContextBytes } = request.limits;
  const [state, args, scope, registry] = decodeOwnFields(input);
  const fields = [
    packed.state === undefined ? state : unpackState(packed.state, packed.readable, maxContextBytes),
    packed.args === undefined ? args : unpackField('context.args', packed.args, maxContextBytes),
    packed.scope === undefined ? scope : unpackField('context.scope', packed.scope, maxContextBytes),
    registry,
  ];
  try {
    return encodeFields(fields, CONTEXT_ROOTS, maxContextBytes);
  } catch (error) {
    // What was plain data when it was packed is now something else.
    if (!(error instanceof NexusError) || error.code !== 'SERIALIZATION_ERROR') throw error;
    const [field = ''] = /^\w+/.exec(String(error.context['path'])) ?? [];
    throw notMessagePack(`context.${field}`, error.message);
  }
}

/** @throws NexusError SERIALIZATION_ERROR naming the path, or INVALID_ARGUMENT when it is too large */
export function encodeFields(
  fields: readonly unknown[],
  roots: readonly string[],
  maxContextBytes: number,
): Uint8Array {
  try {
    return checked(encoder, encoder.encodeFields(fields, roots, maxContextBytes), maxContextBytes);
  } catch (error) {
    throw refusalOf(error, maxContextBytes);
  }
}

/**
 * {@link encodeFields} without holding the thread.
 *
 * @returns the bytes if there are few, otherwise a promise of them: what changes meanwhile may be in them or not
 */
export function encodeFieldsInSlices(
  fields: readonly unknown[],
  roots: readonly string[],
  maxContextBytes: number,
): Uint8Array | Promise<Uint8Array> {
  const own = spare ?? new ValueEncoder();
  spare = undefined;
  const step = (until: number) => {
    try {
      if (!own.run(until)) return undefined;
      const done = checked(own, own.finish(), maxContextBytes);
      spare = own;
      return { done };
    } catch (error) {
      throw refusalOf(error, maxContextBytes);
    }
  };
  own.beginFields(fields, roots, maxContextBytes);
  return step(AT_ONCE)?.done ?? inSlices(step);
}

function checked(used: ValueEncoder, encoded: Uint8Array, maxContextBytes: number): Uint8Array {
  if (used.countedBytes > maxContextBytes) throw contextTooLarge(maxContextBytes, used.countedBytes);
  return encoded;
}

function refusalOf(error: unknown, maxContextBytes: number): unknown {
  if (error instanceof TooManyBytesError) return contextTooLarge(maxContextBytes);
  if (!(error instanceof UncrossableValueError)) return error;
  const path = error.path.replace(/^context\./, '');
  return new NexusError('SERIALIZATION_ERROR', `${path} ${error.reason}.`, { context: { path } });
}

/**
 * MessagePack is bounded before anything is read of it.
 *
 * @throws NexusError INVALID_ARGUMENT
 */
export function checkPackedBytes({ state, args, scope }: PackedContext, maxContextBytes: number): void {
  const bytes = (state?.length ?? 0) + (args?.length ?? 0) + (scope?.length ?? 0);
  if (bytes > maxContextBytes) throw contextTooLarge(maxContextBytes, bytes);
}

/** @param bytes unknown when reading or encoding was given up */
function contextTooLarge(maxContextBytes: number, bytes?: number): NexusError {
  const size = bytes === undefined ? 'more bytes' : `${bytes} bytes, more`;
  return new NexusError(
    'INVALID_ARGUMENT',
    `The context has ${size} than maxContextBytes (${maxContextBytes}) allows; small objects count more than they have. Pass less, or raise maxContextBytes.`,
    { context: { limit: 'maxContextBytes', value: maxContextBytes, ...(bytes !== undefined && { bytes }) } },
  );
}

/** Only what may be read enters the VM. */
export function readableState(state: object, readable: Grant): Record<string, unknown> {
  const given = state as Record<string, unknown>;
  if (readable === true) return given;
  // What a proxy answers now says nothing of what it answers when it is encoded.
  const isWhatItSeems = isPlainObject(given) && !types.isProxy(given);
  if (isWhatItSeems && Object.keys(given).every((key) => covers(readable, key))) return given;
  return Object.fromEntries(Object.entries(state).filter(([key]) => covers(readable, key)));
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
  return new NexusError('INVALID_ARGUMENT', `${field} is not the MessagePack it should be: ${reason}.`, {
    context: { field },
  });
}
