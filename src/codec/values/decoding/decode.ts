import { performance } from '../../../support/timers.js';
import { FORMAT_VERSION, MAX_DEPTH, Tag } from '../format.js';
import { errorFrom, FORM_ITEMS_AT, FormKind, JSON_FORM } from '../forms.js';
import { parseJsonText } from '../json-text.js';
import { countUnicodeClasses, MAX_REGEXP_CHARACTERS, regExpFrom } from '../regexps.js';
import { MalformedValueError } from './byte-reader.js';
import { Collisions, MAX_HASHED_CHARACTERS } from './collisions.js';
import {
  type DecodingBounds,
  GROWN_ITEMS,
  MAX_ENTRIES,
  MAX_ERROR_FIELDS,
  MAX_NODES,
  MAX_PROPERTIES,
  METERED_ENTRIES,
  OWN_END,
  VALUES_PER_FIELD,
} from './decoding-bounds.js';
import { TooManyPathsError } from './decoding-errors.js';
import { Frame, FrameKind, giveBack, pathOf, takeFrames } from './decoding-frames.js';
import {
  BYTES_PER_WORK,
  DecodingTime,
  KEYS_PER_WORK,
  WORK,
  WORK_PER_LOOK,
  WORK_PER_UNICODE_CLASS,
} from './decoding-work.js';
import { dateOf, setField, unboxed, viewOf } from './finished-values.js';
import { NodeReader, type ViewHead } from './node-reader.js';
import { References } from './references.js';

const wallClock = () => performance.now();

/** Distinct from every value. */
const OPENED = Symbol('a container was opened');

/**
 * Decodes a value that the engine wrote. The guest may control its VM, so the bytes are untrusted: lengths
 * are checked before anything is allocated, nesting is bounded, `__proto__` is a plain key.
 *
 * @throws MalformedValueError; {@link CyclicValueError} if an object contains itself
 */
export function decodeValue(bytes: Uint8Array): unknown {
  const decoder = new ValueDecoder(bytes, false, {});
  decoder.run();
  return decoder.root;
}

/**
 * Decodes a document, with its Maps, Sets, Errors and RegExps.
 *
 * @returns its items without the marker
 * @throws the errors of {@link decodeValue}
 */
export function decodeFields(bytes: Uint8Array, bounds: DecodingBounds = {}): unknown[] {
  const decoder = new ValueDecoder(bytes, true, bounds);
  decoder.run();
  return decoder.fields;
}

/**
 * Decodes the fields of a document of {@link ValueEncoder.encodeFields}, with any number of values.
 *
 * @param prepared what to put in the place of a prepared value, by its number. Default: there are none
 * @throws JsonTextError with the path of JSON text that does not parse
 */
export function decodeOwnFields(bytes: Uint8Array, prepared?: (number: number) => unknown): unknown[] {
  return decodeFields(bytes, prepared === undefined ? OWN_DOCUMENT : { ...OWN_DOCUMENT, prepared });
}

/** Of a document that this process has encoded. */
export const OWN_DOCUMENT: DecodingBounds = { maxNodes: Number.POSITIVE_INFINITY, end: OWN_END, parsesJson: true };

/**
 * Decodes one document or value, at once or in slices. Everything except the last step of creating a table
 * can be interrupted.
 */
export class ValueDecoder {
  readonly #reader: NodeReader;
  readonly #isDocument: boolean;
  readonly #end: number | undefined;
  readonly #maxNodes: number;
  readonly #maxPaths: number;
  readonly #parsesJson: boolean;
  /** Created when there is something to count. */
  #collisions: Collisions | undefined;

  readonly #names: string[] = [];
  /** -1 before they start. */
  #namesLeft = -1;
  readonly #references = new References();
  /** Objects with so many fields that no error can copy them in one step. */
  #large: Set<unknown> | undefined;

  readonly #frames: Frame[] = takeFrames();
  #depth = 0;
  #nodes = 0;
  /** The number of values that a walk over the last value visits. */
  #size = 1;
  #hasMarker = false;

  #work = 0;
  readonly #now: () => number;
  readonly #prepared: ((number: number) => unknown) | undefined;
  /** Created at the first check of the clock: most documents are decoded before that. */
  #time: DecodingTime | undefined;
  root: unknown;

  constructor(bytes: Uint8Array, isDocument: boolean, bounds: DecodingBounds) {
    this.#reader = new NodeReader(bytes);
    this.#isDocument = isDocument;
    this.#end = bounds.end;
    this.#maxNodes = bounds.maxNodes ?? MAX_NODES;
    this.#maxPaths = bounds.maxPaths ?? Number.POSITIVE_INFINITY;
    this.#parsesJson = bounds.parsesJson ?? false;
    this.#now = bounds.now ?? wallClock;
    this.#prepared = bounds.prepared;
  }

  /** The fields of a document, without the marker, after {@link run} has finished. */
  get fields(): unknown[] {
    if (Array.isArray(this.root)) return this.root.slice(1);
    throw new MalformedValueError('is not a document');
  }

  /**
   * Continues decoding.
   *
   * @param until the time to stop, on the clock; it may take half a millisecond longer
   * @returns whether it has finished
   * @throws MalformedValueError with the path of the problem
   */
  run(until = Number.POSITIVE_INFINITY): boolean {
    this.#work = WORK_PER_LOOK;
    try {
      const isDone = this.#run(until);
      if (isDone) giveBack(this.#frames);
      return isDone;
    } catch (error) {
      if (error instanceof MalformedValueError) error.path ??= pathOf(this.#frames, this.#depth);
      throw error;
    } finally {
      this.#time?.endSlice();
    }
  }

  #run(until: number): boolean {
    if (this.#namesLeft !== 0 && !this.#readNames(until)) return false;
    for (;;) {
      if (--this.#work < 0 && !this.#mayGoOn(until)) return false;
      const frame = this.#depth === 0 ? undefined : (this.#frames[this.#depth - 1] as Frame);
      let value: unknown;
      if (frame !== undefined && frame.index === frame.count) {
        value = this.#close(frame);
      } else {
        if (frame?.kind === FrameKind.record) frame.key = this.#reader.nameFrom(this.#names);
        value = this.#begin();
        if (value === OPENED) continue;
      }
      if (this.#depth === 0) {
        this.root = value;
        this.#checkPaths(this.#size);
        if (this.#reader.remaining === 0 || this.#end !== undefined) return true;
        throw new MalformedValueError(`has ${this.#reader.remaining} bytes left over`);
      }
      this.#put(this.#frames[this.#depth - 1] as Frame, value);
    }
  }

  #readNames(until: number): boolean {
    if (this.#namesLeft === -1) {
      const version = this.#reader.byte();
      if (version !== FORMAT_VERSION) throw new MalformedValueError(`has format version ${version}`);
      this.#namesLeft = this.#reader.count();
    }
    for (; this.#namesLeft > 0; this.#namesLeft--) {
      if (--this.#work < 0 && !this.#mayGoOn(until)) return false;
      const name = this.#reader.string();
      if (name.length > MAX_HASHED_CHARACTERS) this.#countCollisions().name(name);
      this.#names.push(name);
    }
    // The first use of a name compares it with all names of its length.
    this.#checkCollisions();
    return true;
  }

  #mayGoOn(until: number): boolean {
    this.#work = WORK_PER_LOOK;
    this.#checkCollisions();
    this.#time ??= new DecodingTime(this.#now);
    return this.#time.look(until, this.#nodes + this.#names.length);
  }

  #checkCollisions(): void {
    if (this.#collisions?.isTooMuch !== true) return;
    throw new MalformedValueError(
      'has Maps, Sets or names whose keys collide with each other; return arrays in their place',
    );
  }

  #countCollisions(): Collisions {
    this.#collisions ??= new Collisions();
    return this.#collisions;
  }

  #charge(values: number): void {
    this.#nodes += values;
    if (this.#nodes > this.#maxNodes) throw new MalformedValueError(`has more than ${this.#maxNodes} values`);
  }

  #checkPaths(size: number): void {
    if (size <= this.#maxPaths + this.#nodes) return;
    throw new TooManyPathsError(this.#maxPaths, Math.min(size - this.#nodes, Number.MAX_SAFE_INTEGER));
  }

  /** Reads a value, or the start of one. */
  #begin(): unknown {
    const tag = this.#reader.byte();
    this.#size = 1;
    switch (tag) {
      case Tag.null:
        return null;
      case Tag.undefined:
        return undefined;
      case Tag.false:
        return false;
      case Tag.true:
        return true;
      case Tag.int32:
        return this.#reader.zigzag();
      case Tag.float64:
        return this.#reader.f64();
      case Tag.string: {
        const text = this.#reader.string();
        this.#work -= WORK.text + text.length / BYTES_PER_WORK;
        return text;
      }
      case Tag.bigInt: {
        const length = this.#reader.bigIntLength();
        this.#work -= WORK.bigInt + length / BYTES_PER_WORK;
        return this.#reader.bigInt(length);
      }
      case Tag.reference:
        return this.#reference();
      default:
        return this.#object(tag);
    }
  }

  #object(tag: number): unknown {
    if (this.#depth >= MAX_DEPTH) throw new MalformedValueError(`is nested deeper than ${MAX_DEPTH} levels`);
    if (this.#depth === 0) this.#charge(1);
    switch (tag) {
      case Tag.object:
        return this.#record();
      case Tag.array:
        return this.#array();
      case Tag.date:
        return this.#open(FrameKind.date, undefined, 1);
      case Tag.boxed:
        return this.#open(FrameKind.boxed, undefined, 1);
      case Tag.arrayBuffer:
        return this.#arrayBuffer();
      case Tag.typedArray: {
        this.#work -= WORK.buffer;
        return this.#open(FrameKind.view, this.#reader.viewHead(), 1);
      }
      default:
        throw new MalformedValueError(`has unknown tag ${tag}`);
    }
  }

  #record(): symbol {
    const count = this.#reader.count();
    if (count > MAX_PROPERTIES) {
      throw new MalformedValueError(`has ${count} properties, more than ${MAX_PROPERTIES}; return an array or a Map`);
    }
    const record = {};
    if (count > MAX_ERROR_FIELDS) {
      this.#large ??= new Set();
      this.#large.add(record);
    }
    return this.#open(FrameKind.record, record, count);
  }

  #array(): unknown {
    const count = this.#reader.count();
    if (count >= FORM_ITEMS_AT && this.#hasMarker && this.#reader.passMarker()) {
      return this.#form(count);
    }
    if (this.#depth === 0 && this.#end !== undefined) {
      const items = this.#end < 0 ? count + this.#end : Math.min(count, this.#end);
      return this.#open(FrameKind.array, [], Math.max(0, items));
    }
    return this.#open(
      FrameKind.array,
      count > GROWN_ITEMS && count <= this.#maxNodes ? new Array(count).fill(null) : [],
      count,
    );
  }

  #form(count: number): unknown {
    if (this.#reader.byte() !== Tag.int32)
      throw new MalformedValueError('has a Map, Set, Error or RegExp of no known form');
    const kind = this.#reader.zigzag();
    const items = count - FORM_ITEMS_AT;
    this.#charge(FORM_ITEMS_AT);
    switch (kind) {
      case FormKind.map:
        if (items % 2 !== 0) break;
        return this.#keyed(FrameKind.map, new Map(), items, items / 2);
      case FormKind.set:
        return this.#keyed(FrameKind.set, new Set(), items, items);
      case FormKind.error:
        this.#work -= WORK.error;
        return this.#open(FrameKind.error, [], items);
      case FormKind.regExp:
        return this.#open(FrameKind.regExp, [], items);
      case JSON_FORM:
        if (this.#parsesJson) return this.#open(FrameKind.jsonText, [], items);
        break;
      case FormKind.prepared:
        if (this.#prepared === undefined || items !== 1 || this.#reader.byte() !== Tag.int32) break;
        return this.#preparedValue(this.#prepared, this.#reader.zigzag());
    }
    throw new MalformedValueError('has a Map, Set, Error or RegExp of no known form');
  }

  #preparedValue(prepared: (number: number) => unknown, number: number): unknown {
    const value = prepared(number);
    this.#references.add(value);
    return value;
  }

  #keyed(kind: number, target: object, items: number, entries: number): symbol {
    const name = kind === FrameKind.map ? 'Map' : 'Set';
    if (entries > MAX_ENTRIES) {
      throw new MalformedValueError(`is a ${name} of ${entries} entries, more than ${MAX_ENTRIES}; return an array`);
    }
    this.#work -= WORK.keyed;
    const opened = this.#open(kind, target, items);
    if (entries > METERED_ENTRIES) (this.#frames[this.#depth - 1] as Frame).table = this.#countCollisions().table();
    return opened;
  }

  #open(kind: number, target: unknown, count: number): symbol {
    this.#charge(count);
    this.#work -= WORK.object;
    const frame = this.#frames[this.#depth] ?? new Frame();
    this.#frames[this.#depth] = frame;
    this.#depth++;
    frame.kind = kind;
    frame.target = target;
    frame.count = count;
    frame.index = 0;
    frame.size = 1;
    frame.key = undefined;
    frame.table = undefined;
    frame.slot = this.#references.open(target);
    return OPENED;
  }

  /** A complete value becomes part of the surrounding one. */
  #put(frame: Frame, value: unknown): void {
    frame.size += this.#size;
    if (this.#size > 1) this.#checkPaths(frame.size);
    switch (frame.kind) {
      case FrameKind.array:
        (frame.target as unknown[])[frame.index] = value;
        // Nothing before the end of the outermost array's first item can be a form.
        if (this.#depth === 1 && frame.index === 0) this.#hasMarker = this.#isDocument && this.#references.count > 1;
        break;
      case FrameKind.record:
        this.#setProperty(frame, value);
        break;
      case FrameKind.map:
        if (frame.index % 2 === 0) {
          this.#noteKey(frame, value);
          frame.key = value;
        } else (frame.target as Map<unknown, unknown>).set(frame.key, value);
        break;
      case FrameKind.set:
        this.#noteKey(frame, value);
        (frame.target as Set<unknown>).add(value);
        break;
      case FrameKind.error:
      case FrameKind.regExp:
      case FrameKind.jsonText:
        (frame.target as unknown[]).push(value);
        break;
      default:
        frame.key = value;
    }
    frame.index++;
  }

  #setProperty({ target, key, index }: Frame, value: unknown): void {
    this.#work -= index / KEYS_PER_WORK;
    setField(target as Record<string | number, unknown>, key as string | number, value);
  }

  #noteKey({ table, index }: Frame, key: unknown): void {
    if (table === undefined) return;
    table.add(key);
    this.#work -= WORK.text + index / KEYS_PER_WORK;
  }

  #close(frame: Frame): unknown {
    const { slot } = frame;
    const value = this.#finished(frame);
    this.#depth--;
    this.#references.close(slot, value, frame.size);
    this.#size = frame.size;
    return value;
  }

  #finished({ kind, target, key }: Frame): unknown {
    switch (kind) {
      case FrameKind.error: {
        const items = target as unknown[];
        if (this.#large?.has(items[3]))
          throw new MalformedValueError(`is an error of more than ${MAX_ERROR_FIELDS} fields`);
        // Many errors may refer to the same fields.
        return errorFrom(items, (fields) => {
          this.#charge(fields * VALUES_PER_FIELD);
          this.#work -= fields * WORK.bigInt;
        });
      }
      case FrameKind.regExp:
        return this.#regExp(target as readonly unknown[]);
      case FrameKind.jsonText:
        return parseJsonText((target as readonly unknown[])[0]);
      case FrameKind.date:
        return dateOf(key);
      case FrameKind.boxed:
        return unboxed(key);
      case FrameKind.view:
        return viewOf(target as ViewHead, key);
      default:
        return target;
    }
  }

  #regExp(items: readonly unknown[]): RegExp {
    const [source] = items;
    this.#work -= WORK.regExp;
    // One that is longer is refused before anything is done with it.
    if (typeof source === 'string' && source.length <= MAX_REGEXP_CHARACTERS) {
      this.#work -= source.length + countUnicodeClasses(source) * WORK_PER_UNICODE_CLASS;
    }
    return regExpFrom(items);
  }

  #arrayBuffer(): ArrayBuffer {
    const buffer = this.#reader.buffer();
    this.#work -= WORK.buffer + buffer.byteLength / BYTES_PER_WORK;
    this.#references.add(buffer);
    return buffer;
  }

  #reference(): unknown {
    const number = this.#reader.unsigned();
    this.#size = this.#references.pathsOf(number);
    return this.#references.get(number);
  }
}
