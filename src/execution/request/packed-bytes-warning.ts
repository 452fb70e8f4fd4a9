const FIX_MAP = 0x80;
const FIX_MAP_END = 0x8f;
const MAP_16 = 0xde;
const MAP_32 = 0xdf;
const FIX_STRING = 0xa0;
const FIX_STRING_END = 0xbf;
const STRING_8 = 0xd9;
const STRING_32 = 0xdb;
/** Header and number of entries. */
const MAP_HEADER_BYTES: Readonly<Record<number, number>> = { [MAP_16]: 3, [MAP_32]: 5 };

let hasWarned = false;

/**
 * Once in a process: bytes that look like MessagePack reach the handler as bytes, which they did not always do.
 *
 * @param field that holds them
 */
export function warnOfPackedBytes(field: 'args' | 'scope', bytes: Uint8Array): void {
  if (hasWarned || !looksLikePackedMap(bytes)) return;
  hasWarned = true;
  process.emitWarning(
    `context.${field} is bytes that look like a MessagePack map. The handler gets them as a Uint8Array. Pass encoded(bytes) for the value that they encode; if they are bytes, ignore this.`,
    { type: 'NexusWarning', code: 'NEXUS_PACKED_BYTES' },
  );
}

/** A map whose first key is a text that ends within the bytes. */
export function looksLikePackedMap(bytes: Uint8Array): boolean {
  const [first = 0] = bytes;
  const isFixMap = first > FIX_MAP && first <= FIX_MAP_END;
  const keyAt = isFixMap ? 1 : MAP_HEADER_BYTES[first];
  if (keyAt === undefined) return false;
  const header = bytes[keyAt] ?? 0;
  if (header >= FIX_STRING && header <= FIX_STRING_END) return keyAt + 1 + (header - FIX_STRING) < bytes.length;
  return header >= STRING_8 && header <= STRING_32;
}
