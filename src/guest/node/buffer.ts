import * as given from 'buffer';
import { decodeUtf8, encodeUtf8 } from '../features/encoding/utf8.js';

/** Its declarations lack some of it. */
const upstream = given as unknown as Record<'Buffer' | 'SlowBuffer', unknown> &
  Record<'kMaxLength' | 'INSPECT_MAX_BYTES', number>;

type Encoding = string | undefined;
type Method = (this: Uint8Array, ...args: unknown[]) => unknown;
type Methods = Record<string, Method>;

/** The Buffer of the package `buffer`, with what it lacks of Node: base64url, and UTF-8 as the standard decodes it. */
export const BufferClass = upstream.Buffer as unknown as {
  readonly prototype: Methods & object;
  from(...args: unknown[]): Uint8Array;
  alloc(...args: unknown[]): Uint8Array;
  byteLength(value: unknown, encoding?: unknown): number;
  isEncoding(encoding: unknown): boolean;
};

export const bufferModule: Readonly<Record<string, unknown>> = {
  Buffer: BufferClass,
  SlowBuffer: upstream.SlowBuffer,
  kMaxLength: upstream.kMaxLength,
  INSPECT_MAX_BYTES: upstream.INSPECT_MAX_BYTES,
  constants: Object.freeze({ MAX_LENGTH: upstream.kMaxLength, MAX_STRING_LENGTH: 0x3fff_ffff }),
};

const isUtf8 = (encoding: unknown): boolean =>
  encoding === undefined || encoding === null || /^utf-?8$/i.test(`${encoding as string}`);
const isBase64Url = (encoding: unknown): boolean => typeof encoding === 'string' && /^base64url$/i.test(encoding);
/** The package reads both alphabets of base64 under one name. */
const known = (encoding: unknown): Encoding => (isBase64Url(encoding) ? 'base64' : (encoding as Encoding));

/** The bytes that are whole characters of UTF-8. */
function wholeCharacters(bytes: Uint8Array, length: number): number {
  if (length >= bytes.length) return bytes.length;
  let end = length;
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return end;
}

function bound(value: unknown, fallback: number, max: number): number {
  if (value === undefined) return fallback;
  const number = Math.trunc(Number(value)) || 0;
  return number < 0 ? 0 : Math.min(number, max);
}

/** Where nothing is found: at the place where the search begins. */
function placeOfNothing(offset: unknown, length: number, isBackwards: boolean): number {
  const number = offset === undefined ? Number.NaN : Number(offset);
  if (Number.isNaN(number)) return isBackwards ? length : 0;
  const start = Math.trunc(number);
  return start < 0 ? Math.max(0, start + length) : Math.min(start, length);
}

export function completeBuffer(): void {
  // The script is minified, and `console` shows the name of a class.
  for (const name of ['Buffer', 'SlowBuffer'] as const) {
    Object.defineProperty(upstream[name], 'name', { value: name, configurable: true });
  }
  const { prototype } = BufferClass;
  const { toString: asText, write, fill } = prototype as unknown as Record<'toString' | 'write' | 'fill', Method>;
  const { from, byteLength, isEncoding, alloc } = BufferClass;

  const statics = {
    from(value: unknown, encoding?: unknown, length?: unknown): Uint8Array {
      if (typeof value !== 'string') return from(value, encoding, length);
      if (!isUtf8(encoding)) return from(value, known(encoding));
      const { buffer, byteOffset, byteLength: bytes } = encodeUtf8(value);
      return from(buffer, byteOffset, bytes);
    },
    alloc(size: unknown, filling?: unknown, encoding?: unknown): Uint8Array {
      return alloc(size, filling, known(encoding));
    },
    byteLength(value: unknown, encoding?: unknown): number {
      if (typeof value !== 'string') return byteLength(value, encoding);
      if (!isUtf8(encoding) && !isBase64Url(encoding) && encoding !== 'base64') return byteLength(value, encoding);
      return statics.from(value, encoding).length;
    },
    isEncoding(encoding: unknown): boolean {
      return isBase64Url(encoding) || isEncoding(encoding);
    },
  };
  const methods: Methods = {
    toString(this: Uint8Array, encoding?: unknown, start?: unknown, end?: unknown) {
      const from = bound(start, 0, this.length);
      const to = bound(end, this.length, this.length);
      if (to <= from) return '';
      if (isUtf8(encoding)) return decodeUtf8(new Uint8Array(this.buffer, this.byteOffset + from, to - from), false);
      const text = Reflect.apply(asText, this, [known(encoding), from, to]) as string;
      return isBase64Url(encoding) ? text.replace(/[+/=]/g, (digit) => BASE64URL[digit] as string) : text;
    },
    write(this: Uint8Array, text: unknown, ...rest: unknown[]) {
      const args = [...rest];
      const encoding = typeof args.at(-1) === 'string' ? args.pop() : undefined;
      const offset = bound(args[0], 0, this.length);
      const length = bound(args[1], this.length - offset, this.length - offset);
      const isOutside = args[0] !== undefined && (Number(args[0]) < 0 || Number(args[0]) > this.length);
      if (isOutside || typeof text !== 'string' || !isUtf8(encoding)) {
        return Reflect.apply(write, this, [text, ...args, ...(encoding === undefined ? [] : [known(encoding)])]);
      }
      if (args[1] !== undefined && (Number(args[1]) < 0 || Number(args[1]) > this.length)) {
        throw new RangeError(`The value of "length" is out of range: there are ${this.length} bytes`);
      }
      const bytes = encodeUtf8(text);
      const written = wholeCharacters(bytes, length);
      this.set(bytes.subarray(0, written), offset);
      return written;
    },
    fill(this: Uint8Array, value: unknown, ...rest: unknown[]) {
      return Reflect.apply(
        fill,
        this,
        [value, ...rest].map((arg, index) => (index > 0 ? known(arg) : arg)),
      );
    },
  };
  for (const name of ['indexOf', 'lastIndexOf', 'includes']) {
    const search = prototype[name] as Method;
    methods[name] = function (this: Uint8Array, value: unknown, offset?: unknown, encoding?: unknown) {
      const [from, as] = typeof offset === 'string' ? [undefined, offset] : [offset, encoding];
      const wanted = typeof value === 'string' ? statics.from(value, as) : value;
      if (!(wanted instanceof Uint8Array) || wanted.length > 0) return Reflect.apply(search, this, [wanted, from]);
      const place = placeOfNothing(from, this.length, name === 'lastIndexOf');
      return name === 'includes' ? place >= 0 : place;
    };
  }
  define(BufferClass, statics);
  define(prototype, methods);
}

const BASE64URL: Readonly<Record<string, string>> = { '+': '-', '/': '_', '=': '' };

function define(target: object, members: object): void {
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(value, 'name', { value: name, configurable: true });
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
  }
}
