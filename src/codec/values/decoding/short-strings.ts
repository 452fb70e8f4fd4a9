const SLOTS = 512;

/**
 * Short Latin-1 strings that were read lately, by a hash of their bytes. Property names come over and over; one that is found here
 * is not made again, and the engine knows it already when it becomes a key.
 */
const recent: string[] = new Array(SLOTS).fill('');

/** @param end after the last byte; at most some ten bytes, or the hash says little */
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
