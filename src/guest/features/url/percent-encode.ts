import { encodeUtf8 } from '../encoding/utf8.js';

/**
 * Stands in for the function of that name of `@exodus/bytes` under `whatwg-url`: the VM has URLs in UTF-8 only.
 *
 * @param set characters to encode beside controls and what is not ASCII
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
