import { randomUUID } from 'node:crypto';

import { plain } from '../calls/journal.js';

/** A value as it would be after JSON, which is how sandboxes of frameworks pass values, with bytes as they are: ArrayBuffer, and its views as Uint8Array. */
export function jsonCopyWithBytes(value: unknown): unknown {
  const bytes: (Uint8Array | ArrayBuffer)[] = [];
  // Nobody else can write it.
  const mark = randomUUID();
  const text = JSON.stringify(value, function (this: Record<string, unknown>, key, given: unknown) {
    // As it was before `toJSON`, which a Buffer has.
    const original = this[key];
    if (original instanceof ArrayBuffer) bytes.push(original);
    else if (ArrayBuffer.isView(original)) {
      bytes.push(new Uint8Array(original.buffer, original.byteOffset, original.byteLength).slice());
    } else return plain(key, given);
    return `${mark}${bytes.length - 1}`;
  }) as string | undefined;
  if (text === undefined) return undefined;
  return JSON.parse(text, (_, given: unknown) =>
    typeof given === 'string' && given.startsWith(mark) ? bytes[Number(given.slice(mark.length))] : given,
  ) as unknown;
}
