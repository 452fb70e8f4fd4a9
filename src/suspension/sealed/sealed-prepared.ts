import { count, list, record, text } from '../../codec/message-shape.js';
import type { PreparedValue } from '../../protocol/prepared-value.js';
import { sha256 } from '../../support/bytes/byte-slices.js';
import { toShared } from '../../support/bytes/shared-bytes.js';
import { compress, decompress } from '../../support/compression.js';

/** The most prepared values of one call that is suspended. */
const MAX_VALUES = 10_000;
const HASH = text(64);

/** A prepared value in an envelope: its deflated bytes are in the payload, behind the snapshot. */
export interface SealedPrepared {
  readonly hash: string;
  readonly deflatedBytes: number;
}

export const PREPARED_SHAPE = list(record({ hash: HASH, deflatedBytes: count }), MAX_VALUES);

/** Many handlers wait with the same values. */
const deflated = new WeakMap<Uint8Array, Promise<Uint8Array>>();

/** The values as they are sealed: a process that knows none of them can resume the handler. */
export async function sealPrepared(
  values: readonly PreparedValue[],
): Promise<{ readonly sealed: readonly SealedPrepared[]; readonly payload: Uint8Array }> {
  const sealed: SealedPrepared[] = [];
  const parts: Uint8Array[] = [];
  for (const { hash, document } of values) {
    const part = await deflatedOf(document);
    sealed.push({ hash, deflatedBytes: part.length });
    parts.push(part);
  }
  return { sealed, payload: Buffer.concat(parts) };
}

function deflatedOf(document: PreparedValue['document']): Promise<Uint8Array> {
  const known = deflated.get(document);
  if (known !== undefined) return known;
  const deflating = compress(document);
  deflated.set(document, deflating);
  deflating.catch(() => deflated.delete(document));
  return deflating;
}

/**
 * The reverse of {@link sealPrepared}.
 *
 * @param maxBytes the most that a value may have when it is inflated
 * @returns the values, and the length of what they take at the end of the payload
 * @throws InflatedTooLargeError; RangeError if they are not what was sealed
 */
export async function openPrepared(
  sealed: readonly SealedPrepared[],
  payload: Uint8Array,
  maxBytes: number,
): Promise<{ readonly values: readonly PreparedValue[]; readonly length: number }> {
  const length = sealed.reduce((sum, { deflatedBytes }) => sum + deflatedBytes, 0);
  if (length > payload.length) throw new RangeError('the prepared values end outside of it');
  const values: PreparedValue[] = [];
  const inflated = new Map<string, PreparedValue>();
  let left = maxBytes;
  let start = payload.length - length;
  for (const { hash, deflatedBytes } of sealed) {
    const bytes = payload.subarray(start, start + deflatedBytes);
    start += deflatedBytes;
    let value = inflated.get(hash);
    if (value === undefined) {
      const document = await decompress(bytes, left);
      left -= document.length;
      if ((await sha256(document)).toString('hex') !== hash) throw new RangeError('a prepared value is another one');
      value = { hash, document: toShared(document) };
      inflated.set(hash, value);
    }
    values.push(value);
  }
  return { values, length };
}
