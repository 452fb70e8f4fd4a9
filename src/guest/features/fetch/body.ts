import { decodeUtf8, encodeUtf8 } from '../encoding/utf8.js';
import { Opaque } from '../opaque.js';

type Class = abstract new (...args: never) => object;

/** The content of a Request or a Response. There are no streams: it is there as a whole, or not at all. */
export interface Content {
  readonly bytes: Uint8Array;
  /** For the header `content-type`, unless there is one. */
  readonly type: string | undefined;
}

/** The bytes of a body, which its owner has not been asked for. Its text and so on can still be read. */
export let bytesOf: (body: BodyMixin) => Uint8Array | undefined;

/** https://fetch.spec.whatwg.org/#body-mixin, without streams, blobs and forms. */
export class BodyMixin extends Opaque {
  #bytes: Uint8Array | undefined;
  #isUsed = false;

  static {
    bytesOf = (body) => {
      body.#requireUnused();
      return body.#bytes;
    };
  }

  constructor(bytes: Uint8Array | undefined) {
    super();
    this.#bytes = bytes;
  }

  /** Streams do not exist: what has no body says so, and what has one is read as a whole. */
  get body(): null {
    if (this.#bytes === undefined) return null;
    throw new TypeError('There are no streams; read the body with text(), json(), arrayBuffer() or bytes()');
  }

  get bodyUsed(): boolean {
    return this.#isUsed;
  }

  async text(): Promise<string> {
    return this.#text();
  }

  async json(): Promise<unknown> {
    return JSON.parse(this.#text());
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#take().buffer as ArrayBuffer;
  }

  async bytes(): Promise<Uint8Array> {
    return this.#take();
  }

  #text(): string {
    const bytes = this.#take();
    const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    return decodeUtf8(hasMark ? bytes.subarray(3) : bytes, false);
  }

  /** A copy: the content of a clone is its own. */
  #take(): Uint8Array {
    this.#requireUnused();
    if (this.#bytes === undefined) return new Uint8Array(0);
    this.#isUsed = true;
    return this.#bytes.slice();
  }

  #requireUnused(): void {
    if (this.#isUsed) throw new TypeError('The body has already been read');
  }
}

/** @returns undefined if there is none */
export function contentOf(value: unknown, URLSearchParams: Class): Content | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'object') {
    if (value instanceof URLSearchParams) {
      const type = 'application/x-www-form-urlencoded;charset=UTF-8';
      return { bytes: encodeUtf8(`${value as unknown as string}`), type };
    }
    if (value instanceof ArrayBuffer) return { bytes: new Uint8Array(value.slice(0)), type: undefined };
    if (ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
      return { bytes, type: undefined };
    }
    const text = `${value as unknown as string}`;
    // As a text it would be sent without its content.
    if (text === '[object Object]')
      throw new TypeError('A body is a text or bytes; JSON.stringify() makes a text of an object');
    return { bytes: encodeUtf8(text), type: 'text/plain;charset=UTF-8' };
  }
  return { bytes: encodeUtf8(`${value as string}`), type: 'text/plain;charset=UTF-8' };
}
