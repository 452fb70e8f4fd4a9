import { stringFromUnits } from './encoding/latin1.js';
import { exceptionsOf, type FeatureHost } from './feature.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PLAIN = /^[A-Za-z0-9+/]*$/;
const PADDING = 61;
const DIGITS = Uint8Array.from(ALPHABET, (digit) => digit.charCodeAt(0));
const VALUES = new Uint8Array(128);
for (let value = 0; value < 64; value++) VALUES[DIGITS[value] as number] = value;

/** @returns undefined if a character is not a byte */
function encode(binary: string): string | undefined {
  const { length } = binary;
  let all = 0;
  const digits = new Uint8Array(Math.ceil(length / 3) * 4);
  let written = 0;
  for (let i = 0; i < length; i += 3) {
    // Past the end there is NaN, which counts as 0 here.
    const first = binary.charCodeAt(i);
    const second = binary.charCodeAt(i + 1);
    const third = binary.charCodeAt(i + 2);
    all |= first | second | third;
    const bits = (first << 16) | (second << 8) | third;
    digits[written++] = DIGITS[bits >> 18] as number;
    digits[written++] = DIGITS[(bits >> 12) & 63] as number;
    digits[written++] = DIGITS[(bits >> 6) & 63] as number;
    digits[written++] = DIGITS[bits & 63] as number;
  }
  if (all > 0xff) return undefined;
  const missing = digits.length * 3 - length * 4;
  digits.fill(PADDING, digits.length - Math.floor(missing / 4));
  return stringFromUnits(digits);
}

function decode(digits: string): string {
  const { length } = digits;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  let written = 0;
  for (let i = 0; i < length; i += 4) {
    // Past the end there is NaN, which counts as 0; the resulting bytes are not stored.
    const bits =
      ((VALUES[digits.charCodeAt(i)] as number) << 18) |
      ((VALUES[digits.charCodeAt(i + 1)] as number) << 12) |
      ((VALUES[digits.charCodeAt(i + 2)] as number) << 6) |
      (VALUES[digits.charCodeAt(i + 3)] as number);
    bytes[written++] = bits >> 16;
    bytes[written++] = bits >> 8;
    bytes[written++] = bits;
  }
  return stringFromUnits(bytes);
}

function withoutPadding(digits: string): string {
  if (digits.length % 4 !== 0 || !digits.endsWith('=')) return digits;
  return digits.slice(0, digits.endsWith('==') ? -2 : -1);
}

export default function install(host: FeatureHost): void {
  const DOMException = exceptionsOf(host);

  // https://html.spec.whatwg.org/#dom-btoa
  function btoa(...args: unknown[]): string {
    if (args.length === 0) throw new TypeError('The "data" argument must be specified');
    const encoded = encode(`${args[0]}`);
    if (encoded === undefined) {
      throw new DOMException('The string to be encoded contains characters outside of Latin1', 'InvalidCharacterError');
    }
    return encoded;
  }

  // https://infra.spec.whatwg.org/#forgiving-base64-decode
  function atob(...args: unknown[]): string {
    if (args.length === 0) throw new TypeError('The "data" argument must be specified');
    const text = `${args[0]}`;
    let digits = withoutPadding(text);
    if (!PLAIN.test(digits)) digits = withoutPadding(text.replace(/[\t\n\f\r ]+/g, ''));
    if (digits.length % 4 === 1 || !PLAIN.test(digits)) {
      throw new DOMException('The string to be decoded is not correctly encoded', 'InvalidCharacterError');
    }
    return decode(digits);
  }

  Object.defineProperty(atob, 'length', { value: 1 });
  Object.defineProperty(btoa, 'length', { value: 1 });
  host.define('atob', atob);
  host.define('btoa', btoa);
}
