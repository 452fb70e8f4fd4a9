import { MalformedValueError } from './decoding/byte-reader.js';
import { decodeFields } from './decoding/decode.js';
import { MARKER_NUMBER, MAX_DEPTH, Tag } from './format.js';
import { lookedUpAs } from './host-values.js';
import { Lockstep } from './lockstep.js';
import { isSameValue } from './same-value.js';
import { Walker } from './walker.js';

/**
 * Determines which values differ from the values of the same names in a record, without decoding them.
 *
 * @param document a document of the host whose first field is the record
 * @param pairs a document `[name, value, name, value, …]` of the guest, so it is untrusted
 * @returns one result for each pair, in order; undefined if `pairs` is not such a document
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
  readonly #ours: Walker;
  readonly #theirs: Walker;
  readonly #lockstep: Lockstep;
  /** Objects of the guest from this number on belong to the value that is compared. */
  #from = 0;
  /** The difference between the guest's and the host's numbers of objects. */
  #shift = 0;
  /**
   * Set if the bytes differ although the values may be equal: keys in another order, or an object that also
   * occurs outside.
   */
  #unsure = false;

  constructor(document: Uint8Array, pairs: Uint8Array) {
    this.#document = document;
    this.#pairs = pairs;
    this.#ours = new Walker(document);
    this.#theirs = new Walker(pairs);
    this.#lockstep = new Lockstep(this.#ours, this.#theirs);
  }

  run(): boolean[] {
    const ours = this.#ours.offset;
    const theirs = this.#theirs.offset;
    const pairs = this.#equalPairs();
    if (pairs !== undefined) return new Array<boolean>(pairs).fill(false);
    this.#ours.goTo(ours, 0);
    this.#theirs.goTo(theirs, 0);
    return this.#runByName();
  }

  /** The number of pairs if all values are found to be equal, in the order of the record: mostly they are. */
  #equalPairs(): number | undefined {
    const ours = this.#ours;
    const theirs = this.#theirs;
    const items = theirs.enterDocument();
    ours.enterDocument();
    let entries = ours.enterRecord();
    for (let i = 0; i < items; i += 2) {
      if (theirs.reader.byte() !== Tag.string) return undefined;
      const name = theirs.reader.string();
      for (;;) {
        if (entries-- === 0) return undefined;
        if (ours.name() === name) break;
        ours.skip();
      }
      if (!this.#lockstep.pass()) return undefined;
    }
    return items % 2 === 0 ? items / 2 : undefined;
  }

  #runByName(): boolean[] {
    const ours = this.#ours;
    const theirs = this.#theirs;
    const places = findPairs(theirs);
    const verdicts: Verdict[] = Array.from(places, () => 'different');
    ours.enterDocument();
    const entries = ours.enterRecord();
    for (let i = 0; i < entries; i++) {
      const place = places.get(lookedUpAs(ours.name()));
      if (place === undefined) {
        ours.skip();
        continue;
      }
      const { offset, objects } = ours;
      theirs.goTo(place.offset, place.objects);
      const verdict = this.#compare();
      verdicts[place.index] = verdict;
      if (verdict === 'same') continue;
      ours.goTo(offset, objects);
      ours.skip();
    }
    if (verdicts.includes('unsure')) this.#decide(verdicts);
    return verdicts.map((verdict) => verdict !== 'same');
  }

  #compare(): Verdict {
    if (this.#lockstep.pass()) return 'same';
    this.#unsure = false;
    this.#from = this.#theirs.objects;
    this.#shift = this.#from - this.#ours.objects;
    if (this.#same(0)) return 'same';
    return this.#unsure ? 'unsure' : 'different';
  }

  /** Decodes both values, which is slower but exact. */
  #decide(verdicts: Verdict[]): void {
    const [record] = decodeFields(this.#document, { maxNodes: Number.POSITIVE_INFINITY, end: 2 }) as [
      Record<string, unknown>,
    ];
    const pairs = decodePairs(this.#pairs);
    verdicts.forEach((verdict, i) => {
      if (verdict !== 'unsure') return;
      const isSame = pairs !== undefined && isSameValue(record[String(pairs[i * 2])], pairs[i * 2 + 1]);
      verdicts[i] = isSame ? 'same' : 'different';
    });
  }

  #same(depth: number): boolean {
    if (depth > MAX_DEPTH) throw new MalformedValueError('is nested too deeply');
    const ours = this.#ours;
    const theirs = this.#theirs;
    const tag = theirs.reader.byte();
    const ownTag = ours.reader.byte();
    if (tag !== ownTag) {
      // The referenced object may equal the object here.
      if (tag === Tag.reference || ownTag === Tag.reference) this.#unsure = true;
      return isNumber(tag) && isNumber(ownTag) && Object.is(theirs.number(tag), ours.number(ownTag));
    }
    switch (tag) {
      case Tag.int32:
        return theirs.reader.unsigned() === ours.reader.unsigned();
      case Tag.float64:
        return Object.is(theirs.reader.f64(), ours.reader.f64());
      case Tag.string:
        return theirs.reader.sameString(ours.reader);
      case Tag.bigInt:
        return sameBytes(theirs.reader.take(theirs.reader.unsigned()), ours.reader.take(ours.reader.unsigned()));
      case Tag.reference:
        return this.#sameReference(theirs.reader.unsigned(), ours.reader.unsigned());
      case Tag.object:
        return this.#sameRecord(depth);
      case Tag.array:
        return this.#sameArray(depth);
      case Tag.date:
      case Tag.boxed:
        theirs.objects++;
        ours.objects++;
        return this.#same(depth + 1);
      case Tag.arrayBuffer:
        return sameBytes(theirs.buffer(), ours.buffer());
      case Tag.typedArray:
        return this.#sameView(depth);
      default:
        // null, undefined, false, true.
        if (tag > Tag.true) throw new MalformedValueError(`has unknown tag ${tag}`);
        return true;
    }
  }

  #sameRecord(depth: number): boolean {
    const count = this.#theirs.begin();
    if (count !== this.#ours.begin()) return false;
    for (let i = 0; i < count; i++) {
      if (this.#theirs.name() !== this.#ours.name()) {
        this.#unsure = true;
        return false;
      }
      if (!this.#same(depth + 1)) return false;
    }
    return true;
  }

  #sameArray(depth: number): boolean {
    const count = this.#theirs.begin();
    if (count !== this.#ours.begin()) return false;
    for (let i = 0; i < count; i++) if (!this.#same(depth + 1)) return false;
    return true;
  }

  /**
   * Objects start in the same order on both sides, so within the value their numbers differ by the same
   * shift.
   */
  #sameReference(number: number, own: number): boolean {
    if (number === MARKER_NUMBER && own === MARKER_NUMBER) return true;
    if (number >= this.#from && number - this.#shift === own) return true;
    this.#unsure = true;
    return false;
  }

  /** The guest's view may be on a larger buffer than the part that was passed in. */
  #sameView(depth: number): boolean {
    const view = this.#theirs.view();
    const own = this.#ours.view();
    if (view.kind !== own.kind || view.length !== own.length) return false;
    if (this.#same(depth + 1)) return true;
    this.#unsure = true;
    return false;
  }
}

/** Undefined if they exceed what we decode: for example a cycle. */
function decodePairs(pairs: Uint8Array): unknown[] | undefined {
  try {
    return decodeFields(pairs);
  } catch (error) {
    if (error instanceof MalformedValueError) return undefined;
    throw error;
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
  /** The number of the next object. */
  readonly objects: number;
  readonly index: number;
}

/** The start of each value of `[marker, name, value, …]`. */
function findPairs(walker: Walker): Map<string, Place> {
  const places = new Map<string, Place>();
  const items = walker.enterDocument();
  if (items % 2 !== 0) throw new MalformedValueError('has a name without a value');
  for (let index = 0; index < items / 2; index++) {
    if (walker.reader.byte() !== Tag.string) throw new MalformedValueError('has a name that is not a string');
    const name = walker.reader.string();
    const key = lookedUpAs(name);
    if (places.has(key)) throw new MalformedValueError('has a name twice');
    places.set(key, { offset: walker.offset, objects: walker.objects, index });
    walker.skip();
  }
  return places;
}
