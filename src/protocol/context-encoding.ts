import { types } from 'node:util';
import { TooManyBytesError } from '../codec/values/encoding/byte-writer.js';
import { ValueEncoder } from '../codec/values/encoding/encode.js';
import { NotTransferableError } from '../codec/values/encoding/not-transferable.js';
import type { NumberPrepared } from '../codec/values/forms.js';
import { isPlainObject } from '../codec/values/host-values.js';
import { NexusError } from '../errors/nexus-error.js';
import { CONTEXT_FIELDS } from '../guest/abi.js';
import { type SharedBytes, sharedBytes } from '../support/bytes/shared-bytes.js';
import { inSlices } from '../support/slices.js';
import { covers, type Grant } from './grant.js';
import type { PackedContext } from './messages.js';

/** The names of the input's fields in error messages. */
export const CONTEXT_ROOTS = CONTEXT_FIELDS.map((name) => `context.${name}`);

/** Removed while in use: a getter in a value may start another encoding. */
let spare: ValueEncoder | undefined;
/** A time in the past: the encoding is synchronous until the encoder first checks the clock. */
const AT_ONCE = 0;

/** How much is encoded, and of what. */
export interface FieldEncoding {
  /** `maxContextBytes`. */
  readonly maxBytes: number;
  /** See `ExecuteOptions.toJSON`. @default false */
  readonly honoursToJson?: boolean;
  /** Called with each value of `json(text)`. Default: they are refused */
  readonly onJsonText?: () => void;
  /** How it refers to prepared values. @default there may be none */
  readonly numberPrepared?: NumberPrepared | undefined;
}

/** @throws NexusError SERIALIZATION_ERROR naming the path, or INVALID_ARGUMENT when it is too large */
export function encodeFields(
  fields: readonly unknown[],
  roots: readonly string[],
  { maxBytes, honoursToJson = false, onJsonText, numberPrepared }: FieldEncoding,
): Uint8Array {
  const own = spare ?? new ValueEncoder();
  spare = undefined;
  try {
    const encoded = own.encodeFields(fields, roots, maxBytes, honoursToJson, onJsonText, numberPrepared);
    return checked(own, encoded, maxBytes);
  } catch (error) {
    throw refusalOf(error, maxBytes);
  } finally {
    spare = own;
  }
}

/** What is known of fields that are encoded. */
export type EncodedSoFar = Pick<ValueEncoder, 'countedBytes' | 'isShared' | 'has' | 'few'>;

/**
 * {@link encodeFields} if a condition holds for them.
 *
 * @returns undefined if it does not hold
 * @throws whatever is the matter with them
 */
export function encodeFieldsIf(
  fields: readonly unknown[],
  roots: readonly string[],
  { maxBytes }: FieldEncoding,
  condition: (encoded: EncodedSoFar) => boolean,
): Uint8Array | undefined {
  const own = spare ?? new ValueEncoder();
  spare = undefined;
  try {
    own.beginFields(fields, roots, maxBytes);
    own.run();
    return condition(own) ? checked(own, own.finish(), maxBytes) : undefined;
  } finally {
    spare = own;
  }
}

/**
 * {@link encodeFields} without blocking the thread.
 *
 * @returns the bytes if there are few, otherwise a promise of them; changes made meanwhile may or may not be
 *   included
 */
export function encodeFieldsInSlices(
  fields: readonly unknown[],
  roots: readonly string[],
  { maxBytes, honoursToJson = false }: FieldEncoding,
): Uint8Array | Promise<Uint8Array> {
  return encodeInSlices(fields, roots, { maxBytes, honoursToJson }, (bytes) => Buffer.allocUnsafe(bytes));
}

/** {@link encodeFieldsInSlices} into shared memory. */
export function encodeSharedInSlices(
  fields: readonly unknown[],
  roots: readonly string[],
  { maxBytes, honoursToJson = false }: FieldEncoding,
): SharedBytes | Promise<SharedBytes> {
  return encodeInSlices(fields, roots, { maxBytes, honoursToJson }, sharedBytes);
}

function encodeInSlices<T extends Uint8Array>(
  fields: readonly unknown[],
  roots: readonly string[],
  { maxBytes, honoursToJson = false }: FieldEncoding,
  make: (bytes: number) => T,
): T | Promise<T> {
  const own = spare ?? new ValueEncoder();
  spare = undefined;
  let isEncoded = false;
  const step = (until: number) => {
    try {
      if (!isEncoded) {
        if (!own.run(until)) return undefined;
        isEncoded = true;
        own.completeHeader();
        requireBytes(own, maxBytes);
      }
      const done = own.finishInSlices(make, until);
      if (done === undefined) return undefined;
      spare = own;
      return { done };
    } catch (error) {
      throw refusalOf(error, maxBytes);
    }
  };
  own.beginFields(fields, roots, maxBytes, honoursToJson);
  return step(AT_ONCE)?.done ?? inSlices(step);
}

function checked(used: ValueEncoder, encoded: Uint8Array, maxContextBytes: number): Uint8Array {
  requireBytes(used, maxContextBytes);
  return encoded;
}

function requireBytes({ countedBytes }: ValueEncoder, maxContextBytes: number): void {
  if (countedBytes > maxContextBytes) throw contextTooLarge(maxContextBytes, countedBytes);
}

function refusalOf(error: unknown, maxContextBytes: number): unknown {
  if (error instanceof TooManyBytesError) return contextTooLarge(maxContextBytes);
  if (!(error instanceof NotTransferableError)) return error;
  const path = error.path.replace(/^context\./, '');
  return new NexusError('SERIALIZATION_ERROR', `${path} ${error.reason}.`, { context: { path } });
}

/**
 * Checks the size of MessagePack before any of it is read.
 *
 * @throws NexusError INVALID_ARGUMENT
 */
export function checkPackedBytes({ state, args, scope }: PackedContext, maxContextBytes: number): void {
  const bytes = (state?.length ?? 0) + (args?.length ?? 0) + (scope?.length ?? 0);
  if (bytes > maxContextBytes) throw contextTooLarge(maxContextBytes, bytes);
}

/** @param bytes undefined if reading or encoding was stopped early */
export function contextTooLarge(maxContextBytes: number, bytes?: number): NexusError {
  const size = bytes === undefined ? 'more bytes' : `${bytes} bytes, more`;
  return new NexusError(
    'INVALID_ARGUMENT',
    `The context has ${size} than maxContextBytes (${maxContextBytes}) allows; small objects count more than they have. Pass less, or raise maxContextBytes.`,
    { context: { limit: 'maxContextBytes', value: maxContextBytes, ...(bytes !== undefined && { bytes }) } },
  );
}

/** Only readable keys are copied into the VM. */
export function readableState(state: object, readable: Grant): Record<string, unknown> {
  const given = state as Record<string, unknown>;
  if (readable === true) return given;
  // A proxy may answer differently when it is encoded.
  const isWhatItSeems = isPlainObject(given) && !types.isProxy(given);
  if (isWhatItSeems && Object.keys(given).every((key) => covers(readable, key))) return given;
  return Object.fromEntries(Object.entries(state).filter(([key]) => covers(readable, key)));
}
