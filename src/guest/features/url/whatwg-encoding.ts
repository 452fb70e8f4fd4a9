import { decodeUtf8, encodeUtf8 } from '../encoding/utf8.js';

/** Stands in for the module of `whatwg-url` that makes these of TextEncoder and TextDecoder. */
export const utf8Encode = encodeUtf8;

export function utf8DecodeWithoutBOM(bytes: Uint8Array): string {
  return decodeUtf8(bytes, false);
}
