import { ByteReader, MalformedValueError } from './byte-reader.js';
import { FORMAT_VERSION, MARKER_NUMBER, MAX_DEPTH, Tag, TYPED_ARRAYS } from './format.js';
import { FORM_ITEMS_AT, fromForm } from './forms.js';

/** An object that contains itself: well-formed for the engine, but not a value of the contract. */
export class CyclicValueError extends MalformedValueError {
  /** Steps from the root to the reference that closes the cycle. */
  readonly path: readonly (string | number)[];

  constructor(path: readonly (string | number)[]) {
    super('refers back to an object that contains it (a cycle)');
    this.path = path;
  }
}

/** A value of a byte each costs the host more than its size says. */
export const MAX_NODES = 2_000_000;
/** The engine cannot hold a larger one (1 Mbit); more is an attack on our own parser. */
const MAX_BIGINT_BYTES = 128 * 1024;

/**
 * Decodes what the engine wrote. The bytes come out of a VM that its guest may own, so nothing in them is believed:
 * lengths are checked before anything is allocated, nesting is bounded, `__proto__` is a plain key.
 *
 * @throws MalformedValueError; {@link CyclicValueError} when an object contains itself
 */
export function decodeValue(bytes: Uint8Array): unknown {
  return new ValueDecoder(bytes).decode();
}

/**
 * Decodes a document, with its Maps, Sets and Errors.
 *
 * @param maxNodes values in it at most; what we encoded ourselves needs no bound
 * @returns its items without the marker
 * @throws what {@link decodeValue} throws
 */
export function decodeFields(bytes: Uint8Array, maxNodes = MAX_NODES): unknown[] {
  const fields = new ValueDecoder(bytes, true, maxNodes).decode();
  if (Array.isArray(fields)) return fields.slice(1);
  throw new MalformedValueError('is no document');
}

class ValueDecoder {
  readonly #reader: ByteReader;
  readonly #names: string[] = [];
  readonly #references: unknown[] = [];
  #nodes = 0;
  /** By reference: whether it is on the way from the root to the current node. A list to search would be an enemy's. */
  readonly #open: boolean[] = [];
  /** How many are. */
  #depth = 0;
  readonly #path: (string | number)[] = [];

  /** First item of a document: an array that begins with it is a form. */
  #marker: unknown;
  readonly #isDocument: boolean;

  readonly #maxNodes: number;

  constructor(bytes: Uint8Array, isDocument = false, maxNodes = MAX_NODES) {
    this.#reader = new ByteReader(bytes);
    this.#isDocument = isDocument;
    this.#maxNodes = maxNodes;
  }

  decode(): unknown {
    const version = this.#reader.u8();
    if (version !== FORMAT_VERSION) throw new MalformedValueError(`has format version ${version}`);
    const names = this.#reader.count();
    for (let i = 0; i < names; i++) this.#names.push(this.#reader.string());
    const value = this.#value();
    if (this.#reader.remaining !== 0) throw new MalformedValueError(`has ${this.#reader.remaining} bytes left over`);
    return value;
  }

  #charge(values: number): void {
    this.#nodes += values;
    if (this.#nodes > this.#maxNodes) throw new MalformedValueError(`has more than ${this.#maxNodes} values`);
  }

  /** What a date, a box or a view is of. Nesting of these counts like any other. */
  #inner(): unknown {
    this.#depth++;
    const value = this.#value();
    this.#depth--;
    return value;
  }

  #value(): unknown {
    this.#charge(1);
    const tag = this.#reader.u8();
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
      case Tag.string:
        return this.#reader.string();
      case Tag.bigInt:
        return this.#bigInt();
      case Tag.reference:
        return this.#reference();
      default:
        return this.#object(tag);
    }
  }

  #object(tag: number): unknown {
    if (this.#depth >= MAX_DEPTH) throw new MalformedValueError(`is nested deeper than ${MAX_DEPTH} levels`);
    switch (tag) {
      case Tag.object:
        return this.#record();
      case Tag.array:
        return this.#array();
      case Tag.date:
        return this.#date();
      case Tag.boxed:
        return this.#boxed();
      case Tag.arrayBuffer:
        return this.#arrayBuffer();
      case Tag.typedArray:
        return this.#typedArray();
      default:
        throw new MalformedValueError(`has unknown tag ${tag}`);
    }
  }

  #record(): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    const slot = this.#references.push(record) - 1;
    this.#open[slot] = true;
    this.#depth++;
    const count = this.#reader.count();
    for (let i = 0; i < count; i++) {
      const name = this.#reader.propertyName(this.#names);
      this.#path.push(name);
      const value = this.#value();
      this.#path.pop();
      if (name === '__proto__') {
        Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
      } else {
        record[name] = value;
      }
    }
    this.#open[slot] = false;
    this.#depth--;
    return record;
  }

  #array(): unknown {
    const array: unknown[] = [];
    const slot = this.#references.push(array) - 1;
    this.#open[slot] = true;
    this.#depth++;
    const count = this.#reader.count();
    for (let i = 0; i < count; i++) {
      this.#path.push(i);
      array.push(this.#value());
      this.#path.pop();
      // Known once the first item of the outermost array was read: no form can be before it.
      if (this.#isDocument && this.#marker === undefined) this.#marker = this.#references[MARKER_NUMBER];
    }
    this.#open[slot] = false;
    this.#depth--;
    if (this.#marker === undefined || slot === 0 || count < FORM_ITEMS_AT || array[0] !== this.#marker) return array;
    const value = fromForm(array.slice(1), (values) => this.#charge(values));
    this.#references[slot] = value;
    return value;
  }

  #date(): Date {
    const slot = this.#references.push(undefined) - 1;
    const time = this.#inner();
    if (typeof time !== 'number') throw new MalformedValueError('has a date that is no number');
    const date = new Date(time);
    this.#references[slot] = date;
    return date;
  }

  /** `new Number(1)` and its kin arrive as the primitive. */
  #boxed(): unknown {
    const slot = this.#references.push(undefined) - 1;
    const value = this.#inner();
    if (typeof value === 'object' && value !== null) throw new MalformedValueError('boxes an object');
    this.#references[slot] = value;
    return value;
  }

  #arrayBuffer(): ArrayBuffer {
    const slot = this.#references.push(undefined) - 1;
    const length = this.#reader.unsigned();
    this.#reader.unsigned();
    const buffer = new Uint8Array(this.#reader.raw(length)).buffer;
    this.#references[slot] = buffer;
    return buffer;
  }

  #typedArray(): ArrayBufferView {
    const slot = this.#references.push(undefined) - 1;
    const number = this.#reader.u8();
    const length = this.#reader.unsigned();
    const offset = this.#reader.unsigned();
    const buffer = this.#inner();
    const View = TYPED_ARRAYS[number];
    if (View === undefined) throw new MalformedValueError(`has a typed array of kind ${number}, unknown here`);
    if (!(buffer instanceof ArrayBuffer)) throw new MalformedValueError('has a typed array without a buffer');
    const aligned = offset % View.BYTES_PER_ELEMENT === 0;
    if (!aligned || offset + length * View.BYTES_PER_ELEMENT > buffer.byteLength) {
      throw new MalformedValueError('has a typed array outside its buffer');
    }
    const view = new View(buffer, offset, length);
    this.#references[slot] = view;
    return view;
  }

  #bigInt(): bigint {
    const length = this.#reader.unsigned();
    if (length === 0) return 0n;
    if (length > MAX_BIGINT_BYTES) throw new MalformedValueError(`has a BigInt of ${length} bytes`);
    const hex = Buffer.from(this.#reader.raw(length)).reverse().toString('hex');
    return BigInt.asIntN(length * 8, BigInt(`0x${hex}`));
  }

  #reference(): unknown {
    const number = this.#reader.unsigned();
    if (number >= this.#references.length) throw new MalformedValueError(`refers to object ${number}, unknown so far`);
    const value = this.#references[number];
    if (this.#open[number] === true) throw new CyclicValueError([...this.#path]);
    return value;
  }
}
