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
const MAX_OBJECTS = 100_000;

/** A value that only the encoder can judge. */
class Unusual extends Error {}
const UNUSUAL = new Unusual();

/** Objects elsewhere in a document. */
export interface Elsewhere {
  has(value: object): boolean;
  /** All of them, if they are few: they are looked for among the objects that are copied, which is faster. */
  readonly few?: readonly object[] | undefined;
}

/**
 * Copies plain values, so that later changes by the caller are not in the copy. perf: many times faster than
 * encoding, because strings are shared and V8 clones records by their shape.
 *
 * It takes what is surely encoded without an error: JSON, undefined, BigInt, Date, ArrayBuffer and typed arrays. Anything else,
 * also what is too large, is left to the encoder, whose errors name a path.
 */
export class Detacher {
  #countedBytes = 0;
  #objectCount = 0;
  readonly #maxBytes: number;
  readonly #elsewhere: Elsewhere;
  readonly #few: readonly object[] | undefined;
  /** All objects, and their copies at the same places: first those that are no items of arrays, then arrays, with all their items. */
  #originals: unknown[][] = [[]];
  #copies: unknown[][] = [[]];
  #aloneAdded = 0;
  #listsAdded = 1;
  readonly #names = new Set<string>();
  /** By their position in the last record: records of a list mostly have the same ones. */
  readonly #lastNames: string[] = [];

  /** @param maxBytes bound of {@link countedBytes} */
  constructor(maxBytes: number, elsewhere: Elsewhere) {
    this.#maxBytes = maxBytes;
    this.#elsewhere = elsewhere;
    this.#few = elsewhere.few;
  }

  /** At least what the encoder counts for the values so far, see `ValueEncoder.countedBytes`. */
  get countedBytes(): number {
    return this.#countedBytes;
  }

  /**
   * @returns undefined if only the encoder can judge the value, or an object of it occurs elsewhere; nothing else is to be copied then
   */
  copy(value: unknown): { readonly copy: unknown } | undefined {
    try {
      const isObject = typeof value === 'object' && value !== null;
      const copy = isObject ? this.#object(value, 0, false) : value;
      if (!isObject) this.#countedBytes += bytesOfPrimitive(value);
      if (this.#few?.some((object) => this.#originals.some((originals) => originals.includes(object))))
        return undefined;
      return { copy };
    } catch {
      // Other errors were thrown by an accessor or proxy of the caller: the encoder reports them.
      return undefined;
    }
  }

  /** Counts names of properties under which the values will be encoded. */
  noteNames(names: readonly string[]): void {
    for (const name of names) this.#countName(name);
    this.#countedBytes += OBJECT_BYTES + names.length * PROPERTY_BYTES;
  }

  /** Adds all objects since the last call. */
  addObjectsTo(met: Set<object>): void {
    const [alone = [], ...lists] = [this.#originals[0], ...this.#originals.slice(this.#listsAdded)];
    for (const originals of [alone.slice(this.#aloneAdded), ...lists]) {
      for (const original of originals) if (typeof original === 'object' && original !== null) met.add(original);
    }
    this.#aloneAdded = alone.length;
    this.#listsAdded = this.#originals.length;
  }

  /**
   * An object that occurs several times in the values becomes one object in their copies, too. perf: only needed when
   * the copies are encoded, which they mostly are not.
   */
  join(root: object): void {
    const first = new Map<unknown, object>();
    const replaced = new Map<object, object>();
    for (const [list, originals] of this.#originals.entries()) {
      const copies = this.#copies[list] as unknown[];
      for (const [at, original] of originals.entries()) {
        const copy = copies[at];
        if (typeof copy !== 'object' || copy === null) continue;
        const known = first.get(original);
        if (known === undefined) first.set(original, copy);
        else replaced.set(copy, known);
      }
    }
    this.#originals = [];
    this.#copies = [];
    if (replaced.size > 0) replaceWithin(root, replaced);
  }

  /** @param isListed whether it is an item of an array */
  #object(value: object, depth: number, isListed: boolean): object {
    this.#countedBytes += OBJECT_BYTES;
    if (this.#countedBytes > this.#maxBytes || depth > MAX_DEPTH || ++this.#objectCount > MAX_OBJECTS) throw UNUSUAL;
    if (this.#few === undefined && this.#elsewhere.has(value)) throw UNUSUAL;
    let copy: object;
    if (Array.isArray(value)) copy = this.#array(value, depth);
    else if (isPlainObject(value)) copy = this.#record(value as Readonly<Record<string, unknown>>, depth);
    else copy = this.#bytesOrDate(value);
    if (!isListed) {
      this.#originals[0]?.push(value);
      this.#copies[0]?.push(copy);
    }
    return copy;
  }

  #array(value: readonly unknown[], depth: number): object {
    // Before any is copied: each counts at least as much.
    if (value.length * HEAD_BYTES > this.#maxBytes - this.#countedBytes) throw UNUSUAL;
    this.#bytes(value.length);
    const items = ([] as unknown[]).concat(value);
    // It says of itself that it is not spread, or changed meanwhile.
    if (items.length !== value.length) throw UNUSUAL;
    const copy = items.slice();
    let hasObjects = false;
    let bytes = 0;
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      if (typeof item === 'object' && item !== null) {
        // perf: a record that surely needs no other check.
        if (this.#few !== undefined && Object.getPrototypeOf(item) === Object.prototype) {
          copy[i] = this.#record(item as Readonly<Record<string, unknown>>, depth + 1);
          this.#objectCount++;
          bytes += OBJECT_BYTES;
          hasObjects = true;
          continue;
        }
        copy[i] = this.#object(item, depth + 1, true);
        hasObjects = true;
      } else bytes += bytesOfPrimitive(item);
    }
    this.#bytes(bytes);
    if (hasObjects) {
      this.#originals.push(items);
      this.#copies.push(copy);
    }
    return copy;
  }

  /** Accessors are called once, by the spread. */
  #record(value: Readonly<Record<string, unknown>>, depth: number): object {
    const copy = { ...value };
    const lastNames = this.#lastNames;
    let place = 0;
    let bytes = 0;
    for (const name in copy) {
      if (name !== lastNames[place]) this.#name(copy, name, place);
      place++;
      const field = copy[name];
      // perf: the most frequent ones without a call.
      if (typeof field === 'string') bytes += HEAD_BYTES + field.length * CHARACTER_BYTES;
      else if (typeof field === 'number') bytes += HEAD_BYTES;
      else if (typeof field === 'object' && field !== null) copy[name] = this.#object(field, depth + 1, false);
      else bytes += bytesOfPrimitive(field);
    }
    this.#bytes(bytes + place * PROPERTY_BYTES);
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
    this.#countedBytes += EXTRA_BYTES.name + HEAD_BYTES + name.length * CHARACTER_BYTES;
  }

  #bytesOrDate(value: object): object {
    if (types.isDate(value)) return new Date(value.getTime());
    this.#countedBytes += EXTRA_BYTES.bytes + OBJECT_BYTES;
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
    this.#countedBytes += count;
    if (this.#countedBytes > this.#maxBytes) throw UNUSUAL;
  }
}

function bytesOfPrimitive(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return HEAD_BYTES + value.length * CHARACTER_BYTES;
    case 'number':
    case 'boolean':
    case 'undefined':
      return HEAD_BYTES;
    case 'object':
      return HEAD_BYTES;
    case 'bigint':
      if (BigInt.asIntN(BIGINT_BITS, value) === value) return EXTRA_BYTES.bigInt + HEAD_BYTES;
      throw UNUSUAL;
    default:
      throw UNUSUAL;
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
