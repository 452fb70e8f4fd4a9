import { types } from 'node:util';

import { ByteWriter, TooManyBytesError } from './byte-writer.js';
import { Level, LevelKind } from './encoding-levels.js';
import { FIXED_LENGTH, FORMAT_VERSION, MARKER_NUMBER, MAX_DEPTH, pathStep, Tag } from './format.js';
import { FORM_ITEMS_AT, type Form, FormKind, formOf } from './forms.js';
import { isPlainObject, lookedUpAs, nameIndex, typedArrayNumber } from './host-values.js';
import { Numbering } from './numbering.js';

/** A value that cannot cross into the VM. `path` starts with what the encoder was told the root is called. */
export class UncrossableValueError extends Error {
  readonly path: string;
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(`${path} ${reason}`);
    this.path = path;
    this.reason = reason;
  }
}

/** Buffers are not grown in smaller steps; the exact check is the caller's. */
const MIN_LIMIT_BYTES = 64 * 1024;
/** Marker, whether objects are shared, places. */
const DOCUMENT_EXTRAS = 3;
/** What a value counts beyond its bytes: some take longer to encode than their bytes say. */
const EXTRA_BYTES = { object: 14, name: 48, bigInt: 6, bytes: 32, form: 48, error: 112 } as const;
/** Work between two looks at the clock, in values. */
const VALUES_PER_LOOK = 256;
const WORK_PER_FORM = 16;
const BYTES_PER_WORK = 64;
const INT64_BITS = 64;

/** A place that holds a {@link Form}: the number of the object it is in, and the key there. */
type Place = readonly [parent: number, key: string | number];

/**
 * Encodes plain values for the engine: JSON, undefined, NaN, infinities, -0, BigInt, Date, ArrayBuffer and typed arrays; in a
 * document also Map, Set and Error. Objects that occur more than once stay one object. Strings keep lone surrogates.
 */
export class ValueEncoder {
  readonly #header = new ByteWriter();
  readonly #body = new ByteWriter();
  readonly #names = new ByteWriter();
  readonly #nameNumbers = new Numbering<string>();
  readonly #references = new Numbering<object>();
  /** Objects on the way from the root to the current value, and what was written of each. Used again, level by level. */
  readonly #levels: Level[] = [];
  #depth = 0;
  #referenceCount = 0;
  #isDocument = false;
  #roots: readonly string[] = [];
  /** Objects from this number on belong to the field, or key of the first field, that is being written. */
  #ownFrom = 0;
  #isShared = false;
  readonly #places: Place[] = [];
  #placesWritten = -1;
  /** Numbers of the objects that are forms, in order. */
  readonly #forms: number[] = [];
  #extraBytes = 0;
  #maxBytes = Number.POSITIVE_INFINITY;
  #work = 0;

  /**
   * @param root what the path in an error begins with
   * @throws UncrossableValueError naming the path of a function, symbol, cycle or class instance, or of an accessor that throws
   */
  encode(value: unknown, root: string): Uint8Array {
    this.#begin();
    this.#roots = [root];
    try {
      this.#value(value);
      this.#goOn(Number.POSITIVE_INFINITY);
    } catch (error) {
      throw this.#refusal(error);
    }
    return this.finish();
  }

  /**
   * Encodes several values as one document: an array of the marker, the fields, whether an object occurs under more
   * than one field (or key of the first field), and the places of the forms (see `format.ts`).
   *
   * @param roots for each field what the path in an error begins with; the last one is that of all further fields, too
   * @param maxBytes a value that takes much more is given up on the way, not after
   */
  encodeFields(fields: readonly unknown[], roots: readonly string[], maxBytes: number): Uint8Array {
    this.beginFields(fields, roots, maxBytes);
    this.run();
    return this.finish();
  }

  /** {@link encodeFields} in slices: then {@link run} until it is done, and {@link finish}. */
  beginFields(fields: readonly unknown[], roots: readonly string[], maxBytes: number): void {
    this.#begin();
    this.#isDocument = true;
    this.#roots = roots;
    this.#maxBytes = Math.max(maxBytes, MIN_LIMIT_BYTES);
    this.#body.limit = this.#maxBytes;
    this.#body.u8(Tag.array);
    this.#body.unsigned(fields.length + DOCUMENT_EXTRAS);
    this.#body.u8(Tag.object);
    this.#body.unsigned(0);
    this.#referenceCount = MARKER_NUMBER + 1;
    this.#enter(LevelKind.document, fields, fields.length, 0);
  }

  /** What the value counts: its bytes, and more where it takes longer to encode than these say. */
  get countedBytes(): number {
    return this.#header.length + this.#names.length + this.#body.length + this.#extraBytes;
  }

  /**
   * Goes on with the fields. The values must not change before it is done.
   *
   * @param until on the clock of `performance.now()`
   * @returns whether it is done
   */
  run(until = Number.POSITIVE_INFINITY): boolean {
    this.#work = VALUES_PER_LOOK;
    try {
      return this.#goOn(until) && this.#writeEnd(until);
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  finish(): Uint8Array {
    this.#header.reset();
    this.#header.u8(FORMAT_VERSION);
    this.#header.unsigned(this.#nameNumbers.size);
    // From Node's pool, and written in full.
    const encoded = Buffer.allocUnsafe(this.#header.length + this.#names.length + this.#body.length);
    this.#header.copyInto(encoded, 0);
    this.#names.copyInto(encoded, this.#header.length);
    this.#body.copyInto(encoded, this.#header.length + this.#names.length);
    this.#forget();
    return encoded;
  }

  /** Keeps nothing of the caller's values alive. */
  #forget(): void {
    for (const level of this.#levels) {
      if (level.value === undefined && level.items === NO_ITEMS) break;
      level.value = undefined;
      level.items = NO_ITEMS;
    }
    this.#references.clear();
  }

  #begin(): void {
    this.#body.reset();
    this.#names.reset();
    this.#nameNumbers.clear();
    this.#forget();
    this.#depth = 0;
    this.#body.limit = Number.POSITIVE_INFINITY;
    this.#maxBytes = Number.POSITIVE_INFINITY;
    this.#extraBytes = 0;
    this.#referenceCount = 0;
    this.#isDocument = false;
    this.#ownFrom = 0;
    this.#isShared = false;
    this.#places.length = 0;
    this.#placesWritten = -1;
    this.#forms.length = 0;
  }

  /** Writes what is left of the objects on the way. */
  #goOn(until: number): boolean {
    while (this.#depth > 0) {
      if (--this.#work < 0 && !this.#mayGoOn(until)) return false;
      const level = this.#levels[this.#depth - 1] as Level;
      if (level.index === level.count) {
        this.#leave(level);
        continue;
      }
      const index = level.index++;
      switch (level.kind) {
        case LevelKind.array:
          level.key = index;
          this.#value((level.value as readonly unknown[])[index]);
          break;
        case LevelKind.record: {
          const key = level.items[index] as string;
          level.key = key;
          if (level.isFirstField) this.#ownFrom = this.#referenceCount;
          this.#body.unsigned(nameIndex(key) ?? this.#nameNumber(key));
          this.#value((level.value as Record<string, unknown>)[key]);
          break;
        }
        case LevelKind.document:
          level.key = index + 1;
          this.#ownFrom = this.#referenceCount;
          this.#value(level.items[index]);
          break;
        default:
          level.key = index + FORM_ITEMS_AT;
          this.#value(level.items[index]);
      }
    }
    return true;
  }

  #mayGoOn(until: number): boolean {
    this.#work = VALUES_PER_LOOK;
    if (this.#body.length + this.#extraBytes > this.#maxBytes) throw new TooManyBytesError();
    return until === Number.POSITIVE_INFINITY || performance.now() < until;
  }

  #enter(kind: number, value: unknown, count: number, number: number): Level {
    const level = this.#levels[this.#depth] ?? new Level();
    this.#levels[this.#depth] = level;
    this.#depth++;
    level.kind = kind;
    level.value = value;
    level.items = kind === LevelKind.document ? (value as readonly unknown[]) : NO_ITEMS;
    level.count = count;
    level.index = 0;
    level.number = number;
    level.stride = 1;
    level.isFirstField = false;
    return level;
  }

  #leave(level: Level): void {
    level.value = undefined;
    level.items = NO_ITEMS;
    this.#depth--;
    // After what is inside, so that the guest makes that first.
    if (level.kind === LevelKind.form) this.#notePlace();
  }

  /** The value that is being written is a form. */
  #notePlace(): void {
    const { number, key } = this.#levels[this.#depth - 1] as Level;
    this.#places.push([number, key]);
  }

  /** Writes a value, or the beginning of one. */
  #value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#body.u8(Tag.string);
        this.#body.string(value);
        this.#work -= value.length / BYTES_PER_WORK;
        return;
      case 'number':
        this.#number(value);
        return;
      case 'boolean':
        this.#body.u8(value ? Tag.true : Tag.false);
        return;
      case 'undefined':
        this.#body.u8(Tag.undefined);
        return;
      case 'bigint':
        this.#bigInt(value);
        return;
      case 'object':
        if (value === null) this.#body.u8(Tag.null);
        else this.#object(value);
        return;
      default:
        throw new Uncrossable(`is a ${typeof value}, which cannot enter the VM`);
    }
  }

  #number(value: number): void {
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.#body.u8(Tag.int32);
      this.#body.zigzag(value);
    } else {
      this.#body.u8(Tag.float64);
      this.#body.f64(value);
    }
  }

  /** Two's complement in as few bytes as hold the sign. */
  #bigInt(value: bigint): void {
    this.#body.u8(Tag.bigInt);
    this.#extraBytes += EXTRA_BYTES.bigInt;
    if (BigInt.asIntN(INT64_BITS, value) === value) {
      this.#body.bigInt64(value);
      return;
    }
    const magnitude = value < 0n ? -value - 1n : value;
    // The sign takes a bit of its own.
    const digits = magnitude.toString(16);
    const isHighDigit = digits.charCodeAt(0) > 0x37;
    const bytes = Math.floor((digits.length + (isHighDigit ? 1 : 0) + 1) / 2);
    const hex = BigInt.asUintN(bytes * 8, value)
      .toString(16)
      .padStart(bytes * 2, '0');
    this.#body.unsigned(bytes);
    this.#body.raw(Buffer.from(hex, 'hex').reverse());
    this.#work -= bytes / BYTES_PER_WORK;
  }

  #object(value: object): void {
    const seen = this.#references.numberOf(value);
    if (seen !== undefined) {
      if (this.#isOpen(seen)) throw new Uncrossable('refers back to an object that contains it (a cycle)');
      this.#body.u8(Tag.reference);
      this.#body.unsigned(seen);
      if (seen < this.#ownFrom) this.#isShared = true;
      if (isAmong(this.#forms, seen)) this.#notePlace();
      return;
    }
    if (this.#depth - (this.#isDocument ? 1 : 0) >= MAX_DEPTH) {
      throw new Uncrossable(`is nested deeper than ${MAX_DEPTH} levels`);
    }
    this.#extraBytes += EXTRA_BYTES.object;
    const number = this.#referenceCount++;
    this.#references.add(value, number);
    if (Array.isArray(value)) {
      this.#body.u8(Tag.array);
      this.#body.unsigned(value.length);
      this.#enter(LevelKind.array, value, value.length, number);
    } else if (isPlainObject(value)) this.#record(value, number);
    else this.#special(value, number);
  }

  /** Whether the object is on the way from the root. Each one there has a higher number than that around it. */
  #isOpen(number: number): boolean {
    let from = 0;
    let to = this.#depth;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const found = (this.#levels[middle] as Level).number;
      if (found === number) return true;
      if (found < number) from = middle + 1;
      else to = middle;
    }
    return false;
  }

  #record(value: object, number: number): void {
    const keys = Object.keys(value);
    this.#body.u8(Tag.object);
    this.#body.unsigned(keys.length);
    const isFirstField = this.#isDocument && this.#depth === 1 && number === MARKER_NUMBER + 1;
    const level = this.#enter(LevelKind.record, value, keys.length, number);
    level.items = keys;
    level.isFirstField = isFirstField;
  }

  #special(value: object, number: number): void {
    if (types.isDate(value)) {
      this.#body.u8(Tag.date);
      this.#body.u8(Tag.float64);
      this.#body.f64(value.getTime());
    } else if (ArrayBuffer.isView(value)) {
      this.#typedArray(value);
    } else if (types.isArrayBuffer(value)) {
      this.#arrayBuffer(new Uint8Array(value));
    } else {
      const form = this.#isDocument ? formOf(value) : undefined;
      if (form === undefined) {
        const name = Object.getPrototypeOf(value)?.constructor?.name;
        throw new Uncrossable(`is an instance of ${name || 'a class'}, which cannot enter the VM; pass a plain object`);
      }
      this.#form(form, number);
    }
  }

  #form({ kind, items, stride }: Form, number: number): void {
    this.#forms.push(number);
    this.#work -= WORK_PER_FORM;
    this.#extraBytes += kind === FormKind.error ? EXTRA_BYTES.error : EXTRA_BYTES.form;
    this.#body.u8(Tag.array);
    this.#body.unsigned(items.length + FORM_ITEMS_AT);
    this.#body.u8(Tag.reference);
    this.#body.unsigned(MARKER_NUMBER);
    this.#number(kind);
    const level = this.#enter(LevelKind.form, undefined, items.length, number);
    level.items = items;
    level.stride = stride;
  }

  /** Whether objects are shared, and the places of the forms. */
  #writeEnd(until: number): boolean {
    const places = this.#places;
    if (this.#placesWritten === -1) {
      this.#body.u8(this.#isShared ? Tag.true : Tag.false);
      this.#body.u8(places.length === 0 ? Tag.undefined : Tag.array);
      if (places.length > 0) this.#body.unsigned(places.length * 2);
      this.#placesWritten = 0;
    }
    while (this.#placesWritten < places.length) {
      if (--this.#work < 0 && !this.#mayGoOn(until)) return false;
      const [parent, key] = places[this.#placesWritten++] as Place;
      this.#body.u8(Tag.reference);
      this.#body.unsigned(parent);
      this.#value(key);
    }
    return true;
  }

  /** The view's own bytes cross, not the rest of its buffer. */
  #typedArray(view: ArrayBufferView): void {
    const number = typedArrayNumber(view);
    if (number === undefined) throw new Uncrossable('is a view that cannot enter the VM; pass a typed array');
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#body.u8(Tag.typedArray);
    this.#body.u8(number);
    this.#body.unsigned((view as Uint8Array).length);
    this.#body.unsigned(0);
    this.#referenceCount++;
    this.#arrayBuffer(bytes);
  }

  #arrayBuffer(bytes: Uint8Array): void {
    this.#extraBytes += EXTRA_BYTES.bytes;
    this.#work -= WORK_PER_FORM + bytes.length / BYTES_PER_WORK;
    this.#body.u8(Tag.arrayBuffer);
    this.#body.unsigned(bytes.length);
    this.#body.unsigned(FIXED_LENGTH);
    this.#body.raw(bytes);
  }

  #nameNumber(name: string): number {
    const key = lookedUpAs(name);
    const known = this.#nameNumbers.numberOf(key);
    if (known !== undefined) return known;
    // Zero is no atom; a number is shifted left by one, see nameIndex.
    const number = (this.#nameNumbers.size + 1) * 2;
    this.#nameNumbers.add(key, number);
    this.#names.string(name);
    this.#extraBytes += EXTRA_BYTES.name;
    return number;
  }

  #refusal(error: unknown): Error {
    if (error instanceof TooManyBytesError) return error;
    // Anything else was thrown by an accessor of the caller's, or a proxy.
    const reason = error instanceof Uncrossable ? error.reason : `cannot be read: ${String(error)}`;
    return new UncrossableValueError(this.#describePath(), reason);
  }

  #describePath(): string {
    const levels = this.#levels.slice(0, this.#depth);
    const at = this.#isDocument ? (levels[0]?.index ?? 1) - 1 : 0;
    const root = this.#roots[Math.min(at, this.#roots.length - 1)] ?? '';
    const steps = this.#isDocument ? levels.slice(1) : levels;
    return root + steps.map((level) => pathStep(level.step)).join('');
  }
}

const NO_ITEMS: readonly unknown[] = [];
/** @param numbers in rising order */
function isAmong(numbers: readonly number[], number: number): boolean {
  let from = 0;
  let to = numbers.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((numbers[middle] as number) < number) from = middle + 1;
    else to = middle;
  }
  return numbers[from] === number;
}

class Uncrossable extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}
