import { stringFromUnits } from './encoding/latin1.js';
import { exceptionsOf, type FeatureHost } from './feature.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PADDING = 61;
const DIGITS = Uint8Array.from(ALPHABET, (digit) => digit.charCodeAt(0));
const VALUES = new Uint8Array(128);
for (let value = 0; value < 64; value++) VALUES[DIGITS[value] as number] = value;

function encode(binary: string): string {
  const { length } = binary;
  const digits = new Uint8Array(Math.ceil(length / 3) * 4);
  let written = 0;
  for (let i = 0; i < length; i += 3) {
    // Past the end there is NaN, which counts as 0 here.
    const bits = (binary.charCodeAt(i) << 16) | (binary.charCodeAt(i + 1) << 8) | binary.charCodeAt(i + 2);
    digits[written++] = DIGITS[bits >> 18] as number;
    digits[written++] = DIGITS[(bits >> 12) & 63] as number;
    digits[written++] = DIGITS[(bits >> 6) & 63] as number;
    digits[written++] = DIGITS[bits & 63] as number;
  }
  const missing = digits.length * 3 - length * 4;
  digits.fill(PADDING, digits.length - Math.floor(missing / 4));
  return stringFromUnits(digits);
}

function decode(digits: string): string {
  const { length } = digits;
  const bytes = new Uint8Array(Math.floor((length * 3) / 4));
  const value = (at: number) => VALUES[digits.charCodeAt(at)] ?? 0;
  let written = 0;
  for (let i = 0; i < length; i += 4) {
    const bits = (value(i) << 18) | (value(i + 1) << 12) | (value(i + 2) << 6) | value(i + 3);
    // What lies past the end is not stored.
    bytes[written++] = bits >> 16;
    bytes[written++] = bits >> 8;
    bytes[written++] = bits;
  }
  return stringFromUnits(bytes);
}

export default function install(host: FeatureHost): void {
  const DOMException = exceptionsOf(host);

  // https://html.spec.whatwg.org/#dom-btoa
  function btoa(...args: unknown[]): string {
    if (args.length === 0) throw new TypeError('The "data" argument must be specified');
    const binary = `${args[0]}`;
    if (/[^\0-\xff]/.test(binary)) {
      throw new DOMException('The string to be encoded contains characters outside of Latin1', 'InvalidCharacterError');
    }
    return encode(binary);
  }

  // https://infra.spec.whatwg.org/#forgiving-base64-decode
  function atob(...args: unknown[]): string {
    if (args.length === 0) throw new TypeError('The "data" argument must be specified');
    const text = `${args[0]}`.replace(/[\t\n\f\r ]+/g, '');
    const digits = text.length % 4 === 0 ? text.replace(/={1,2}$/, '') : text;
    if (digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) {
      throw new DOMException('The string to be decoded is not correctly encoded', 'InvalidCharacterError');
    }
    return decode(digits);
  }

  Object.defineProperty(atob, 'length', { value: 1 });
  Object.defineProperty(btoa, 'length', { value: 1 });
  host.define('atob', atob);
  host.define('btoa', btoa);
}
