import { types } from 'node:util';

import { invalidArgument } from '../../config/check.js';
import { isSmallAndPlain } from './small-json.js';

/** Options of {@link toJson}. */
export interface ToJsonOptions {
  /** Maximum length of the text in bytes of UTF-8, at least 64. @default 1 MiB */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 1024 * 1024;
const MIN_MAX_BYTES = 64;
/** Reserved in every open object and array: for the mark that it is cut, and its end. */
const CUT_BYTES = 32;
/** For the quotes of a string, and the text that says how much is left out. */
const TEXT_CUT_BYTES = 40;
const MAX_DEPTH = 1_000;
/** The maximum number of property names that are listed in total: an object lists all its names at once. */
const MAX_NAMES = 200_000;
/** Larger numbers take longer in decimal than in hexadecimal. */
const DECIMAL_BITS = 4_096n;
const FIRST_BYTES = 1_024;
const LONG_TEXT = 64;
const BASE64_BYTES = 3;
const BASE64_CHARACTERS = 4;

/**
 * Converts a result, or any value of a VM, to JSON for server responses and logs. The text is never longer
 * than `maxBytes`, whatever the handler returned, and its time depends only on its length: an object that
 * occurs 2⁴⁰ times does no harm.
 *
 * It is written as by JSON.stringify, with these additions:
 * - Map: `{ "$map": [[key, value], …] }`; Set: `{ "$set": [item, …] }`
 * - BigInt: `{ "$bigint": "123" }`, a very large one in hexadecimal: `"0x…"`
 * - Date: its ISO string, null if it is invalid
 * - Uint8Array and ArrayBuffer: `{ "$bytes": "base64" }`; other typed arrays: `{ "$Float64Array": [0.5, …] }`
 * - Error: `{ "$error": { "name", "message", …its own fields } }`, `cause` and `errors` among them, without
 *   its stack
 *
 * Cut values are marked. The last item of a cut array is `{ "$cut": n }`, and a cut object has a property
 * `"$cut": n`, for n items or properties that are left out (`true` for an object without any content). A cut
 * string ends with `…` and the number of characters that are left out. A property of the handler may have the
 * same name.
 *
 * @param value a result, or a part of one
 * @throws NexusError INVALID_ARGUMENT if `maxBytes` is not a whole number of at least 64
 *
 * @example response.end(toJson(await runtime.executeHandler(code), { maxBytes: 64 * 1024 }));
 */
export function toJson(value: unknown, options: ToJsonOptions = {}): string {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < MIN_MAX_BYTES) {
    throw invalidArgument('maxBytes', maxBytes, `a whole number from ${MIN_MAX_BYTES}`);
  }
  if (isSmallAndPlain(value, maxBytes)) return JSON.stringify(value);
  return new JsonWriter(maxBytes).write(value);
}

/** An object or array that is being written. */
class Level {
  readonly close: string;
  /** The items, an iterator of them, or the object with the fields in {@link names}. */
  readonly source: ArrayLike<unknown> | Iterator<unknown> | Record<string, unknown>;
  readonly kind: 'items' | 'iterator' | 'fields';
  readonly names: readonly string[];
  readonly count: number;
  /** Items or properties that were started: written or skipped. */
  begun = 0;
  isEmpty = true;

  constructor(
    kind: Level['kind'],
    source: Level['source'],
    count: number,
    close: string,
    names: readonly string[] = NO_NAMES,
  ) {
    this.kind = kind;
    this.source = source;
    this.count = count;
    this.close = close;
    this.names = names;
  }
}

const NO_NAMES: readonly string[] = [];

class JsonWriter {
  readonly #maxBytes: number;
  /** The text in UTF-8: joining strings would create far more garbage. */
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  readonly #levels: Level[] = [];
  #bytes = 0;
  #namesLeft = MAX_NAMES;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  write(value: unknown): string {
    if (!this.#value('', 0, value)) this.#add('null');
    while (this.#levels.length > 0) this.#goOn(this.#levels[this.#levels.length - 1] as Level);
    return this.#buffer.toString('utf8', 0, this.#bytes);
  }

  #goOn(level: Level): void {
    const index = level.begun++;
    if (index === level.count) {
      this.#levels.pop();
      this.#add(level.close);
      return;
    }
    const comma = level.isEmpty ? '' : ',';
    if (level.kind === 'fields') {
      const name = level.names[index] as string;
      const value = (level.source as Record<string, unknown>)[name];
      if (isAbsent(value)) return;
      // A name that is too long is not even quoted.
      const before = name.length > this.#room ? undefined : `${comma}${JSON.stringify(name)}:`;
      if (before === undefined || !this.#value(before, utf8Bytes(before), value)) this.#cut(level, level.count - index);
    } else {
      const { source } = level;
      const value =
        level.kind === 'items' ? (source as ArrayLike<unknown>)[index] : (source as Iterator<unknown>).next().value;
      if (!this.#value(comma, comma.length, value)) this.#cut(level, level.count - index);
    }
    level.isEmpty = false;
  }

  #cut(level: Level, left: number): void {
    this.#levels.pop();
    const comma = level.isEmpty ? '' : ',';
    this.#add(`${comma}${level.kind === 'fields' ? `"$cut":${left}` : `{"$cut":${left}}`}${level.close}`);
  }

  /** Bytes available for another value, so that all open objects can still be closed. */
  get #room(): number {
    return this.#maxBytes - this.#bytes - this.#levels.length * CUT_BYTES;
  }

  /** @param bytes of the text in UTF-8; its length if it is ASCII */
  #add(text: string, bytes = text.length): void {
    const at = this.#bytes;
    this.#bytes += bytes;
    if (this.#bytes > this.#buffer.length) this.#grow(at);
    if (bytes > LONG_TEXT || bytes > text.length) {
      this.#buffer.write(text, at, 'utf8');
      return;
    }
    for (let i = 0; i < bytes; i++) this.#buffer[at + i] = text.charCodeAt(i);
  }

  #grow(used: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes, this.#buffer.length * 2));
    larger.set(this.#buffer.subarray(0, used));
    this.#buffer = larger;
  }

  /**
   * Writes a value, or the start of one.
   *
   * @returns whether there was room for it
   */
  #value(before: string, beforeBytes: number, value: unknown): boolean {
    const room = this.#room - beforeBytes;
    if (typeof value === 'object' && value !== null) return this.#object(before, beforeBytes, value, room);
    const text = leaf(value, room);
    if (text === undefined) return false;
    const bytes = utf8Bytes(text);
    if (bytes > room) return false;
    if (beforeBytes > 0) this.#add(before, beforeBytes);
    this.#add(text, bytes);
    return true;
  }

  #object(before: string, beforeBytes: number, value: object, room: number): boolean {
    // perf: the most frequent kinds first, because the other checks are calls into native code.
    const isCommon = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
    if (!isCommon && types.isDate(value)) {
      return this.#value(before, beforeBytes, Number.isNaN(value.getTime()) ? null : value.toISOString());
    }
    if (!isCommon && types.isRegExp(value)) {
      const text = quoted(String(value), room - '{"$regexp":}'.length);
      if (text === undefined) return false;
      this.#add(before, beforeBytes);
      const json = `{"$regexp":${text}}`;
      this.#add(json, utf8Bytes(json));
      return true;
    }
    if (room < CUT_BYTES * 2) return false;
    if (!isCommon && (value instanceof Uint8Array || types.isAnyArrayBuffer(value))) {
      const text = bytesOf(value instanceof Uint8Array ? value : new Uint8Array(value), room);
      this.#add(before, beforeBytes);
      this.#add(text);
      return true;
    }
    const isCut = this.#levels.length >= MAX_DEPTH || this.#namesLeft <= 0;
    const open = isCut ? '{"$cut":true}' : this.#open(value, isCommon);
    if (beforeBytes > 0) this.#add(before, beforeBytes);
    this.#add(open);
    return true;
  }

  /** Starts an object; returns its opening text, or the whole text of an empty one. */
  #open(value: object, isCommon: boolean): string {
    if (Array.isArray(value))
      return value.length === 0 ? '[]' : this.#begin('[', new Level('items', value, value.length, ']'));
    if (isCommon) return this.#fields(value, false);
    if (types.isMap(value)) return this.#begin('{"$map":[', new Level('iterator', value.entries(), value.size, ']}'));
    if (types.isSet(value)) return this.#begin('{"$set":[', new Level('iterator', value.values(), value.size, ']}'));
    if (ArrayBuffer.isView(value)) {
      const items = value as Float64Array;
      return this.#begin(`{"$${nameOf(value)}":[`, new Level('items', items, items.length ?? 0, ']}'));
    }
    return this.#fields(value, types.isNativeError(value) || value instanceof Error);
  }

  #fields(value: object, isError: boolean): string {
    const names = isError ? errorNames(value) : Object.keys(value);
    this.#namesLeft -= names.length;
    const fields = value as Record<string, unknown>;
    const close = isError ? '}}' : '}';
    return this.#begin(isError ? '{"$error":{' : '{', new Level('fields', fields, names.length, close, names));
  }

  #begin(open: string, level: Level): string {
    if (level.count === 0) return open + level.close;
    this.#levels.push(level);
    return open;
  }
}

function utf8Bytes(text: string): number {
  return isAscii(text) ? text.length : Buffer.byteLength(text);
}

/** perf: a loop is faster than a call into native code for short texts. */
function isAscii(text: string): boolean {
  if (text.length > LONG_TEXT) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}

/** Enumerable own fields, and the hidden fields of an error. */
function errorNames(error: object): string[] {
  const own = Object.keys(error).filter((name) => name !== 'name' && name !== 'message' && name !== 'stack');
  const hidden = ['cause', 'errors'].filter((name) => Object.hasOwn(error, name) && !own.includes(name));
  return ['name', 'message', ...own, ...hidden];
}

function nameOf(view: ArrayBufferView): string {
  return (view as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? 'DataView';
}

/** Whether JSON.stringify leaves it out of an object. */
function isAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol';
}

/** @returns undefined if there is not even room for a part of it */
function leaf(value: unknown, room: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return quoted(value, room);
    case 'bigint':
      return bigInt(value, room);
    case 'number':
    case 'boolean':
      return JSON.stringify(value);
    default:
      return 'null';
  }
}

/** A string, or as much of it as fits. */
function quoted(text: string, room: number): string | undefined {
  if (text.length + 2 <= room) {
    const whole = JSON.stringify(text);
    if (Buffer.byteLength(whole) <= room) return whole;
  }
  let length = Math.min(text.length, room - TEXT_CUT_BYTES);
  while (length > 0) {
    const part = JSON.stringify(`${text.slice(0, length)}… ${text.length - length} more characters`);
    const bytes = Buffer.byteLength(part);
    if (bytes <= room) return part;
    length = Math.min(length - 1, Math.floor((length * room) / bytes) - 1);
  }
  return undefined;
}

function bigInt(value: bigint, room: number): string | undefined {
  const isLarge = BigInt.asIntN(Number(DECIMAL_BITS), value) !== value;
  const digits = isLarge ? `${value < 0n ? '-' : ''}0x${(value < 0n ? -value : value).toString(16)}` : String(value);
  const text = quoted(digits, room - '{"$bigint":}'.length);
  return text === undefined ? undefined : `{"$bigint":${text}}`;
}

/** Bytes as base64, or as many as fit. */
function bytesOf(bytes: Uint8Array, room: number): string {
  const fitting = Math.floor((room - CUT_BYTES) / BASE64_CHARACTERS) * BASE64_BYTES;
  const part = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, Math.max(0, fitting)));
  const left = bytes.length - part.length;
  return `{"$bytes":"${part.toString('base64')}"${left > 0 ? `,"$cut":${left}` : ''}}`;
}
