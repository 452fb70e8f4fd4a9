const SLOTS = 512;

/**
 * Recently read short Latin-1 strings, by a hash of their bytes. Property names repeat. A name that is found
 * here need not be created again, and V8 already knows it when it becomes a key.
 */
const recent: string[] = new Array(SLOTS).fill('');

/** @param end after the last byte; at most some ten bytes, otherwise the hash is not useful */
export function shortString(bytes: Uint8Array, start: number, end: number): string {
  let hash = end - start;
  for (let i = start; i < end; i++) hash = (hash * 31 + (bytes[i] as number)) | 0;
  const slot = (hash ^ (hash >>> 9)) & (SLOTS - 1);
  const known = recent[slot] as string;
  if (isSame(known, bytes, start, end)) return known;
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  recent[slot] = text;
  return text;
}

function isSame(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = start; i < end; i++) if (text.charCodeAt(i - start) !== bytes[i]) return false;
  return true;
}
