import { types } from 'node:util';
import { TYPED_ARRAYS } from '../../guest/abi.js';
import { EXTRA_BYTES } from './encoding/encoding-cost.js';
import { isPlainObject, typedArrayNumber } from './host-values.js';

/** Bytes that the encoder writes at most for the head of an object, a number, a reference or a constant. */
const HEAD_BYTES = 12;
const OBJECT_BYTES = EXTRA_BYTES.object + HEAD_BYTES;
const PROPERTY_BYTES = 5;
/** Of a character, in the worst case. */
const CHARACTER_BYTES = 2;
const BIGINT_BITS = 64;
/** Deeper values, and more objects, are left to the encoder: it takes no stack, and knows what it has seen. */
const MAX_DEPTH = 100;
const MAX_OBJECTS = 200_000;

/** A value that only the encoder can judge. */
class Unusual extends Error {}
const UNUSUAL = new Unusual();

/**
 * Copies plain values, so that later changes by the caller are not in the copy. perf: several times faster than
 * encoding, because strings are shared and V8 clones records by their shape.
 *
 * It takes what is surely encoded without an error: JSON, undefined, BigInt, Date, ArrayBuffer and typed arrays. Anything else,
 * also what is too large, is left to the encoder, whose errors name a path.
 */
export class Detacher {
  /** At least what the encoder counts for the values so far, see `ValueEncoder.countedBytes`. */
  countedBytes = 0;
  readonly #maxBytes: number;
  readonly #occurs: (value: object) => boolean;
  /** All objects in the order in which they were met, and their copies. */
  #originals: object[] = [];
  #copies: object[] = [];
  readonly #names = new Set<string>();
  /** By their position in the last record: records of a list mostly have the same ones. */
  readonly #lastNames: string[] = [];

  /**
   * @param maxBytes bound of {@link countedBytes}
   * @param occurs whether an object occurs elsewhere in the document
   */
  constructor(maxBytes: number, occurs: (value: object) => boolean) {
    this.#maxBytes = maxBytes;
    this.#occurs = occurs;
  }

  /**
   * @returns undefined if only the encoder can judge the value; further values are not to be copied then
   */
  copy(value: unknown): { readonly copy: unknown } | undefined {
    try {
      return { copy: this.#value(value, 0) };
    } catch {
      // Other errors were thrown by an accessor or proxy of the caller: the encoder reports them.
      return undefined;
    }
  }

  /** Counts names of properties under which the values will be encoded. */
  noteName(...names: readonly string[]): void {
    for (const name of names) this.#countName(name);
    this.countedBytes += OBJECT_BYTES + names.length * PROPERTY_BYTES;
  }

  /** All objects so far. */
  get objects(): readonly object[] {
    return this.#originals;
  }

  /**
   * An object that occurs several times in the values becomes one object in their copies, too. perf: only needed when
   * the copies are encoded, which they mostly are not.
   */
  join(root: object): void {
    const originals = this.#originals;
    const copies = this.#copies;
    this.#originals = [];
    this.#copies = [];
    const first = new Map<object, object>();
    const replaced = new Map<object, object>();
    for (let i = 0; i < originals.length; i++) {
      const known = first.get(originals[i] as object);
      if (known === undefined) first.set(originals[i] as object, copies[i] as object);
      else replaced.set(copies[i] as object, known);
    }
    if (replaced.size > 0) replaceWithin(root, replaced);
  }

  #value(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        this.countedBytes += HEAD_BYTES + value.length * CHARACTER_BYTES;
        return value;
      case 'number':
      case 'boolean':
      case 'undefined':
        this.countedBytes += HEAD_BYTES;
        return value;
      case 'object':
        if (value !== null) return this.#object(value, depth);
        this.countedBytes += HEAD_BYTES;
        return value;
      case 'bigint':
        if (BigInt.asIntN(BIGINT_BITS, value) !== value) throw UNUSUAL;
        this.countedBytes += EXTRA_BYTES.bigInt + HEAD_BYTES;
        return value;
      default:
        throw UNUSUAL;
    }
  }

  #object(value: object, depth: number): object {
    this.countedBytes += OBJECT_BYTES;
    if (this.countedBytes > this.#maxBytes || depth > MAX_DEPTH || this.#originals.length >= MAX_OBJECTS) throw UNUSUAL;
    if (this.#occurs(value)) throw UNUSUAL;
    let copy: object;
    if (Array.isArray(value)) copy = this.#array(value as readonly unknown[], depth);
    else if (isPlainObject(value)) copy = this.#record(value as Readonly<Record<string, unknown>>, depth);
    else copy = this.#bytesOrDate(value);
    this.#originals.push(value);
    this.#copies.push(copy);
    return copy;
  }

  #array(value: readonly unknown[], depth: number): object {
    const { length } = value;
    if (this.countedBytes + length > this.#maxBytes) throw UNUSUAL;
    const copy: unknown[] = [];
    for (let i = 0; i < length; i++) copy.push(this.#value(value[i], depth + 1));
    return copy;
  }

  /** Accessors are called once, by the spread. */
  #record(value: Readonly<Record<string, unknown>>, depth: number): object {
    const copy = { ...value };
    let place = 0;
    for (const name in copy) {
      if (name !== this.#lastNames[place]) this.#name(copy, name, place);
      place++;
      this.countedBytes += PROPERTY_BYTES;
      const field = copy[name];
      if (typeof field === 'object' && field !== null) copy[name] = this.#object(field, depth + 1);
      else this.#value(field, depth);
    }
    return copy;
  }

  #name(record: object, name: string, place: number): void {
    // Somebody put an enumerable member on the prototype of all objects.
    if (!Object.hasOwn(record, name)) throw UNUSUAL;
    this.#lastNames[place] = name;
    this.#countName(name);
  }

  #countName(name: string): void {
    if (this.#names.has(name)) return;
    this.#names.add(name);
    this.countedBytes += EXTRA_BYTES.name + HEAD_BYTES + name.length * CHARACTER_BYTES;
  }

  #bytesOrDate(value: object): object {
    if (types.isDate(value)) return new Date(value.getTime());
    this.countedBytes += EXTRA_BYTES.bytes + OBJECT_BYTES;
    if (types.isArrayBuffer(value)) {
      this.#bytes(value.byteLength);
      return value.slice(0);
    }
    const number = ArrayBuffer.isView(value) ? typedArrayNumber(value) : undefined;
    const TypedArray = number === undefined ? undefined : TYPED_ARRAYS[number];
    if (TypedArray === undefined) throw UNUSUAL;
    this.#bytes((value as Uint8Array).byteLength);
    return new TypedArray(value as never);
  }

  #bytes(count: number): void {
    this.countedBytes += count;
    if (this.countedBytes > this.#maxBytes) throw UNUSUAL;
  }
}

function replaceWithin(root: object, replaced: ReadonlyMap<object, object>): void {
  const open: object[] = [root];
  const met = new Set<object>(open);
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (ArrayBuffer.isView(at)) continue;
    for (const [key, value] of Object.entries(at)) {
      if (typeof value !== 'object' || value === null) continue;
      const kept = replaced.get(value) ?? value;
      if (kept !== value) (at as Record<string, unknown>)[key] = kept;
      if (met.has(kept)) continue;
      met.add(kept);
      open.push(kept);
    }
  }
}
