import { decodeUtf8, encodeUtf8 } from '../encoding/utf8.js';

/** Replaces the module of `whatwg-url` that uses TextEncoder and TextDecoder. */
export const utf8Encode = encodeUtf8;

export function utf8DecodeWithoutBOM(bytes: Uint8Array): string {
  return decodeUtf8(bytes, false);
}
