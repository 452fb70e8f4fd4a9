import { type Encoding, encodingFor } from './encoding/encodings.js';
import { encodeUtf8, encodeUtf8Into } from './encoding/utf8.js';
import { asInterface, type FeatureHost } from './feature.js';
import { Opaque } from './opaque.js';

type Source = ArrayBufferLike | ArrayBufferView | undefined;

/** https://encoding.spec.whatwg.org/#interface-textencoder */
class TextEncoder extends Opaque {
  get encoding(): string {
    return 'utf-8';
  }

  get [Symbol.toStringTag](): string {
    return 'TextEncoder';
  }

  encode(input: unknown = ''): Uint8Array {
    return encodeUtf8(`${input}`);
  }

  encodeInto(source: unknown, destination: Uint8Array): { read: number; written: number } {
    if (!(destination instanceof Uint8Array)) throw new TypeError('The "destination" argument must be a Uint8Array');
    return encodeUtf8Into(`${source}`, 0, destination, 0);
  }
}

/** https://encoding.spec.whatwg.org/#interface-textdecoder */
class TextDecoder extends Opaque {
  readonly #encoding: Encoding;
  readonly #fatal: boolean;
  readonly #ignoreBOM: boolean;
  /** Bytes of a character that the previous chunk of a stream started. */
  #pending: Uint8Array | undefined;
  #isAtStart = true;

  constructor(label: unknown = 'utf-8', options?: { fatal?: unknown; ignoreBOM?: unknown }) {
    super();
    this.#encoding = encodingFor(`${label}`);
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreBOM = Boolean(options?.ignoreBOM);
  }

  get encoding(): string {
    return this.#encoding.name;
  }

  get fatal(): boolean {
    return this.#fatal;
  }

  get ignoreBOM(): boolean {
    return this.#ignoreBOM;
  }

  get [Symbol.toStringTag](): string {
    return 'TextDecoder';
  }

  decode(input?: Source, options?: { stream?: unknown }): string {
    const encoding = this.#encoding;
    const stream = Boolean(options?.stream);
    let bytes = this.#withPending(bytesOf(input));
    const open = stream ? encoding.unfinished(bytes) : 0;
    if (open > 0) {
      this.#pending = bytes.slice(bytes.length - open);
      bytes = bytes.subarray(0, bytes.length - open);
    }
    // Before the first character, a byte order mark may still follow.
    const isAtStart = this.#isAtStart;
    this.#isAtStart = !stream || (isAtStart && bytes.length === 0);
    if (isAtStart && !this.#ignoreBOM && beginsWith(bytes, encoding.mark)) {
      bytes = bytes.subarray(encoding.mark.length);
    }
    try {
      return encoding.decode(bytes, this.#fatal);
    } catch (error) {
      this.#pending = undefined;
      throw error;
    }
  }

  #withPending(bytes: Uint8Array): Uint8Array {
    const pending = this.#pending;
    if (pending === undefined) return bytes;
    this.#pending = undefined;
    const joined = new Uint8Array(pending.length + bytes.length);
    joined.set(pending);
    joined.set(bytes, pending.length);
    return joined;
  }
}

function bytesOf(input: Source): Uint8Array {
  if (input === undefined) return new Uint8Array();
  if (input instanceof Uint8Array) return input;
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  throw new TypeError('The "input" argument must be an ArrayBuffer or a view of one');
}

function beginsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.length > 0 && bytes[0] === mark[0] && mark.every((byte, i) => bytes[i] === byte);
}

export default function install(host: FeatureHost): void {
  host.refuse(TextEncoder.prototype, 'a TextEncoder');
  host.refuse(TextDecoder.prototype, 'a TextDecoder');
  host.define('TextEncoder', asInterface(TextEncoder));
  host.define('TextDecoder', asInterface(TextDecoder));
}
