import { performance } from '../../support/timers.js';
import { Tag } from './format.js';
import { Walker } from './walker.js';

/** The number of values between two checks of the clock. */
const VALUES_PER_LOOK = 1_024;

/** A value that others are in. */
interface Open {
  readonly isRecord: boolean;
  /** The number of values that follow in it. */
  left: number;
}

/** Reads the keys of the record that is the first field of a document, in slices. */
export class RecordKeys {
  readonly keys: string[] = [];
  readonly #walker: Walker;
  /** Members of the record that follow. */
  #left: number;
  /** From the member that is being skipped to the innermost value around the present one. */
  readonly #open: Open[] = [];

  /** @throws MalformedValueError if it is no record */
  constructor(document: Uint8Array) {
    this.#walker = new Walker(document);
    this.#walker.enterDocument();
    this.#left = this.#walker.enterRecord();
  }

  /**
   * Continues reading.
   *
   * @param until on the clock of `performance.now()`
   * @returns whether it has finished
   */
  run(until: number): boolean {
    const walker = this.#walker;
    for (let work = 1; ; work++) {
      if (work % VALUES_PER_LOOK === 0 && performance.now() >= until) return false;
      const open = this.#open[this.#open.length - 1];
      if (open === undefined) {
        if (this.#left-- === 0) return true;
        this.keys.push(walker.name());
        this.#value();
      } else if (open.left-- === 0) {
        this.#open.pop();
      } else {
        if (open.isRecord) walker.reader.unsigned();
        this.#value();
      }
    }
  }

  /** Skips a value, or enters it if others are in it. */
  #value(): void {
    const walker = this.#walker;
    const at = walker.offset;
    const tag = walker.reader.byte();
    if (tag === Tag.object || tag === Tag.array) {
      this.#open.push({ isRecord: tag === Tag.object, left: walker.begin() });
    } else {
      walker.goTo(at, walker.objects);
      walker.skip();
    }
  }
}
