import { stringFromUnits } from './latin1.js';
import { decodeUtf8, unfinishedUtf8 } from './utf8.js';

export interface Encoding {
  readonly name: string;
  readonly mark: readonly number[];
  /** The number of bytes at the end that cannot be decoded before more bytes arrive. */
  unfinished(bytes: Uint8Array): number;
  /** @throws TypeError if `fatal` and the bytes are not in this encoding */
  decode(bytes: Uint8Array, fatal: boolean): string;
}

/** The characters of windows-1252 in place of the controls U+0080 to U+009F; the five undefined ones stay. */
const WINDOWS_1252 =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';

const utf8: Encoding = {
  name: 'utf-8',
  mark: [0xef, 0xbb, 0xbf],
  unfinished: unfinishedUtf8,
  decode: decodeUtf8,
};

const windows1252: Encoding = {
  name: 'windows-1252',
  mark: [],
  unfinished: () => 0,
  decode: (bytes) =>
    stringFromUnits(bytes).replace(/[\x80-\x9f]/g, (unit) => WINDOWS_1252[unit.charCodeAt(0) - 0x80] as string),
};

function utf16(name: string, mark: readonly number[], swapped: boolean): Encoding {
  const lowByte = swapped ? 1 : 0;
  return {
    name,
    mark,
    unfinished(bytes) {
      const odd = bytes.length % 2;
      const last = bytes.length - odd - 2;
      const isLead = last >= 0 && ((bytes[last + 1 - lowByte] as number) & 0xfc) === 0xd8;
      return isLead ? odd + 2 : odd;
    },
    decode(bytes, fatal) {
      // An unfinished end is one error, whether half a unit, half a pair or both.
      const open = this.unfinished(bytes);
      const whole = bytes.slice(0, bytes.length - open);
      if (swapped) swapPairs(whole);
      const text = stringFromUnits(new Uint16Array(whole.buffer));
      if (fatal && (open > 0 || !text.isWellFormed())) {
        throw new TypeError(`The encoded data was not valid for encoding ${name}`);
      }
      return text.toWellFormed() + (open > 0 ? '\ufffd' : '');
    },
  };
}

function swapPairs(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i += 2) {
    const first = bytes[i] as number;
    bytes[i] = bytes[i + 1] as number;
    bytes[i + 1] = first;
  }
}

/** Labels of the standard: https://encoding.spec.whatwg.org/#names-and-labels */
const LABELS: readonly (readonly [Encoding, string])[] = [
  [utf8, 'unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8'],
  [utf16('utf-16le', [0xff, 0xfe], false), 'csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le'],
  [utf16('utf-16be', [0xfe, 0xff], true), 'unicodefffe utf-16be'],
  [
    windows1252,
    'ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252',
  ],
];

/** @throws RangeError for a label whose encoding the VM does not have */
export function encodingFor(label: string): Encoding {
  if (label === 'utf-8') return utf8;
  const wanted = label.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '').toLowerCase();
  for (const [encoding, labels] of LABELS) {
    if (labels.split(' ').includes(wanted)) return encoding;
  }
  throw new RangeError(`The "${label}" encoding is not supported`);
}
