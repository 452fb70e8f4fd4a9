import { types } from 'node:util';

import { invalidArgument } from '../../config/check.js';

/** Options of {@link toJson}. */
export interface ToJsonOptions {
  /** Of the text in UTF-8, at most. From 64. @default 1 MiB */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 1024 * 1024;
const MIN_MAX_BYTES = 64;
/** Kept free in every object and array that is open: what says that it is cut, and its end. */
const CUT_BYTES = 32;
/** Quotes, and what says how much is left out of a text. */
const TEXT_CUT_BYTES = 40;
const MAX_DEPTH = 1_000;
/** Names of properties that are listed in all: an object tells all of its names at once. */
const MAX_NAMES = 200_000;
/** More digits take longer in decimal than in hexadecimal. */
const DECIMAL_BITS = 4_096n;
const FIRST_BYTES = 1_024;
const LONG_TEXT = 64;
const BASE64_BYTES = 3;
const BASE64_CHARACTERS = 4;

/**
 * JSON of a result, or of any value that came out of a VM, for answers of servers and for logs. The text is never longer than `maxBytes`,
 * whatever the handler returned, and takes time by its own length alone: an object that occurs 2⁴⁰ times does no harm.
 *
 * As JSON.stringify writes it, and:
 * - Map: `{ "$map": [[key, value], …] }`; Set: `{ "$set": [item, …] }`
 * - BigInt: `{ "$bigint": "123" }`, a very large one in hexadecimal: `"0x…"`
 * - Date: its ISO text, null if it is invalid
 * - Uint8Array and ArrayBuffer: `{ "$bytes": "base64" }`; other typed arrays: `{ "$Float64Array": [0.5, …] }`
 * - RegExp: `{ "$regexp": "/source/flags" }`
 * - Error: `{ "$error": { "name", "message", …its own fields } }`, `cause` and `errors` among them, without its stack
 *
 * What is cut says so: the last item of an array is `{ "$cut": n }`, and an object has a property `"$cut": n`, for n items or
 * properties that are left out (`true` for an object of which nothing is there); a text ends with `…` and the number of characters that
 * are left out. A property of the handler's own may have the same name.
 *
 * @param value a result, or a part of one
 * @throws NexusError INVALID_ARGUMENT when `maxBytes` is no whole number from 64
 *
 * @example
 * response.end(toJson(await runtime.executeHandler(code), { maxBytes: 64 * 1024 }));
 */
export function toJson(value: unknown, options: ToJsonOptions = {}): string {
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < MIN_MAX_BYTES) {
    throw invalidArgument('maxBytes', maxBytes, `a whole number from ${MIN_MAX_BYTES}`);
  }
  return new JsonWriter(maxBytes).write(value);
}

/** An object or array that is being written. */
class Level {
  readonly close: string;
  /** Items, an iterator of them, or the object with the fields that {@link names} are of. */
  readonly source: ArrayLike<unknown> | Iterator<unknown> | Record<string, unknown>;
  readonly kind: 'items' | 'iterator' | 'fields';
  readonly names: readonly string[];
  readonly count: number;
  /** Items or properties that were begun, written or passed over. */
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
  /** The text, in UTF-8: joining strings would make far more garbage. */
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

  /** Bytes for one more value: what is open can be ended behind it. */
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
   * Writes a value, or the beginning of one.
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
    // What most are first: the other questions are calls into native code.
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

  /** Begins an object; returns what it begins with, or all of one that is empty. */
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

/** A loop is faster than a call into native code, for texts as short as most are. */
function isAscii(text: string): boolean {
  if (text.length > LONG_TEXT) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}

/** Own fields that are listed, and those that an error hides. */
function errorNames(error: object): string[] {
  const own = Object.keys(error).filter((name) => name !== 'name' && name !== 'message' && name !== 'stack');
  const hidden = ['cause', 'errors'].filter((name) => Object.hasOwn(error, name) && !own.includes(name));
  return ['name', 'message', ...own, ...hidden];
}

function nameOf(view: ArrayBufferView): string {
  return (view as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? 'DataView';
}

/** As JSON.stringify leaves it out of an object. */
function isAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'function' || typeof value === 'symbol';
}

/** @returns undefined when there is not even room for a part of it */
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

/** A string, or as much of it as there is room for. */
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

/** Bytes as base64, or as many as there is room for. */
function bytesOf(bytes: Uint8Array, room: number): string {
  const fitting = Math.floor((room - CUT_BYTES) / BASE64_CHARACTERS) * BASE64_BYTES;
  const part = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, Math.max(0, fitting)));
  const left = bytes.length - part.length;
  return `{"$bytes":"${part.toString('base64')}"${left > 0 ? `,"$cut":${left}` : ''}}`;
}
