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

/** Registered, so that a value made by another copy of the package is one, too. No JSON has it. */
const TEXT = Symbol.for('nexus-runtime.json');

/** Context that is JSON text, made by {@link json}. */
export interface JsonText {
  /** @internal UTF-8 */
  readonly [TEXT]: Uint8Array;
}

/**
 * Says that text is JSON: a value of the context that the application has as text. The calling thread copies it and
 * does nothing else with it; the worker parses it as `JSON.parse` does, before the handler starts. So a key
 * `__proto__` is a property like others, and of a name that occurs twice the last value counts.
 *
 * It stands wherever a value of the context does: as `stateSnapshot`, `args` or `scope`, and at any depth inside them. What
 * is not JSON is INVALID_ARGUMENT when it is parsed, with the path of the value, and the line and column in the text.
 *
 * @param text JSON; as bytes, in UTF-8. Bytes are not copied: do not change them before the call has ended
 * @throws NexusError INVALID_ARGUMENT when it is neither text nor a `Uint8Array`, or has half of a surrogate pair, which
 *   UTF-8 cannot express
 *
 * @example
 * const products = await response.text();
 * await runtime.executeHandler(code, { stateSnapshot: { products: json(products), page: 2 } });
 */
export function json(text: string | Uint8Array): JsonText {
  if (isUint8Array(text)) return new Text(text);
  if (typeof text !== 'string') {
    throw refusal(
      text,
      `was given ${text === null ? 'null' : `a value of type ${typeof text}`}; pass values as they are`,
    );
  }
  const half = halfPairAt(text);
  if (half !== -1) throw refusal(text, `its text has half of a surrogate pair at index ${half}; write it as \\ud800`);
  return new Text(Buffer.from(text, 'utf8'));
}

/** The UTF-8 of a value that {@link json} made; undefined for any other value. */
export function jsonBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null || !(TEXT in value)) return undefined;
  const bytes = value[TEXT];
  return isUint8Array(bytes) ? bytes : undefined;
}

/** Of a class, so that it crosses nowhere as a plain object. */
class Text implements JsonText {
  readonly [TEXT]: Uint8Array;

  constructor(bytes: Uint8Array) {
    this[TEXT] = bytes;
  }
}
Object.defineProperty(Text, 'name', { value: 'JsonText' });

/** The index of the first half of a surrogate pair that stands alone, or -1. With `u`, a whole pair is one character. */
function halfPairAt(text: string): number {
  return text.isWellFormed() ? -1 : text.search(/\p{Surrogate}/u);
}

function refusal(value: unknown, reason: string): NexusError {
  return new NexusError('INVALID_ARGUMENT', `json() takes JSON as a string or as a Uint8Array of UTF-8; ${reason}.`, {
    context: { field: 'text', value, expected: 'a string or a Uint8Array' },
  });
}
