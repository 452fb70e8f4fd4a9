import { isDeepStrictEqual } from 'node:util';

import { ByteReader, MalformedValueError } from './byte-reader.js';
import { decodeFields } from './decode.js';
import { FORMAT_VERSION, MARKER_NUMBER, MAX_DEPTH, Tag } from './format.js';

/**
 * Which values differ from the same-named ones of a record, without decoding either.
 *
 * @param document encoded, its first field the record; ours
 * @param pairs an encoded document `[name, value, name, value, …]`; from the guest, so it may be anything
 * @returns one for each pair, in order; undefined when `pairs` is none
 */
export function differences(document: Uint8Array, pairs: Uint8Array): boolean[] | undefined {
  try {
    return new Comparison(document, pairs).run();
  } catch (error) {
    if (error instanceof MalformedValueError) return undefined;
    throw error;
  }
}

type Verdict = 'same' | 'different' | 'unsure';

class Comparison {
  readonly #document: Uint8Array;
  readonly #pairs: Uint8Array;
  /** Set where the bytes differ and the values need not: keys in another order, an object that occurs outside, too. */
  #unsure = false;

  constructor(document: Uint8Array, pairs: Uint8Array) {
    this.#document = document;
    this.#pairs = pairs;
  }

  run(): boolean[] {
    const ours = new Walker(this.#document);
    const theirs = new Walker(this.#pairs);
    const places = findPairs(theirs);
    const verdicts: Verdict[] = Array.from(places, () => 'different');
    ours.enterDocument();
    const entries = ours.enterRecord();
    for (let i = 0; i < entries; i++) {
      const place = places.get(ours.name());
      if (place === undefined) {
        ours.skip();
        continue;
      }
      const start = ours.place;
      theirs.goTo(place);
      const verdict = this.#compare(ours, theirs);
      verdicts[place.index] = verdict;
      if (verdict === 'same') continue;
      ours.goTo(start);
      ours.skip();
    }
    if (verdicts.includes('unsure')) this.#decide(verdicts);
    return verdicts.map((verdict) => verdict !== 'same');
  }

  #compare(ours: Walker, theirs: Walker): Verdict {
    this.#unsure = false;
    if (this.#same(ours, theirs, theirs.objects - ours.objects, theirs.objects, 0)) return 'same';
    return this.#unsure ? 'unsure' : 'different';
  }

  /** Decodes both, which costs, but tells. */
  #decide(verdicts: Verdict[]): void {
    const [record] = decodeFields(this.#document) as [Record<string, unknown>];
    const pairs = decodeFields(this.#pairs);
    verdicts.forEach((verdict, i) => {
      if (verdict !== 'unsure') return;
      verdicts[i] = isDeepStrictEqual(record[String(pairs[i * 2])], pairs[i * 2 + 1]) ? 'same' : 'different';
    });
  }

  /**
   * @param shift how much further the numbering of objects is on their side
   * @param from objects from this number on, on their side, belong to the value
   */
  #same(ours: Walker, theirs: Walker, shift: number, from: number, depth: number): boolean {
    if (depth > MAX_DEPTH) throw new MalformedValueError('is nested too deeply');
    const tag = theirs.reader.u8();
    const ownTag = ours.reader.u8();
    if (tag !== ownTag) return isNumber(tag) && isNumber(ownTag) && Object.is(theirs.number(tag), ours.number(ownTag));
    const below = () => this.#same(ours, theirs, shift, from, depth + 1);
    switch (tag) {
      case Tag.int32:
        return theirs.reader.zigzag() === ours.reader.zigzag();
      case Tag.float64:
        return Object.is(theirs.reader.f64(), ours.reader.f64());
      case Tag.string:
        return theirs.reader.string() === ours.reader.string();
      case Tag.bigInt:
        return sameBytes(theirs.reader.raw(theirs.reader.unsigned()), ours.reader.raw(ours.reader.unsigned()));
      case Tag.reference: {
        const number = theirs.reader.unsigned();
        const own = ours.reader.unsigned();
        if (number === MARKER_NUMBER && own === MARKER_NUMBER) return true;
        if (number >= from && number - shift === own) return true;
        this.#unsure = true;
        return false;
      }
      case Tag.object: {
        const count = theirs.begin();
        if (count !== ours.begin()) return false;
        for (let i = 0; i < count; i++) {
          if (theirs.name() !== ours.name()) {
            this.#unsure = true;
            return false;
          }
          if (!below()) return false;
        }
        return true;
      }
      case Tag.array: {
        const count = theirs.begin();
        if (count !== ours.begin()) return false;
        for (let i = 0; i < count; i++) if (!below()) return false;
        return true;
      }
      case Tag.date:
      case Tag.boxed:
        theirs.objects++;
        ours.objects++;
        return below();
      case Tag.arrayBuffer:
        return sameBytes(theirs.buffer(), ours.buffer());
      case Tag.typedArray: {
        const [view, own] = [theirs.view(), ours.view()];
        // Their view may be of a larger buffer than the part that entered.
        if (view.kind !== own.kind || view.length !== own.length) return false;
        if (below()) return true;
        this.#unsure = true;
        return false;
      }
      default:
        // null, undefined, false, true.
        if (tag > Tag.true) throw new MalformedValueError(`has unknown tag ${tag}`);
        return true;
    }
  }
}

function isNumber(tag: number): boolean {
  return tag === Tag.int32 || tag === Tag.float64;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

interface Place {
  readonly offset: number;
  /** Number that the next object gets. */
  readonly objects: number;
}

/** Where each value of `[marker, name, value, …]` begins. */
function findPairs(walker: Walker): Map<string, Place & { readonly index: number }> {
  const places = new Map<string, Place & { readonly index: number }>();
  const items = walker.enterDocument();
  if (items % 2 !== 0) throw new MalformedValueError('has a name without a value');
  for (let index = 0; index < items / 2; index++) {
    if (walker.reader.u8() !== Tag.string) throw new MalformedValueError('has a name that is no string');
    const name = walker.reader.string();
    if (places.has(name)) throw new MalformedValueError('has a name twice');
    places.set(name, { ...walker.place, index });
    walker.skip();
  }
  return places;
}

/** Steps through an encoded document and keeps count of its objects. */
class Walker {
  readonly reader: ByteReader;
  readonly #names: string[] = [];
  objects = 0;

  constructor(bytes: Uint8Array) {
    this.reader = new ByteReader(bytes);
    if (this.reader.u8() !== FORMAT_VERSION) throw new MalformedValueError('has another format version');
    const names = this.reader.count();
    for (let i = 0; i < names; i++) this.#names.push(this.reader.string());
  }

  get place(): Place {
    return { offset: this.reader.offset, objects: this.objects };
  }

  goTo({ offset, objects }: Place): void {
    this.reader.offset = offset;
    this.objects = objects;
  }

  /** Enters the outermost array and passes the marker; returns how many items follow. */
  enterDocument(): number {
    if (this.reader.u8() !== Tag.array) throw new MalformedValueError('is no document');
    const items = this.begin() - 1;
    this.skip();
    return items;
  }

  enterRecord(): number {
    if (this.reader.u8() !== Tag.object) throw new MalformedValueError('holds no record');
    return this.begin();
  }

  /** A record or an array begins; returns how many members it has. */
  begin(): number {
    this.objects++;
    return this.reader.count();
  }

  name(): string {
    return this.reader.propertyName(this.#names);
  }

  number(tag: number): number {
    return tag === Tag.int32 ? this.reader.zigzag() : this.reader.f64();
  }

  buffer(): Uint8Array {
    this.objects++;
    const length = this.reader.unsigned();
    this.reader.unsigned();
    return this.reader.raw(length);
  }

  /** Its buffer comes next. */
  view(): { readonly kind: number; readonly length: number } {
    this.objects++;
    const kind = this.reader.u8();
    const length = this.reader.unsigned();
    this.reader.unsigned();
    return { kind, length };
  }

  skip(depth = 0): void {
    if (depth > MAX_DEPTH) throw new MalformedValueError('is nested too deeply');
    const tag = this.reader.u8();
    switch (tag) {
      case Tag.int32:
      case Tag.reference:
        this.reader.unsigned();
        return;
      case Tag.float64:
        this.reader.f64();
        return;
      case Tag.string:
        this.reader.skipString();
        return;
      case Tag.bigInt:
        this.reader.raw(this.reader.unsigned());
        return;
      case Tag.object:
        for (let members = this.begin(); members > 0; members--) {
          this.reader.unsigned();
          this.skip(depth + 1);
        }
        return;
      case Tag.array:
        for (let members = this.begin(); members > 0; members--) this.skip(depth + 1);
        return;
      case Tag.date:
      case Tag.boxed:
        this.objects++;
        this.skip(depth + 1);
        return;
      case Tag.arrayBuffer:
        this.buffer();
        return;
      case Tag.typedArray:
        this.view();
        this.skip(depth + 1);
        return;
      default:
        if (tag > Tag.true) throw new MalformedValueError(`has unknown tag ${tag}`);
    }
  }
}
