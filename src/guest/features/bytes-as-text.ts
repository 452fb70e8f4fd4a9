import {
  decodeBase64,
  decodeHex,
  encodeBase64,
  encodeHex,
  readAlphabet,
  readLastChunk,
} from './bytes-as-text/codec.js';
import type { FeatureHost } from './feature.js';

type Options = Readonly<Record<string, unknown>>;

const byteLengthOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)
  ?.get as () => unknown;

function requireBytes(value: unknown): Uint8Array {
  if (Reflect.apply(byteLengthOf, value, []) !== 'Uint8Array') throw new TypeError('this is not a Uint8Array');
  return value as Uint8Array;
}

function requireAttached(bytes: Uint8Array): Uint8Array {
  if ((bytes.buffer as ArrayBuffer).detached) throw new TypeError('the buffer is detached');
  return bytes;
}

function requireText(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('what is to be decoded is not a string');
  return value;
}

function optionsOf(value: unknown): Options {
  if (value === undefined) return {};
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') {
    throw new TypeError('the options are not an object');
  }
  return value as Options;
}

const statics = {
  fromBase64(text: unknown, ...rest: unknown[]): Uint8Array {
    const source = requireText(text);
    const options = optionsOf(rest[0]);
    const { bytes, error } = decodeBase64(
      source,
      readAlphabet(options),
      readLastChunk(options),
      Number.POSITIVE_INFINITY,
    );
    if (error !== undefined) throw error;
    return new Uint8Array(bytes);
  },
  fromHex(text: unknown): Uint8Array {
    const { bytes, error } = decodeHex(requireText(text), Number.POSITIVE_INFINITY);
    if (error !== undefined) throw error;
    return new Uint8Array(bytes);
  },
};

const methods = {
  toBase64(this: unknown, ...rest: unknown[]): string {
    const bytes = requireBytes(this);
    const options = optionsOf(rest[0]);
    const alphabet = readAlphabet(options);
    const omitsPadding = Boolean(options['omitPadding']);
    return encodeBase64(requireAttached(bytes), alphabet, omitsPadding);
  },
  toHex(this: unknown): string {
    return encodeHex(requireAttached(requireBytes(this)));
  },
  setFromBase64(this: unknown, text: unknown, ...rest: unknown[]): { read: number; written: number } {
    const target = requireBytes(this);
    const source = requireText(text);
    const options = optionsOf(rest[0]);
    const [alphabet, lastChunk] = [readAlphabet(options), readLastChunk(options)];
    return store(requireAttached(target), decodeBase64(source, alphabet, lastChunk, target.length));
  },
  setFromHex(this: unknown, text: unknown): { read: number; written: number } {
    const target = requireBytes(this);
    const source = requireText(text);
    return store(requireAttached(target), decodeHex(source, target.length));
  },
};

/** Bytes that were decoded before an error are stored. */
function store(
  target: Uint8Array,
  { bytes, read, error }: { bytes: number[]; read: number; error: Error | undefined },
): { read: number; written: number } {
  target.set(bytes);
  if (error !== undefined) throw error;
  return { read, written: bytes.length };
}

export default function install(host: FeatureHost): void {
  for (const name of ['fromBase64', 'fromHex'] as const) host.define(`Uint8Array.${name}`, statics[name]);
  for (const name of ['toBase64', 'toHex', 'setFromBase64', 'setFromHex'] as const) {
    host.define(`Uint8Array.prototype.${name}`, methods[name]);
  }
}
