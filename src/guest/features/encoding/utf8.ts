import { stringFromUnits } from './latin1.js';

/** Decoded at once; limits the memory for the intermediate escapes. */
const CHUNK_BYTES = 16 * 1024;
const REPLACEMENT = 0xfffd;
/** At most this many bytes of a character follow its first. */
const MAX_CONTINUATIONS = 3;

/** Lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const { length } = text;
  const ascii = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return encodeRest(text, i, ascii);
    ascii[i] = unit;
  }
  return ascii;
}

function encodeRest(text: string, from: number, ascii: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(from + (text.length - from) * 3);
  bytes.set(ascii.subarray(0, from));
  return bytes.slice(0, encodeUtf8Into(text, from, bytes, from).written);
}

/** Encodes `text` from one position into `target` from another, whole characters only. */
export function encodeUtf8Into(
  text: string,
  from: number,
  target: Uint8Array,
  at: number,
): { read: number; written: number } {
  const { length } = text;
  const capacity = target.length;
  let written = at;
  let read = from;
  while (read < length) {
    let code = text.charCodeAt(read);
    let units = 1;
    if (code < 0x80) {
      if (written >= capacity) break;
      target[written++] = code;
      read++;
      continue;
    }
    if (code >= 0xd800 && code <= 0xdfff) {
      const next = code < 0xdc00 ? text.charCodeAt(read + 1) : 0;
      if (next >= 0xdc00 && next <= 0xdfff) {
        code = 0x10000 + ((code - 0xd800) << 10) + (next - 0xdc00);
        units = 2;
      } else {
        code = REPLACEMENT;
      }
    }
    const size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (written + size > capacity) break;
    if (size === 2) {
      target[written++] = 0xc0 | (code >> 6);
    } else {
      if (size === 3) {
        target[written++] = 0xe0 | (code >> 12);
      } else {
        target[written++] = 0xf0 | (code >> 18);
        target[written++] = 0x80 | ((code >> 12) & 0x3f);
      }
      target[written++] = 0x80 | ((code >> 6) & 0x3f);
    }
    target[written++] = 0x80 | (code & 0x3f);
    read += units;
  }
  return { read, written };
}

/**
 * Keeps a byte order mark.
 *
 * @throws TypeError if `fatal` and the bytes are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array, fatal: boolean): string {
  if (bytes.length <= CHUNK_BYTES) return decodeChunk(bytes, fatal);
  const parts: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = boundaryBefore(bytes, start + CHUNK_BYTES);
    parts.push(decodeChunk(bytes.subarray(start, end), fatal));
    start = end;
  }
  return parts.join('');
}

/** The bytes at the end that start a character and do not finish it. */
export function unfinishedUtf8(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(MAX_CONTINUATIONS, length); back++) {
    const lead = bytes[length - back] as number;
    if (isContinuation(lead)) continue;
    const needed = continuationsAfter(lead);
    if (back > needed) return 0;
    for (let i = 1; i < back; i++) {
      if (!mayFollow(lead, i, bytes[length - back + i] as number)) return 0;
    }
    return back;
  }
  return 0;
}

function boundaryBefore(bytes: Uint8Array, wanted: number): number {
  if (wanted >= bytes.length) return bytes.length;
  for (let end = wanted; end >= wanted - MAX_CONTINUATIONS; end--) {
    if (!isContinuation(bytes[end] as number)) return end;
  }
  return wanted;
}

/**
 * Uses the engine's own decoder behind `decodeURIComponent`: it is strict, and takes no interpreter step per
 * byte.
 */
function decodeChunk(bytes: Uint8Array, fatal: boolean): string {
  const latin1 = stringFromUnits(bytes);
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  try {
    return decodeURIComponent(escape(latin1));
  } catch {
    if (fatal) throw new TypeError('The encoded data was not valid for encoding utf-8');
    return repair(bytes);
  }
}

/** Every maximal incomplete part of a character becomes one U+FFFD. */
function repair(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length);
  let written = 0;
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i++] as number;
    if (lead < 0x80) {
      units[written++] = lead;
      continue;
    }
    const needed = continuationsAfter(lead);
    let code = needed === 1 ? lead & 0x1f : needed === 2 ? lead & 0x0f : lead & 0x07;
    let seen = 0;
    while (seen < needed && i < bytes.length && mayFollow(lead, seen + 1, bytes[i] as number)) {
      code = (code << 6) | ((bytes[i++] as number) & 0x3f);
      seen++;
    }
    if (needed === 0 || seen < needed) {
      units[written++] = REPLACEMENT;
    } else if (code < 0x10000) {
      units[written++] = code;
    } else {
      units[written++] = 0xd7c0 + (code >> 10);
      units[written++] = 0xdc00 | (code & 0x3ff);
    }
  }
  return stringFromUnits(units.subarray(0, written));
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function continuationsAfter(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}

/**
 * After some first bytes, the second has a narrower range: no overlong forms, no surrogates, nothing past
 * U+10FFFF.
 */
function mayFollow(lead: number, position: number, byte: number): boolean {
  if (position > 1) return isContinuation(byte);
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  return byte >= lowest && byte <= highest;
}
