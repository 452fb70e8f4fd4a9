import { TYPED_ARRAYS } from '../../guest/abi.js';
import { MalformedValueError } from './decoding/byte-reader.js';
import { MAX_NODES } from './decoding/decoding-bounds.js';
import { MAX_DEPTH, Tag } from './format.js';
import { Walker } from './walker.js';

/** A smaller document cannot be nested too deeply. */
const HARMLESS_BYTES = MAX_DEPTH;

/**
 * Whether our decoder accepts what the engine wrote: no cycle, no nesting and no number of values beyond its
 * limits, no unknown typed array. Walking the document costs a fraction of decoding it, and a small document
 * need not even be walked.
 */
export function isDecodable(document: Uint8Array): boolean {
  const mayFail =
    document.length > HARMLESS_BYTES || document.includes(Tag.reference) || document.includes(Tag.typedArray);
  return !mayFail || new Check(document).passes();
}

class Check {
  readonly #walker: Walker;
  readonly #open: boolean[] = [];
  #nodes = 0;

  constructor(document: Uint8Array) {
    this.#walker = new Walker(document);
  }

  passes(): boolean {
    try {
      return this.#value(0);
    } catch (error) {
      if (error instanceof MalformedValueError) return false;
      throw error;
    }
  }

  #value(depth: number): boolean {
    if (depth > MAX_DEPTH || ++this.#nodes > MAX_NODES) return false;
    const walker = this.#walker;
    const { offset } = walker;
    const tag = walker.reader.byte();
    switch (tag) {
      case Tag.reference: {
        const number = walker.reader.unsigned();
        return number < walker.objects && this.#open[number] !== true;
      }
      case Tag.object:
      case Tag.array: {
        const number = walker.objects;
        this.#open[number] = true;
        for (let members = walker.begin(); members > 0; members--) {
          if (tag === Tag.object) walker.reader.unsigned();
          if (!this.#value(depth + 1)) return false;
        }
        this.#open[number] = false;
        return true;
      }
      case Tag.date:
      case Tag.boxed:
        walker.objects++;
        return this.#value(depth + 1);
      case Tag.typedArray:
        return TYPED_ARRAYS[walker.view().kind] !== undefined && this.#value(depth + 1);
      default:
        walker.goTo(offset, walker.objects);
        walker.skip();
        return true;
    }
  }
}
