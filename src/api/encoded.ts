import { isUint8Array } from 'node:util/types';
import { NexusError } from '../errors/nexus-error.js';

/** Registered, so that a value made by another copy of the package is one, too. No JSON has it. */
const BYTES = Symbol.for('nexus-runtime.encoded');

/** Context that is encoded already, made by {@link encoded}. */
export interface EncodedValue {
  /** @internal */
  readonly [BYTES]: Uint8Array;
}

/**
 * Says that bytes are MessagePack: `stateSnapshot`, `args` or `scope` that the application has encoded already. They cross to the worker as
 * they are, and are decoded there. Bytes without it are bytes: the handler sees a `Uint8Array`.
 *
 * They hold plain data, bytes, 64-bit integers and timestamps (as dates). Any other extension type, and a key `__proto__`, is
 * INVALID_ARGUMENT when they are decoded. They are not copied: do not change them before the call has ended.
 *
 * @param bytes MessagePack of one value; for `stateSnapshot` of a map
 * @throws NexusError INVALID_ARGUMENT when they are no `Uint8Array`
 *
 * @example
 * const state = await redis.getBuffer('state'); // as pack() of msgpackr wrote it
 * await runtime.executeHandler(code, { stateSnapshot: encoded(state), args: { id: 7 } });
 */
export function encoded(bytes: Uint8Array): EncodedValue {
  if (!isUint8Array(bytes)) {
    throw new NexusError(
      'INVALID_ARGUMENT',
      `encoded() takes a Uint8Array of MessagePack, and was given ${bytes === null ? 'null' : `a value of type ${typeof bytes}`}.`,
      { context: { field: 'bytes', value: bytes, expected: 'a Uint8Array of MessagePack' } },
    );
  }
  return new Encoded(bytes);
}

/** Of a class, so that it crosses nowhere as a plain object. */
class Encoded implements EncodedValue {
  readonly [BYTES]: Uint8Array;

  constructor(bytes: Uint8Array) {
    this[BYTES] = bytes;
  }
}
Object.defineProperty(Encoded, 'name', { value: 'EncodedValue' });

/** The MessagePack of a value that {@link encoded} made; undefined for any other value. */
export function encodedBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null || !(BYTES in value)) return undefined;
  const bytes = value[BYTES];
  return isUint8Array(bytes) ? bytes : undefined;
}
