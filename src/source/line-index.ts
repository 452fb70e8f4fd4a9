/** Counts are kept for chunks of this many characters: a lookup reads at most two of them. */
export const CHUNK = 16 * 1024;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** What is counted in a text. */
export type Counted = 'ends' | 'feeds' | 'pairs';

const IS_COUNTED: Readonly<Record<Counted, (text: string, at: number) => boolean>> = {
  ends: endsLine,
  feeds: (text, at) => text.charCodeAt(at) === LINE_FEED,
  pairs: endsPair,
};

/**
 * How much of what is counted occurs before each chunk of a text, so that a place in a text of megabytes is found without
 * reading it. It holds only numbers, so it may outlive the text.
 */
export class LineIndex {
  /** Item i: the number in the first i chunks. All three are extended as needed. */
  readonly #before: Readonly<Record<Counted, number[]>> = { ends: [0], feeds: [0], pairs: [0] };

  get chunks(): number {
    return this.#before.ends.length - 1;
  }

  /** The number in the part that was read. */
  counted(what: Counted): number {
    return this.#before[what].at(-1) as number;
  }

  /** False if there is no further chunk. */
  readNextChunk(text: string): boolean {
    const start = this.chunks * CHUNK;
    if (start >= text.length) return false;
    let [ends, feeds, pairs] = [this.counted('ends'), this.counted('feeds'), this.counted('pairs')];
    const stop = Math.min(start + CHUNK, text.length);
    for (let at = start; at < stop; at++) {
      if (endsLine(text, at)) ends++;
      if (text.charCodeAt(at) === LINE_FEED) feeds++;
      else if (endsPair(text, at)) pairs++;
    }
    this.#before.ends.push(ends);
    this.#before.feeds.push(feeds);
    this.#before.pairs.push(pairs);
    return true;
  }

  /** The number before an index into the text. */
  countBefore(text: string, what: Counted, offset: number): number {
    const chunk = Math.floor(offset / CHUNK);
    while (this.chunks < chunk && this.readNextChunk(text));
    let count = this.#before[what][Math.min(chunk, this.chunks)] as number;
    const isCounted = IS_COUNTED[what];
    for (let at = chunk * CHUNK; at < Math.min(offset, text.length); at++) if (isCounted(text, at)) count++;
    return count;
  }

  /** The index of the nth one, from 1. Undefined if there are fewer. */
  find(text: string, what: Counted, nth: number): number | undefined {
    const before = this.#before[what];
    while (this.counted(what) < nth) if (!this.readNextChunk(text)) return undefined;
    let low = 0;
    let high = before.length - 1;
    // Finds the last chunk before which there are fewer: it is in that one.
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((before[middle] as number) < nth) low = middle;
      else high = middle;
    }
    let left = nth - (before[low] as number);
    const isCounted = IS_COUNTED[what];
    for (let at = low * CHUNK; ; at++) if (isCounted(text, at) && --left === 0) return at;
  }

  /** The index of the character that so many code points precede, or the length of the text. */
  indexOfCodePoint(text: string, codePoints: number): number {
    while (this.chunks * CHUNK - this.counted('pairs') <= codePoints) if (!this.readNextChunk(text)) break;
    const { pairs } = this.#before;
    let low = 0;
    let high = pairs.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (middle * CHUNK - (pairs[middle] as number) <= codePoints) low = middle;
      else high = middle;
    }
    let at = low * CHUNK;
    let left = codePoints - (at - (pairs[low] as number));
    // A pair may stand across the border of two chunks: then its second half, which is no further code point, begins this one.
    for (; at < text.length; at++) {
      if (endsPair(text, at)) continue;
      if (left-- === 0) break;
    }
    return at;
  }
}

/**
 * As editors count: a line ends at CR LF, LF or CR. U+2028 and U+2029, which are line terminators of the language, end none.
 * A carriage return before a line feed ends no line: the pair ends one line, at the line feed.
 */
export function endsLine(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit === LINE_FEED || (unit === CARRIAGE_RETURN && text.charCodeAt(at + 1) !== LINE_FEED);
}

/** Sources are well-formed: every second half has a first one. */
function endsPair(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
