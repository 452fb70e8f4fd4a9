import { types } from 'node:util';

import { ByteWriter, TooManyBytesError } from './byte-writer.js';
import { FIXED_LENGTH, FORMAT_VERSION, MARKER_NUMBER, MAX_DEPTH, pathStep, Tag } from './format.js';
import { FORM_ITEMS_AT, type Form, formOf } from './forms.js';
import { isPlainObject, nameIndex, typedArrayNumber } from './host-values.js';
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
const BIGINT_BITS_PER_BYTE = 8n;
/** Marker, whether objects are shared, places. */
const DOCUMENT_EXTRAS = 3;

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
  /** Objects on the way from the root to the current node, to tell a cycle from a shared object. */
  readonly #open: object[] = [];
  readonly #path: (string | number)[] = [];
  #referenceCount = 0;
  #isDocument = false;
  /** Number of the object that is being written, and the key in it at which we are. */
  #parent = 0;
  #key: string | number = 0;
  /** Objects from this number on belong to the field, or key of the first field, that is being written. */
  #ownFrom = 0;
  #isShared = false;
  readonly #places: Place[] = [];
  /** Numbers of the objects that are forms. */
  readonly #forms = new Set<number>();

  /**
   * @param root what the path in an error begins with
   * @throws UncrossableValueError naming the path of a function, symbol, cycle or class instance, or of an accessor that throws
   */
  encode(value: unknown, root: string): Uint8Array {
    this.#begin();
    this.#rootValue(value, root);
    return this.#finish();
  }

  /**
   * Encodes several values as one document: an array of the marker, the fields, whether an object occurs under more
   * than one field (or key of the first field), and the places of the forms (see `format.ts`).
   *
   * @param roots for each field what the path in an error begins with; the last one is that of all further fields, too
   * @param maxBytes a value that takes much more is given up on the way, not after
   */
  encodeFields(fields: readonly unknown[], roots: readonly string[], maxBytes: number): Uint8Array {
    this.#begin();
    this.#isDocument = true;
    this.#body.limit = Math.max(maxBytes, MIN_LIMIT_BYTES);
    this.#body.u8(Tag.array);
    this.#body.unsigned(fields.length + DOCUMENT_EXTRAS);
    this.#body.u8(Tag.object);
    this.#body.unsigned(0);
    this.#referenceCount = MARKER_NUMBER + 1;
    for (let i = 0; i < fields.length; i++) {
      this.#parent = 0;
      this.#key = i + 1;
      this.#ownFrom = this.#referenceCount;
      this.#rootValue(fields[i], roots[Math.min(i, roots.length - 1)] ?? '');
    }
    this.#value(this.#isShared);
    this.#writePlaces();
    return this.#finish();
  }

  #begin(): void {
    this.#body.reset();
    this.#names.reset();
    this.#nameNumbers.clear();
    this.#references.clear();
    this.#open.length = 0;
    this.#body.limit = Number.POSITIVE_INFINITY;
    this.#path.length = 0;
    this.#referenceCount = 0;
    this.#isDocument = false;
    this.#parent = 0;
    this.#key = 0;
    this.#ownFrom = 0;
    this.#isShared = false;
    this.#places.length = 0;
    // Clearing a set allocates, even when it is empty.
    if (this.#forms.size > 0) this.#forms.clear();
  }

  #finish(): Uint8Array {
    this.#header.reset();
    this.#header.u8(FORMAT_VERSION);
    this.#header.unsigned(this.#nameNumbers.size);
    // From Node's pool, and written in full.
    const encoded = Buffer.allocUnsafe(this.#header.length + this.#names.length + this.#body.length);
    this.#header.copyInto(encoded, 0);
    this.#names.copyInto(encoded, this.#header.length);
    this.#body.copyInto(encoded, this.#header.length + this.#names.length);
    return encoded;
  }

  #rootValue(value: unknown, root: string): void {
    try {
      this.#value(value);
    } catch (error) {
      if (error instanceof TooManyBytesError) throw error;
      // Anything else was thrown by an accessor of the caller's, or a proxy.
      const reason = error instanceof Uncrossable ? error.reason : `cannot be read: ${String(error)}`;
      throw new UncrossableValueError(this.#describePath(root), reason);
    }
  }

  #value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#body.u8(Tag.string);
        this.#body.string(value);
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
    if (value === 0n) {
      this.#body.unsigned(0);
      return;
    }
    const magnitude = value < 0n ? -value - 1n : value;
    const bytes = Math.floor(magnitude.toString(2).length / Number(BIGINT_BITS_PER_BYTE)) + 1;
    const hex = BigInt.asUintN(bytes * 8, value)
      .toString(16)
      .padStart(bytes * 2, '0');
    this.#body.unsigned(bytes);
    this.#body.raw(Buffer.from(hex, 'hex').reverse());
  }

  #object(value: object): void {
    const seen = this.#references.numberOf(value);
    if (seen !== undefined) {
      if (this.#open.includes(value)) throw new Uncrossable('refers back to an object that contains it (a cycle)');
      this.#body.u8(Tag.reference);
      this.#body.unsigned(seen);
      if (seen < this.#ownFrom) this.#isShared = true;
      if (this.#forms.has(seen)) this.#places.push([this.#parent, this.#key]);
      return;
    }
    if (this.#open.length >= MAX_DEPTH) throw new Uncrossable(`is nested deeper than ${MAX_DEPTH} levels`);
    const parent = this.#parent;
    const number = this.#referenceCount++;
    this.#parent = number;
    this.#references.add(value, number);
    this.#open.push(value);
    if (Array.isArray(value)) this.#array(value);
    else if (isPlainObject(value)) this.#record(value);
    else this.#special(value, parent);
    this.#open.pop();
    this.#parent = parent;
  }

  #array(value: readonly unknown[]): void {
    this.#body.u8(Tag.array);
    this.#body.unsigned(value.length);
    for (let i = 0; i < value.length; i++) {
      this.#key = i;
      this.#path.push(i);
      this.#value(value[i]);
      this.#path.pop();
    }
  }

  #record(value: object): void {
    const keys = Object.keys(value);
    this.#body.u8(Tag.object);
    this.#body.unsigned(keys.length);
    const isFirstField = this.#open.length === 1 && this.#parent === MARKER_NUMBER + 1;
    for (const key of keys) {
      if (isFirstField) this.#ownFrom = this.#referenceCount;
      this.#key = key;
      this.#path.push(key);
      this.#body.unsigned(nameIndex(key) ?? this.#nameNumber(key));
      this.#value((value as Record<string, unknown>)[key]);
      this.#path.pop();
    }
  }

  #special(value: object, parent: number): void {
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
      this.#form(form, [parent, this.#key]);
    }
  }

  #form({ kind, items, stride }: Form, place: Place): void {
    this.#forms.add(this.#parent);
    this.#body.u8(Tag.array);
    this.#body.unsigned(items.length + FORM_ITEMS_AT);
    this.#body.u8(Tag.reference);
    this.#body.unsigned(MARKER_NUMBER);
    this.#number(kind);
    for (let i = 0; i < items.length; i++) {
      this.#key = i + FORM_ITEMS_AT;
      this.#path.push(Math.floor(i / stride));
      this.#value(items[i]);
      this.#path.pop();
    }
    // After what is inside, so that the guest makes that first.
    this.#places.push(place);
  }

  #writePlaces(): void {
    if (this.#places.length === 0) {
      this.#body.u8(Tag.undefined);
      return;
    }
    this.#body.u8(Tag.array);
    this.#body.unsigned(this.#places.length * 2);
    for (const [parent, key] of this.#places) {
      this.#body.u8(Tag.reference);
      this.#body.unsigned(parent);
      this.#value(key);
    }
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
    this.#body.u8(Tag.arrayBuffer);
    this.#body.unsigned(bytes.length);
    this.#body.unsigned(FIXED_LENGTH);
    this.#body.raw(bytes);
  }

  #nameNumber(name: string): number {
    const known = this.#nameNumbers.numberOf(name);
    if (known !== undefined) return known;
    // Zero is no atom; a number is shifted left by one, see nameIndex.
    const number = (this.#nameNumbers.size + 1) * 2;
    this.#nameNumbers.add(name, number);
    this.#names.string(name);
    return number;
  }

  #describePath(root: string): string {
    return root + this.#path.map(pathStep).join('');
  }
}

class Uncrossable extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}
