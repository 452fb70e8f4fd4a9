import { SourceLines, type SourceLocation } from '../source-lines.js';
import { findInlineMap, jsonOfInlineMap } from './inline-map.js';
import { type FilePlace, MAX_BYTES_AT_ONCE, SourceMap } from './source-map.js';

/** A place in a file of the author's. */
export interface FileLocation extends SourceLocation {
  /** As the source map names it. Absent if there is none: then the place is in the text that was compiled. */
  readonly file?: string;
}

export interface OriginalPlace {
  readonly location: FileLocation;
  /** The text of the file, if the map has it. */
  readonly lines: SourceLines | undefined;
}

/** Of the texts of files that are read for one error: it takes some 20 ms, whatever they are. */
const MAX_READ_BYTES = 2 * 1024 * 1024;
/** Four digits for three bytes. */
const MAX_BASE64_AT_ONCE = (MAX_BYTES_AT_ONCE / 3) * 4;
/** Two texts are compared so far from the beginning of a segment. */
const MAX_COMPARED_CHARACTERS = 500;

/**
 * Translates the places of one error, or of one report, from the text that was compiled into the author's files. It is the one place where
 * a source map is applied: what comes before it is `toAuthorLocation`.
 */
export class OriginalPlaces {
  readonly #map: SourceMap;
  readonly #compiled: SourceLines | undefined;
  readonly #texts = new Map<number, SourceLines | undefined>();
  #readBytes = 0;

  /** @param compiled the text that was compiled, if it is at hand */
  constructor(map: SourceMap, compiled: string | SourceLines | undefined) {
    this.#map = map;
    this.#compiled = compiled === undefined ? undefined : SourceLines.of(compiled);
  }

  /** Those of a source that ends with a source map of moderate size, for callers that cannot wait. */
  static in(source: string): OriginalPlaces | undefined {
    const inline = findInlineMap(source);
    if (inline === undefined || inline.base64.length > MAX_BASE64_AT_ONCE) return undefined;
    const map = SourceMap.openAtOnce(jsonOfInlineMap(inline));
    return map && new OriginalPlaces(map, source);
  }

  /**
   * @param location in the text that was compiled
   * @returns undefined for what the map does not know, and for what it says of a file that has no such line
   */
  of(location: SourceLocation): OriginalPlace | undefined {
    const found = this.#map.find(location);
    if (found === undefined) return undefined;
    const lines = this.#textOf(found.source);
    if (lines !== undefined && lines.offsetOf(found) === undefined) return undefined;
    const { file, line } = found;
    return { location: { line, column: this.#columnOf(location, found, lines), file }, lines };
  }

  /** A segment spans as much as is the same in both texts: a bundler that changes nothing in a line may write one for all of it. */
  #columnOf(location: SourceLocation, found: FilePlace, lines: SourceLines | undefined): number {
    const { compiled, line, column } = found;
    const length = location.column - compiled.column;
    if (lines === undefined || this.#compiled === undefined || length <= 0 || length > MAX_COMPARED_CHARACTERS)
      return column;
    const written = this.#compiled.read(compiled, length);
    const original = lines.read({ line, column }, MAX_COMPARED_CHARACTERS);
    // Behind a name, which may be another one in the bundle.
    if (IS_NAME.test(written)) return column + (NAME.exec(original)?.[0].length ?? 0);
    return written.length === length && original.startsWith(written) ? column + length : column;
  }

  #textOf(source: number): SourceLines | undefined {
    if (this.#texts.has(source)) return this.#texts.get(source);
    const bytes = this.#map.contentBytes(source);
    const isRead = this.#readBytes + bytes <= MAX_READ_BYTES;
    if (isRead) this.#readBytes += bytes;
    const text = isRead ? this.#map.contentOf(source) : undefined;
    const lines = text === undefined ? undefined : new SourceLines(text);
    this.#texts.set(source, lines);
    return lines;
  }
}

/** With TypeScript's `!`, which no bundle has. */
const NAME = /^[\p{ID_Continue}$]+(?:!(?=[.[(]))?/u;
const IS_NAME = /^[\p{ID_Continue}$]+$/u;

/** Where something is, with the lines around it. */
interface Placed {
  readonly location?: FileLocation;
  readonly snippet?: string;
}

/** An error with a place in the compiled text, as one with a place in the author's files. What the map does not know stays. */
export function inOriginal<T extends Placed>(error: T, places: OriginalPlaces | undefined): T {
  const original = error.location && places?.of(error.location);
  if (original === undefined) return error;
  const { snippet: _, ...others } = error;
  const { location, lines } = original;
  return { ...others, location, ...(lines && { snippet: lines.snippet(location) }) } as T;
}
