import { types } from 'node:util';
import { isPrepared } from '../../../api/context.js';
import { encodedBytes, jsonBytes } from '../../../api/encoded.js';
import { SLICE_LENGTH } from '../../../support/bytes/byte-slices.js';
import { performance } from '../../../support/timers.js';
import { FORMAT_VERSION, MARKER_NUMBER, MAX_DEPTH, Tag } from '../format.js';
import { FORM_ITEMS_AT, type Form, FormKind, formOf, JSON_FORM, type NumberPrepared } from '../forms.js';
import { isPlainObject, typedArrayNumber } from '../host-values.js';
import { LEFT_OUT } from '../left-out.js';
import { ByteWriter, TooManyBytesError } from './byte-writer.js';
import { copyInSlices } from './copy-in-slices.js';
import { BYTES_PER_WORK, EXTRA_BYTES, VALUES_PER_LOOK, WORK_PER_FORM } from './encoding-cost.js';
import { type Level, LevelKind, Levels } from './encoding-levels.js';
import { EncodingNames } from './encoding-names.js';
import { FormPlaces, type Place } from './form-places.js';
import { NOTHING, NodeWriter } from './node-writer.js';
import { NotTransferable, NotTransferableError } from './not-transferable.js';
import { ObjectNumbers } from './object-numbers.js';

/** Buffers grow at least by this; the caller makes the exact check. */
const MIN_LIMIT_BYTES = 64 * 1024;
/** Marker, whether objects are shared, places of forms. */
const DOCUMENT_EXTRAS = 3;

/**
 * Encodes plain values for the engine: JSON, undefined, NaN, infinities, -0, BigInt, Date, ArrayBuffer and typed arrays; in a
 * document also Map, Set, Error and RegExp. Objects that occur more than once stay one object. Strings keep lone surrogates.
 */
export class ValueEncoder {
  readonly #header = new ByteWriter();
  readonly #body = new NodeWriter();
  readonly #names = new EncodingNames();
  readonly #references = new ObjectNumbers();
  readonly #levels = new Levels();
  #referenceCount = 0;
  #isDocument = false;
  #roots: readonly string[] = [];
  /** Objects from this number on belong to the field, or key of the first field, that is being written. */
  #ownFrom = 0;
  #isShared = false;
  readonly #forms = new FormPlaces();
  #placesWritten = -1;
  #extraBytes = 0;
  #maxBytes = Number.POSITIVE_INFINITY;
  #work = 0;
  /** Called with each JSON text, where they may be. */
  #onJsonText: (() => void) | undefined;
  /** What `toJSON` returned, by what has the method; undefined when the method does not count. */
  #json: Map<object, unknown> | undefined;
  #numberPrepared: NumberPrepared | undefined;
  /** What {@link finishInSlices} has not finished. */
  #copying: Generator<undefined, Uint8Array> | undefined;

  /**
   * @param root the start of paths in errors
   * @throws NotTransferableError naming the path of a function, symbol, cycle or class instance, or of an
   *   accessor that throws
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
   * Encodes several values as one document: an array of the marker, the fields, whether an object occurs in
   * more than one field (or key of the first field), and the places of the forms (see `format.ts`).
   *
   * @param roots the start of paths in errors, for each field; the last one also for all further fields
   * @param maxBytes the encoding of a much larger value is stopped early
   * @param onJsonText called with each value of `json(text)`; without it, they are refused
   */
  encodeFields(
    fields: readonly unknown[],
    roots: readonly string[],
    maxBytes: number,
    honoursToJson = false,
    onJsonText?: () => void,
    numberPrepared?: NumberPrepared,
  ): Uint8Array {
    this.beginFields(fields, roots, maxBytes, honoursToJson, onJsonText);
    this.#numberPrepared = numberPrepared;
    this.run();
    return this.finish();
  }

  /** {@link encodeFields} in slices: then {@link run} until it is done, and {@link finish}. */
  beginFields(
    fields: readonly unknown[],
    roots: readonly string[],
    maxBytes: number,
    honoursToJson = false,
    onJsonText?: () => void,
  ): void {
    this.#begin();
    this.#isDocument = true;
    this.#onJsonText = onJsonText;
    if (honoursToJson) this.#json = new Map();
    this.#roots = roots;
    this.#maxBytes = Math.max(maxBytes, MIN_LIMIT_BYTES);
    this.#body.limit = this.#maxBytes;
    this.#body.begin(Tag.array, fields.length + DOCUMENT_EXTRAS);
    this.#body.begin(Tag.object, 0);
    this.#referenceCount = MARKER_NUMBER + 1;
    this.#levels.enter(LevelKind.document, undefined, fields.length, 0).items = fields;
  }

  /**
   * The counted size of the value: its bytes, plus more for values that take longer to encode than their size
   * suggests.
   */
  get countedBytes(): number {
    return this.#header.length + this.#names.byteLength + this.#countedSoFar;
  }

  /** Whether the object is part of what was encoded so far, before {@link finish}. */
  has(value: object): boolean {
    return this.#references.has(value);
  }

  /** All objects of what was encoded so far, if they are few. */
  get few(): readonly object[] | undefined {
    return this.#references.few;
  }

  /** Whether an object occurs in more than one field, or key of the first field, so far. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /**
   * Continues encoding the fields. A value that changes before its turn is written as it is then.
   *
   * @param until on the clock of `performance.now()`
   * @returns whether it has finished
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
    this.completeHeader();
    // From Node's pool, and written completely.
    return this.#finishAtOnce(Buffer.allocUnsafe(this.#byteLength));
  }

  /**
   * {@link finish} in slices: continues copying what was encoded.
   *
   * @param make makes the buffer of this many bytes
   * @param until on the clock of `performance.now()`
   * @returns undefined if it has not finished
   */
  finishInSlices<T extends Uint8Array>(make: (bytes: number) => T, until: number): T | undefined {
    if (this.#copying === undefined) {
      this.completeHeader();
      const bytes = this.#byteLength;
      if (bytes <= SLICE_LENGTH) return this.#finishAtOnce(make(bytes));
      const parts = [...this.#header.parts, ...this.#names.parts, ...this.#body.parts];
      this.#copying = copyInSlices(parts, make(bytes));
    }
    do {
      const { done, value } = this.#copying.next();
      if (done === true) {
        this.#copying = undefined;
        this.#forget();
        return value as T;
      }
    } while (performance.now() < until);
    return undefined;
  }

  #finishAtOnce<T extends Uint8Array>(encoded: T): T {
    const namesAt = this.#header.length;
    this.#header.copyInto(encoded, 0);
    this.#names.copyInto(encoded, namesAt);
    this.#body.copyInto(encoded, namesAt + this.#names.byteLength);
    this.#forget();
    return encoded;
  }

  get #byteLength(): number {
    return this.#header.length + this.#names.byteLength + this.#body.byteLength;
  }

  /** When everything is encoded: from now on {@link countedBytes} are all. */
  completeHeader(): void {
    this.#header.reset();
    this.#header.u8(FORMAT_VERSION);
    this.#header.unsigned(this.#names.size);
  }

  get #countedSoFar(): number {
    return this.#body.byteLength + this.#extraBytes + this.#names.size * EXTRA_BYTES.name;
  }

  /** Keeps none of the caller's values alive. */
  #forget(): void {
    this.#body.dropParts();
    this.#levels.forget();
    this.#references.clear();
    this.#json = undefined;
    this.#onJsonText = undefined;
    this.#numberPrepared = undefined;
  }

  #begin(): void {
    this.#body.reset();
    this.#names.reset();
    this.#forget();
    this.#body.limit = Number.POSITIVE_INFINITY;
    this.#maxBytes = Number.POSITIVE_INFINITY;
    this.#extraBytes = 0;
    this.#referenceCount = 0;
    this.#isDocument = false;
    this.#ownFrom = 0;
    this.#isShared = false;
    this.#forms.reset();
    this.#placesWritten = -1;
  }

  /** Continues writing the open objects. */
  #goOn(until: number): boolean {
    const levels = this.#levels;
    while (levels.depth > 0) {
      if (--this.#work < 0 && !this.#mayGoOn(until)) return false;
      const level = levels.top;
      if (level.index === level.count) {
        this.#leave(level);
        continue;
      }
      switch (level.kind) {
        case LevelKind.array:
        case LevelKind.record:
          this.#members(level);
          break;
        default:
          if (level.kind === LevelKind.document) this.#ownFrom = this.#referenceCount;
          this.#value(level.items[level.index++]);
      }
    }
    return true;
  }

  /** Some members of an array or record. */
  #members(level: Level): void {
    const body = this.#body;
    const { index } = level;
    const { length } = body;
    const value = level.kind === LevelKind.record ? body.members(level, this.#names) : body.items(level);
    this.#work -= level.index - index + (body.length - length) / BYTES_PER_WORK;
    if (value === NOTHING) return;
    if (level.isFirstField) this.#ownFrom = this.#referenceCount;
    this.#value(value);
  }

  #mayGoOn(until: number): boolean {
    this.#work = VALUES_PER_LOOK;
    this.#body.putAside();
    if (this.#countedSoFar > this.#maxBytes) throw new TooManyBytesError();
    return until === Number.POSITIVE_INFINITY || performance.now() < until;
  }

  #leave(level: Level): void {
    this.#levels.leave(level);
    // After the inner places, so that the guest creates inner values first.
    if (level.kind === LevelKind.form) this.#notePlace();
  }

  /** The value that is being written is a form. */
  #notePlace(): void {
    const { number, key } = this.#levels.top;
    this.#forms.places.push([number, key]);
  }

  /** Writes a value, or the start of one. */
  #value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#body.text(value);
        this.#work -= value.length / BYTES_PER_WORK;
        return;
      case 'number':
        this.#body.number(value);
        return;
      case 'boolean':
        this.#body.u8(value ? Tag.true : Tag.false);
        return;
      case 'undefined':
        this.#body.u8(Tag.undefined);
        return;
      case 'bigint':
        this.#extraBytes += EXTRA_BYTES.bigInt;
        this.#work -= this.#body.bigInt(value) / BYTES_PER_WORK;
        return;
      case 'object':
        if (value === null) this.#body.u8(Tag.null);
        else if (this.#json === undefined) this.#object(value);
        else this.#jsonObject(value, this.#json);
        return;
      default:
        throw new NotTransferable(`is a ${typeof value}, which cannot enter the VM`);
    }
  }

  /** @param known what `toJSON` returned before: an object that occurs twice stays one */
  #jsonObject(value: object, known: Map<object, unknown>): void {
    if (!mayHaveToJson(value)) {
      this.#object(value);
      return;
    }
    if (!known.has(value)) known.set(value, (value as { toJSON(key: string): unknown }).toJSON(''));
    const json = known.get(value);
    if (typeof json === 'object' && json !== null) this.#object(json);
    else this.#value(json);
  }

  #object(value: object): void {
    if (value === LEFT_OUT) {
      this.#body.reference(MARKER_NUMBER);
      return;
    }
    const number = this.#referenceCount;
    const seen = this.#references.knownOrAdd(value, number);
    if (seen !== undefined) {
      if (this.#levels.isOpen(seen)) throw new NotTransferable('refers back to an object that contains it (a cycle)');
      this.#body.reference(seen);
      if (seen < this.#ownFrom) this.#isShared = true;
      if (this.#forms.isForm(seen)) this.#notePlace();
      return;
    }
    if (this.#levels.depth - (this.#isDocument ? 1 : 0) >= MAX_DEPTH) {
      throw new NotTransferable(`is nested deeper than ${MAX_DEPTH} levels`);
    }
    this.#extraBytes += EXTRA_BYTES.object;
    this.#referenceCount++;
    if (Array.isArray(value)) {
      this.#body.begin(Tag.array, value.length);
      if (value.length > 0) this.#levels.enter(LevelKind.array, value, value.length, number);
    } else if (isPlainObject(value)) this.#record(value, number);
    else this.#special(value, number);
  }

  #record(value: object, number: number): void {
    const keys = Object.keys(value);
    this.#body.begin(Tag.object, keys.length);
    if (keys.length === 0) return;
    const isFirstField = this.#isDocument && this.#levels.depth === 1 && number === MARKER_NUMBER + 1;
    const level = this.#levels.enter(LevelKind.record, value, keys.length, number);
    level.items = keys;
    level.isFirstField = isFirstField;
  }

  #special(value: object, number: number): void {
    if (types.isDate(value)) {
      this.#body.date(value.getTime());
    } else if (ArrayBuffer.isView(value)) {
      this.#typedArray(value);
    } else if (types.isArrayBuffer(value)) {
      this.#arrayBuffer(new Uint8Array(value));
    } else {
      const text = jsonBytes(value);
      if (text !== undefined) {
        this.#jsonText(text);
        return;
      }
      const form = this.#isDocument
        ? (this.#preparedForm(value) ?? formOf(value, this.#json !== undefined))
        : undefined;
      if (form === undefined) {
        throw new NotTransferable(whatItIs(value));
      }
      this.#form(form, number);
    }
  }

  #preparedForm(value: object): Form | undefined {
    const prepared = this.#numberPrepared?.(value);
    return prepared === undefined ? undefined : { kind: FormKind.prepared, items: [prepared], stride: 1 };
  }

  #form({ kind, items, stride }: Form, number: number): void {
    this.#forms.addForm(number);
    this.#work -= WORK_PER_FORM;
    this.#extraBytes += kind === FormKind.error ? EXTRA_BYTES.error : EXTRA_BYTES.form;
    this.#body.begin(Tag.array, items.length + FORM_ITEMS_AT);
    this.#body.reference(MARKER_NUMBER);
    this.#body.number(kind);
    const level = this.#levels.enter(LevelKind.form, undefined, items.length, number);
    level.items = items;
    level.stride = stride;
  }

  /** What reads the document parses it, see {@link JSON_FORM}. */
  #jsonText(text: Uint8Array): void {
    if (this.#onJsonText === undefined)
      throw new NotTransferable('is json(…), which only a context may contain; pass JSON.parse(text)');
    this.#onJsonText();
    this.#body.begin(Tag.array, 1 + FORM_ITEMS_AT);
    this.#body.reference(MARKER_NUMBER);
    this.#body.number(JSON_FORM);
    this.#referenceCount++;
    this.#arrayBuffer(text);
  }

  /** Only the bytes of the view are encoded, not its whole buffer. */
  #typedArray(view: ArrayBufferView): void {
    const number = typedArrayNumber(view);
    if (number === undefined) throw new NotTransferable('is a view that cannot enter the VM; pass a typed array');
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#body.view(number, (view as Uint8Array).length);
    this.#referenceCount++;
    this.#arrayBuffer(bytes);
  }

  #arrayBuffer(bytes: Uint8Array): void {
    this.#extraBytes += EXTRA_BYTES.bytes;
    this.#work -= WORK_PER_FORM + bytes.length / BYTES_PER_WORK;
    this.#body.buffer(bytes);
  }

  /** Whether objects are shared, and the places of the forms. */
  #writeEnd(until: number): boolean {
    const { places } = this.#forms;
    if (this.#placesWritten === -1) {
      this.#body.u8(this.#isShared ? Tag.true : Tag.false);
      this.#body.u8(places.length === 0 ? Tag.undefined : Tag.array);
      if (places.length > 0) this.#body.unsigned(places.length * 2);
      this.#placesWritten = 0;
    }
    while (this.#placesWritten < places.length) {
      if (--this.#work < 0 && !this.#mayGoOn(until)) return false;
      const [parent, key] = places[this.#placesWritten++] as Place;
      this.#body.reference(parent);
      this.#value(key);
    }
    return true;
  }

  #refusal(error: unknown): Error {
    if (error instanceof TooManyBytesError) return error;
    // Other errors were thrown by an accessor or proxy of the caller.
    const reason = error instanceof NotTransferable ? error.reason : `cannot be read: ${String(error)}`;
    return new NotTransferableError(this.#describePath(), reason);
  }

  #describePath(): string {
    const at = this.#isDocument ? (this.#levels.begun ?? 1) - 1 : 0;
    const root = this.#roots[Math.min(at, this.#roots.length - 1)] ?? '';
    return root + this.#levels.pathFrom(this.#isDocument ? 1 : 0);
  }
}

/** What crosses by itself crosses as it is, although a Date and a Buffer have the method. */
function mayHaveToJson(value: object): boolean {
  if (typeof (value as { toJSON?: unknown }).toJSON !== 'function') return false;
  if (Array.isArray(value) || types.isDate(value) || ArrayBuffer.isView(value) || types.isArrayBuffer(value))
    return false;
  if (types.isMap(value) || types.isSet(value) || types.isRegExp(value)) return false;
  return !types.isNativeError(value) && !(value instanceof Error);
}

/** Iterators, for example, have a name and no class. */
function classNameOf(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  if (typeof name === 'string' && name !== '' && name !== 'Object') return name;
  const tag: unknown = (value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return typeof tag === 'string' && tag !== '' ? tag : 'a class';
}

/** Of an object that cannot enter, and what to pass instead. */
function whatItIs(value: object): string {
  if (isPrepared(value)) return 'is a prepared value, which only a context may contain; pass the value itself';
  if (encodedBytes(value) !== undefined) {
    return 'is encoded(…), which only a context may be, as stateSnapshot, args or scope; pass the value itself';
  }
  return `is an instance of ${classNameOf(value)}, which cannot enter the VM; pass a plain object`;
}
