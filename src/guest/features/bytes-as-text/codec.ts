/** https://tc39.es/ecma262/#sec-uint8array-base64-abstract-operations */

type Options = Readonly<Record<string, unknown>>;
export type Alphabet = 'base64' | 'base64url';
export type LastChunk = 'loose' | 'strict' | 'stop-before-partial';

/** The result up to an error. */
export interface Decoded {
  readonly bytes: number[];
  /** The number of characters that were read for these bytes. */
  readonly read: number;
  readonly error: Error | undefined;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const DIGITS: Record<Alphabet, string> = { base64: `${LETTERS}+/`, base64url: `${LETTERS}-_` };
const WHITE_SPACE = ' \t\n\f\r';

export function readAlphabet(options: Options): Alphabet {
  const { alphabet = 'base64' } = options as { alphabet?: unknown };
  if (alphabet === 'base64' || alphabet === 'base64url') return alphabet;
  throw new TypeError('alphabet is neither "base64" nor "base64url"');
}

export function readLastChunk(options: Options): LastChunk {
  const { lastChunkHandling = 'loose' } = options as { lastChunkHandling?: unknown };
  if (lastChunkHandling === 'loose' || lastChunkHandling === 'strict' || lastChunkHandling === 'stop-before-partial') {
    return lastChunkHandling;
  }
  throw new TypeError('lastChunkHandling is none of "loose", "strict" and "stop-before-partial"');
}

export function encodeBase64(bytes: Uint8Array, alphabet: Alphabet, omitsPadding: boolean): string {
  const digits = DIGITS[alphabet];
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const given = Math.min(3, bytes.length - i);
    const bits = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let digit = 0; digit <= given; digit++) text += digits[(bits >> (18 - 6 * digit)) & 63];
    if (!omitsPadding) text += '='.repeat(3 - given);
  }
  return text;
}

export function encodeHex(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += (bytes[i] as number).toString(16).padStart(2, '0');
  return text;
}

export function decodeHex(text: string, maxLength: number): Decoded {
  const bytes: number[] = [];
  let read = 0;
  const fail = (message: string): Decoded => ({ bytes, read, error: new SyntaxError(message) });
  if (text.length % 2 !== 0) return fail('the text has an odd number of hexadecimal digits');
  while (read < text.length && bytes.length < maxLength) {
    const pair = text.slice(read, read + 2);
    if (!/^[0-9A-Fa-f]{2}$/.test(pair)) return fail('the text has characters that are not hexadecimal digits');
    bytes.push(Number.parseInt(pair, 16));
    read += 2;
  }
  return { bytes, read, error: undefined };
}

export function decodeBase64(text: string, alphabet: Alphabet, lastChunk: LastChunk, maxLength: number): Decoded {
  const digits = DIGITS[alphabet];
  const bytes: number[] = [];
  let read = 0;
  let chunk: number[] = [];
  const fail = (message: string): Decoded => ({ bytes, read, error: new SyntaxError(message) });
  const done = (): Decoded => ({ bytes, read, error: undefined });
  if (maxLength === 0) return done();
  let at = 0;
  for (;;) {
    at = skipWhiteSpace(text, at);
    if (at === text.length) {
      if (chunk.length > 0) {
        if (lastChunk === 'stop-before-partial') return done();
        if (lastChunk === 'strict') return fail('the last chunk has no padding');
        if (chunk.length === 1) return fail('the last chunk has one digit only');
        bytes.push(...bytesOf(chunk));
      }
      read = text.length;
      return done();
    }
    const character = text[at++] as string;
    if (character === '=') {
      if (chunk.length < 2) return fail('there is padding too early');
      at = skipWhiteSpace(text, at);
      if (chunk.length === 2) {
        if (at === text.length) {
          if (lastChunk === 'stop-before-partial') return done();
          return fail('padding is missing');
        }
        if (text[at] === '=') at = skipWhiteSpace(text, at + 1);
        else return fail('padding is missing');
      }
      if (at < text.length) return fail('there is something behind the padding');
      if (lastChunk === 'strict' && hasExtraBits(chunk)) return fail('the last digit has bits that are left over');
      bytes.push(...bytesOf(chunk));
      read = text.length;
      return done();
    }
    const digit = digits.indexOf(character);
    if (digit === -1) return fail('the text has characters that are not base64 digits');
    const room = maxLength - bytes.length;
    if ((room === 1 && chunk.length === 2) || (room === 2 && chunk.length === 3)) return done();
    chunk.push(digit);
    if (chunk.length === 4) {
      bytes.push(...bytesOf(chunk));
      chunk = [];
      read = at;
      if (bytes.length === maxLength) return done();
    }
  }
}

function skipWhiteSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && WHITE_SPACE.includes(text[at] as string)) at++;
  return at;
}

function bytesOf(chunk: readonly number[]): number[] {
  const bits = ((chunk[0] ?? 0) << 18) | ((chunk[1] ?? 0) << 12) | ((chunk[2] ?? 0) << 6) | (chunk[3] ?? 0);
  return [bits >> 16, (bits >> 8) & 0xff, bits & 0xff].slice(0, chunk.length - 1);
}

function hasExtraBits(chunk: readonly number[]): boolean {
  return chunk.length === 2 ? ((chunk[1] ?? 0) & 15) !== 0 : ((chunk[2] ?? 0) & 3) !== 0;
}
