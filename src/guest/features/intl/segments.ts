import { INTL_WINDOW, MAX_INTL_TEXT } from '../../abi.js';
import { Opaque } from '../opaque.js';
import { askFor, operation } from './host.js';
import {
  type Arbitrary,
  addMembers,
  apply,
  create,
  getPrototypeOf,
  isObject,
  RangeErrorConstructor,
  setPrototypeOf,
  show,
  TypeErrorConstructor,
  tag,
  toInteger,
} from './intrinsics.js';

const SEGMENT = operation('segment');
const { slice } = String.prototype;
const above = getPrototypeOf as (object: object) => object;
const iteratorPrototype = above(above([][Symbol.iterator]()));

/** The segments of a text as far as they were asked for: plain data, so they go on anywhere. */
class Segments extends Opaque {
  readonly #key: string;
  readonly #text: string;
  readonly #ends: number[] = [];
  #words = '';

  constructor(key: string, text: string) {
    super();
    this.#key = key;
    this.#text = text;
  }

  static in(value: unknown): Segments | undefined {
    return isObject(value) && #key in value ? (value as unknown as Segments) : undefined;
  }

  static lengthOf(segments: Segments): number {
    return segments.#text.length;
  }

  /** The ends that are known, up to this number of them at least if there are as many. */
  static ends(segments: Segments, count: number): readonly number[] {
    const ends = segments.#ends;
    const { length } = segments.#text;
    while (ends.length < count) {
      const from = ends.length === 0 ? 0 : (ends[ends.length - 1] as number);
      if (from >= length) break;
      Segments.#findMore(segments, from);
    }
    return ends;
  }

  static #findMore(segments: Segments, from: number): void {
    const text = segments.#text;
    const ends = segments.#ends;
    for (let size = INTL_WINDOW; ; size *= 2) {
      const isAll = from + size >= text.length;
      if (!isAll && size > MAX_INTL_TEXT) throw new RangeErrorConstructor('A segment is too long');
      const window = apply(slice, text, [from, from + size]);
      const answer = askFor(SEGMENT, segments.#key, window, isAll) as readonly unknown[];
      if (answer.length <= 2 && !isAll) continue;
      segments.#words += answer[1] as string;
      for (let i = 2; i < answer.length; i++) ends[ends.length] = from + (answer[i] as number);
      return;
    }
  }

  /** The segment of this number, as the language describes one; undefined after the last. */
  static describe(segments: Segments, number: number): Arbitrary | undefined {
    const ends = Segments.ends(segments, number + 1);
    const end = ends[number];
    if (end === undefined) return undefined;
    const index = number === 0 ? 0 : (ends[number - 1] as number);
    const input = segments.#text;
    const data: Arbitrary = { segment: apply(slice, input, [index, end]), index, input };
    const words = segments.#words;
    if (words !== '') data['isWordLike'] = words[number] === '1';
    return data;
  }
}

function containing(segments: Segments, position: number): Arbitrary | undefined {
  if (position < 0 || position >= Segments.lengthOf(segments)) return undefined;
  let ends = Segments.ends(segments, 1);
  while ((ends[ends.length - 1] as number) <= position) ends = Segments.ends(segments, ends.length + 1);
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ends[middle] as number) > position) high = middle;
    else low = middle + 1;
  }
  return Segments.describe(segments, low);
}

/** Goes over the segments. */
class Cursor extends Opaque {
  readonly #segments: Segments;
  #next = 0;

  constructor(segments: Segments) {
    super();
    this.#segments = segments;
  }

  static next(value: unknown): { value: unknown; done: boolean } {
    if (!isObject(value) || !(#next in value)) {
      throw new TypeErrorConstructor('%SegmentIterator.prototype%.next called on incompatible receiver ' + show(value));
    }
    const cursor = value as unknown as Cursor;
    const data = Segments.describe(cursor.#segments, cursor.#next);
    if (data === undefined) return { value: undefined, done: true };
    cursor.#next++;
    return { value: data, done: false };
  }
}

const nextOf = Cursor.next;

const cursorPrototype = create(iteratorPrototype) as object;
addMembers(cursorPrototype, {
  next(this: unknown) {
    return nextOf(this);
  },
});
tag(cursorPrototype, 'Segmenter String Iterator');

export const segmentsPrototype = {};
addMembers(segmentsPrototype, {
  containing(this: unknown, position: unknown) {
    const segments = own(this, 'containing');
    return containing(segments, toInteger(position));
  },
  [Symbol.iterator](this: unknown) {
    return setPrototypeOf(new Cursor(own(this, '[Symbol.iterator]')), cursorPrototype);
  },
});

function own(value: unknown, method: string): Segments {
  const segments = Segments.in(value);
  if (segments !== undefined) return segments;
  throw new TypeErrorConstructor('%Segments.prototype%.' + method + ' called on incompatible receiver ' + show(value));
}

export function segmentsOf(key: string, text: string): object {
  return setPrototypeOf(new Segments(key, text), segmentsPrototype) as object;
}
