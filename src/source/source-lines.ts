import { SLICE_LENGTH, waitATurn } from '../support/byte-slices.js';

/** A position in a text; line and column start at 1. */
export interface SourceLocation {
  readonly line: number;
  readonly column: number;
}

const LINES_BEFORE = 3;
const LINES_AFTER = 1;
/** A longer line is cut around the column. */
const MAX_LINE_LENGTH = 120;
/** The index counts lines for chunks of this many characters: a lookup reads at most two of them. */
const CHUNK = 16 * 1024;
const CHUNKS_IN_SLICE = SLICE_LENGTH / CHUNK;
/** Lines whose places are remembered: an error and its causes name the same few lines again and again. */
const REMEMBERED_LINES = 64;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const LINE_SEPARATOR = 0x2028;
const PARAGRAPH_SEPARATOR = 0x2029;

/**
 * The number of lines that end before each chunk of a text. It holds only numbers, so it may outlive the
 * text.
 */
export class LineIndex {
  /** Item i: the number of lines that end in the first i chunks. Extended as needed. */
  readonly endedBefore: number[] = [0];
}

/** Where a line starts and ends, without its terminator. */
interface Line {
  readonly start: number;
  readonly end: number;
}

/** The lines of a text that may have megabytes. Each query reads the text at most once. */
export class SourceLines {
  readonly source: string;
  readonly #index: LineIndex;
  readonly #found = new Map<number, Line>();

  /** @param index an earlier index of the same text */
  constructor(source: string, index: LineIndex = new LineIndex()) {
    this.source = source;
    this.#index = index;
  }

  static of(text: string | SourceLines): SourceLines {
    return typeof text === 'string' ? new SourceLines(text) : text;
  }

  /** Reads the whole text, with turns of the event loop in between. Later queries take microseconds. */
  async prepare(): Promise<void> {
    for (;;) {
      const end = this.#chunks + CHUNKS_IN_SLICE;
      while (this.#chunks < end) if (!this.#countNextChunk()) return;
      await waitATurn();
    }
  }

  /** A location inside the text: one behind the end of a line or of the text is moved to that end. */
  clamp({ line, column }: SourceLocation): SourceLocation {
    const known = this.#find(line);
    if (known === undefined) {
      const last = this.#find(this.#endedLines + 1) ?? { start: 0, end: this.source.length };
      return { line: this.#endedLines + 1, column: last.end - last.start + 1 };
    }
    return { line, column: Math.max(1, Math.min(column, known.end - known.start + 1)) };
  }

  /** Index into the text. Undefined behind the last line. */
  offsetOf({ line, column }: SourceLocation): number | undefined {
    const found = this.#find(line);
    return found && found.start + column - 1;
  }

  /** The place of an index into the text. */
  locationAt(offset: number): SourceLocation {
    let [line, start] = [1, 0];
    for (let at = 0; at < Math.min(offset, this.source.length); at++) {
      if (endsLine(this.source, at)) [line, start] = [line + 1, at + 1];
    }
    return { line, column: offset - start + 1 };
  }

  /** The characters of a line from a column on, at most so many; empty where there are none. */
  read({ line, column }: SourceLocation, length: number): string {
    const found = this.#find(line);
    if (found === undefined) return '';
    const start = found.start + column - 1;
    return this.source.slice(start, Math.min(start + length, found.end));
  }

  /**
   * Up to five lines around `location`, numbered, with a caret under the column:
   *
   *     2 | const total = items.reduce(
   *     3 |   (sum, item) => sum + item.price.amount,
   *       |                                   ^
   */
  snippet(given: SourceLocation): string {
    const { line, column } = this.clamp(given);
    const first = Math.max(1, line - LINES_BEFORE);
    const numbers: number[] = [];
    for (let number = first; number <= line + LINES_AFTER && this.#find(number) !== undefined; number++) {
      numbers.push(number);
    }
    const gutter = String(numbers.at(-1)).length;
    const { start, end } = this.#find(line) ?? { start: 0, end: 0 };
    const cut = end - start > MAX_LINE_LENGTH ? Math.max(0, column - 1 - Math.floor(MAX_LINE_LENGTH / 2)) : 0;
    const rendered: string[] = [];
    for (const number of numbers) {
      const shown = this.read({ line: number, column: number === line ? cut + 1 : 1 }, MAX_LINE_LENGTH);
      rendered.push(`${String(number).padStart(gutter)} | ${shown}`.trimEnd());
      if (number === line) rendered.push(`${' '.repeat(gutter)} | ${' '.repeat(column - 1 - cut)}^`);
    }
    return rendered.join('\n');
  }

  /** The start and end of a line, without its terminator. Undefined behind the last line. */
  #find(line: number): Line | undefined {
    const known = this.#found.get(line);
    if (known !== undefined) return known;
    const found = this.#search(line);
    if (found !== undefined && this.#found.size < REMEMBERED_LINES) this.#found.set(line, found);
    return found;
  }

  #search(line: number): Line | undefined {
    if (line < 1) return undefined;
    const before = line === 1 ? { next: 0 } : this.#lineEnd(line - 1);
    if (before === undefined) return undefined;
    return { start: before.next, end: this.#lineEnd(line)?.end ?? this.source.length };
  }

  /** The end of a line, and the start of the next one. Undefined if the text ends before. */
  #lineEnd(number: number): { readonly end: number; readonly next: number } | undefined {
    const { endedBefore } = this.#index;
    while (this.#endedLines < number) if (!this.#countNextChunk()) return undefined;
    let low = 0;
    let high = endedBefore.length - 1;
    // Finds the last chunk before which fewer lines have ended: the line ends in it.
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((endedBefore[middle] as number) < number) low = middle;
      else high = middle;
    }
    let left = number - (endedBefore[low] as number);
    let at = low * CHUNK;
    for (; ; at++) if (endsLine(this.source, at) && --left === 0) break;
    const isPair = this.source.charCodeAt(at) === LINE_FEED && this.source.charCodeAt(at - 1) === CARRIAGE_RETURN;
    return { end: isPair ? at - 1 : at, next: at + 1 };
  }

  /** The number of lines in the part that was read. */
  get #endedLines(): number {
    return this.#index.endedBefore.at(-1) as number;
  }

  get #chunks(): number {
    return this.#index.endedBefore.length - 1;
  }

  /** False if there is no further chunk. */
  #countNextChunk(): boolean {
    const start = this.#chunks * CHUNK;
    if (start >= this.source.length) return false;
    this.#index.endedBefore.push(this.#endedLines + countLineEnds(this.source, start, start + CHUNK));
    return true;
  }
}

/** {@link SourceLines.snippet} for a text that is used only once. */
export function renderSnippet(text: string | SourceLines, location: SourceLocation): string {
  return SourceLines.of(text).snippet(location);
}

function countLineEnds(text: string, start: number, end: number): number {
  let count = 0;
  const stop = Math.min(end, text.length);
  for (let at = start; at < stop; at++) if (endsLine(text, at)) count++;
  return count;
}

/** A carriage return before a line feed ends no line: the pair ends one line, at the line feed. */
function endsLine(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if (unit > CARRIAGE_RETURN) return unit === LINE_SEPARATOR || unit === PARAGRAPH_SEPARATOR;
  return unit === LINE_FEED || (unit === CARRIAGE_RETURN && text.charCodeAt(at + 1) !== LINE_FEED);
}
