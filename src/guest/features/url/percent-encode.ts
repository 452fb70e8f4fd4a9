import { encodeUtf8 } from '../encoding/utf8.js';

/**
 * Replaces the function of the same name of `@exodus/bytes` in `whatwg-url`: the VM has only URLs in UTF-8.
 *
 * @param set characters to encode in addition to controls and non-ASCII characters
 */
export function percentEncodeAfterEncoding(_encoding: string, input: string, set: string): string {
  let output = '';
  for (const byte of encodeUtf8(input)) {
    const char = String.fromCharCode(byte);
    const isKept = byte > 0x1f && byte < 0x7f && !set.includes(char);
    output += isKept ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return output;
}
