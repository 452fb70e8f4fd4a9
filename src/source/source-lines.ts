import { SLICE_LENGTH, waitATurn } from '../support/bytes/byte-slices.js';
import { CHUNK, LineIndex } from './line-index.js';
import { cutLine, paddingUnder } from './text-width.js';

/**
 * A position in a text, as editors and the language server protocol have it, but from 1: lines end at CR LF, LF or CR, and
 * columns are UTF-16 units.
 */
export interface SourceLocation {
  readonly line: number;
  readonly column: number;
}

/** A position as the engine has it, from 1: lines end at line feeds alone, and columns are code points. */
export interface EnginePlace {
  readonly line: number;
  readonly column: number;
}

const LINES_BEFORE = 3;
const LINES_AFTER = 1;
/** A longer line is cut around the column. */
const MAX_LINE_LENGTH = 120;
const CHUNKS_IN_SLICE = SLICE_LENGTH / CHUNK;
/** Lines whose places are remembered: an error and its causes name the same few lines again and again. */
const REMEMBERED_LINES = 64;

/** Where a line starts and ends, without its terminator. */
interface Line {
  readonly start: number;
  readonly end: number;
}

/** A line as the engine has it: one of an editor or several. */
interface EngineLine extends Line {
  /** Number of the editor's line at its start. */
  readonly number: number;
  readonly isOneLine: boolean;
  /** Pairs in the text before it. */
  readonly pairsBefore: number;
  readonly hasPairs: boolean;
}

/** The lines of a text that may have megabytes. Each query reads the text at most once. */
export class SourceLines {
  readonly source: string;
  readonly #index: LineIndex;
  readonly #found = new Map<number, Line>();
  readonly #foundOfEngine = new Map<number, EngineLine>();

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
      const end = this.#index.chunks + CHUNKS_IN_SLICE;
      while (this.#index.chunks < end) if (!this.#index.readNextChunk(this.source)) return;
      await waitATurn();
    }
  }

  /** A location inside the text: one behind the end of a line or of the text is moved to that end. */
  clamp({ line, column }: SourceLocation): SourceLocation {
    const known = this.#find(line);
    if (known === undefined) return this.#end();
    return { line, column: Math.max(1, Math.min(column, known.end - known.start + 1)) };
  }

  /** Where the engine's place is for an editor. One behind the end of a line or of the text is moved to that end. */
  fromEngine({ line, column }: EnginePlace): SourceLocation {
    const found = this.#findOfEngine(line);
    if (found === undefined) return this.#end();
    const { start, end, number, isOneLine, pairsBefore, hasPairs } = found;
    const before = Math.max(0, column - 1);
    const offset = hasPairs
      ? this.#index.indexOfCodePoint(this.source, start - pairsBefore + before)
      : Math.min(start + before, end);
    if (!isOneLine) return this.locationAt(Math.min(offset, end));
    return { line: number, column: Math.min(offset, end) - start + 1 };
  }

  /** The engine's place of an index into the text. */
  engineAt(offset: number): EnginePlace {
    const line = this.#index.countBefore(this.source, 'feeds', offset) + 1;
    const start = line === 1 ? 0 : (this.#index.find(this.source, 'feeds', line - 1) ?? -1) + 1;
    return { line, column: offset - start - (this.#pairsBefore(offset) - this.#pairsBefore(start)) + 1 };
  }

  /** Index into the text. Undefined behind the last line. */
  offsetOf({ line, column }: SourceLocation): number | undefined {
    const found = this.#find(line);
    return found && found.start + column - 1;
  }

  /** The place of an index into the text. One inside of a terminator is the end of its line. */
  locationAt(offset: number): SourceLocation {
    const line = this.#index.countBefore(this.source, 'ends', offset) + 1;
    const { start, end } = this.#find(line) ?? { start: 0, end: 0 };
    return { line, column: Math.max(0, Math.min(offset, end) - start) + 1 };
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
      const from = number === line ? cut : 0;
      // A unit more, by which the cut shows whether it is inside of a pair.
      const shown = cutLine(this.read({ line: number, column: from + 1 }, MAX_LINE_LENGTH + 1), MAX_LINE_LENGTH);
      rendered.push(`${String(number).padStart(gutter)} | ${shown}`.trimEnd());
      if (number === line) rendered.push(`${' '.repeat(gutter)} | ${paddingUnder(shown, column - 1 - cut)}^`);
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
    const at = this.#index.find(this.source, 'ends', number);
    if (at === undefined) return undefined;
    const isPair = this.source[at] === '\n' && this.source[at - 1] === '\r';
    return { end: isPair ? at - 1 : at, next: at + 1 };
  }

  #findOfEngine(line: number): EngineLine | undefined {
    const known = this.#foundOfEngine.get(line);
    if (known !== undefined) return known;
    const found = this.#searchOfEngine(line);
    if (found !== undefined && this.#foundOfEngine.size < REMEMBERED_LINES) this.#foundOfEngine.set(line, found);
    return found;
  }

  #searchOfEngine(line: number): EngineLine | undefined {
    if (line < 1) return undefined;
    const feed = line === 1 ? -1 : this.#index.find(this.source, 'feeds', line - 1);
    if (feed === undefined) return undefined;
    const start = feed + 1;
    const next = this.#index.find(this.source, 'feeds', line) ?? this.source.length;
    const end = this.source[next - 1] === '\r' && next > start && next < this.source.length ? next - 1 : next;
    const number = this.#index.countBefore(this.source, 'ends', start) + 1;
    const pairsBefore = this.#pairsBefore(start);
    return {
      start,
      end,
      number,
      isOneLine: this.#index.countBefore(this.source, 'ends', end) + 1 === number,
      pairsBefore,
      hasPairs: this.#pairsBefore(end) > pairsBefore,
    };
  }

  #pairsBefore(offset: number): number {
    return this.#index.countBefore(this.source, 'pairs', offset);
  }

  #end(): SourceLocation {
    return this.locationAt(this.source.length);
  }
}

/** {@link SourceLines.snippet} for a text that is used only once. */
export function renderSnippet(text: string | SourceLines, location: SourceLocation): string {
  return SourceLines.of(text).snippet(location);
}
