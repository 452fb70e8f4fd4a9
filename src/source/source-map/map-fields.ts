/** Where a value is in the JSON, as indices of bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** More files than any bundle of a handler has. */
export const MAX_SOURCES = 20_000;
/** Reading so many bytes takes less than a millisecond. */
const BYTES_AT_ONCE = 256 * 1024;
const MAX_KEY_BYTES = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const SPACE = 0x20;

/**
 * Finds the fields of a source map in its JSON, without decoding any of them: `JSON.parse` of four megabytes that consist of brackets
 * takes half a second and cannot be interrupted.
 */
export class MapFields {
  readonly json: Uint8Array;
  /** The values of the map itself, by name. */
  readonly fields = new Map<string, ByteRange>();
  /** The items of the two lists. */
  readonly sources: ByteRange[] = [];
  readonly contents: ByteRange[] = [];
  #at = 0;
  #depth = 0;
  #isText = false;
  #isEscaped = false;
  /** Of the key, or of the item of a list. */
  #start = 0;
  #valueStart = 0;
  /** Of the value that is read. */
  #key: string | undefined;
  #isBroken = false;

  constructor(json: Uint8Array) {
    this.json = json;
  }

  /** Reads some more bytes; returns whether there is nothing left to read. */
  readSome(): boolean {
    const end = Math.min(this.#at + BYTES_AT_ONCE, this.json.length);
    while (this.#at < end && !this.#isBroken) {
      if (this.#isText) this.#skipText(end);
      else this.#readMark(this.json[this.#at++] as number);
    }
    return this.#isBroken || this.#at === this.json.length;
  }

  /** Whether all of it was read, and brackets and quotes have their ends. */
  get isWhole(): boolean {
    return !this.#isBroken && this.#depth === 0 && !this.#isText && this.#at === this.json.length;
  }

  /** The value of a text. Undefined for another value, and for a text of more bytes than given. */
  textOf(range: ByteRange | undefined, maxBytes: number): string | undefined {
    if (range === undefined || range.end - range.start > maxBytes) return undefined;
    const bytes = trimmed(this.json, range);
    // Then the parser ends with the text, or fails behind it.
    if (bytes[0] !== QUOTE) return undefined;
    try {
      return JSON.parse(new TextDecoder().decode(bytes)) as string;
    } catch {
      return undefined;
    }
  }

  /** The bytes of a value without the white space around it. */
  bytesOf(range: ByteRange): Uint8Array {
    return trimmed(this.json, range);
  }

  #skipText(end: number): void {
    for (; this.#at < end; this.#at++) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (this.json[this.#at] === BACKSLASH) this.#isEscaped = true;
      else if (this.json[this.#at] === QUOTE) {
        this.#isText = false;
        this.#at++;
        return;
      }
    }
  }

  #readMark(byte: number): void {
    if (byte === QUOTE) this.#isText = true;
    else if (byte === COLON) this.#endKey();
    else if (byte === COMMA) this.#endValue();
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#open(byte);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      this.#endValue(byte);
      if (--this.#depth < 0) this.#isBroken = true;
    }
  }

  #open(byte: number): void {
    if (this.#depth === 0 && (byte !== OPEN_OBJECT || this.fields.size > 0)) this.#isBroken = true;
    this.#depth++;
    if (this.#depth === 1 || (this.#depth === 2 && this.#list !== undefined)) this.#start = this.#at;
  }

  #endKey(): void {
    if (this.#depth !== 1 || this.#key !== undefined) return;
    this.#key = this.textOf({ start: this.#start, end: this.#at - 1 }, MAX_KEY_BYTES) ?? '';
    this.#valueStart = this.#at;
  }

  #endValue(close?: number): void {
    const end = this.#at - 1;
    if (this.#depth === 2) {
      const list = this.#list;
      if (list === undefined) return;
      const range = { start: this.#start, end };
      this.#start = this.#at;
      // An empty list has no item.
      if (close !== undefined && list.length === 0 && trimmed(this.json, range).length === 0) return;
      list.push(range);
      if (list.length > MAX_SOURCES) this.#isBroken = true;
    } else if (this.#depth === 1) {
      if (this.#key !== undefined) this.fields.set(this.#key, { start: this.#valueStart, end });
      this.#key = undefined;
      this.#start = this.#at;
    }
  }

  get #list(): ByteRange[] | undefined {
    if (this.#key === 'sources') return this.sources;
    return this.#key === 'sourcesContent' ? this.contents : undefined;
  }
}

function trimmed(json: Uint8Array, { start, end }: ByteRange): Uint8Array {
  while (start < end && (json[start] as number) <= SPACE) start++;
  while (start < end && (json[end - 1] as number) <= SPACE) end--;
  return json.subarray(start, end);
}
