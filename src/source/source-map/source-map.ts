import { inSlices, type Step } from '../../support/slices.js';
import { performance } from '../../support/timers.js';
import type { SourceLocation } from '../source-lines.js';
import { type ByteRange, MapFields } from './map-fields.js';
import { Mappings, type MapSegment } from './mappings.js';

/** Of the whole map, as JSON. The bundled TypeScript compiler has one of 24 MB. */
export const MAX_MAP_BYTES = 32 * 1024 * 1024;
/** What is read without a turn of the event loop, where the caller waits: it takes less than 50 ms, whatever it is. */
export const MAX_BYTES_AT_ONCE = 1024 * 1024;
/** Of the field `mappings`: that of a bundle of some 4 MB. */
const MAX_MAPPINGS_BYTES = 8 * 1024 * 1024;
/** Decoding the text of a larger file takes longer than a snippet is worth. */
const MAX_CONTENT_BYTES = 2 * 1024 * 1024;
/** A longer name is no path. */
const MAX_NAME_BYTES = 4 * 1024;
/** Of a name as it is told. Its end says most. */
const MAX_NAME_CHARACTERS = 300;
const VERSION = '3';
const QUOTE = 0x22;
/** Control characters, ends of lines, and what turns the direction of text: names stand in stack traces. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
const ABSOLUTE = /^(?:\/|[A-Za-z][\w+.-]*:)/;

/** A place in a file of the author's, and the place in the compiled text where its segment begins. */
export interface FilePlace extends SourceLocation {
  /** Number of the file. */
  readonly source: number;
  readonly file: string;
  readonly compiled: SourceLocation;
}

/**
 * A source map of version 3, as tools for JavaScript write it. Whoever wrote the handler wrote it: it is read within bounds, in slices,
 * and decoded only where a place is asked for.
 *
 * @see https://tc39.es/ecma426/
 */
export class SourceMap {
  readonly #fields: MapFields;
  readonly #mappings: Mappings;
  readonly #root: string;

  private constructor(fields: MapFields, mappings: Mappings) {
    this.#fields = fields;
    this.#mappings = mappings;
    this.#root = fields.textOf(fields.fields.get('sourceRoot'), MAX_NAME_BYTES) ?? '';
  }

  /**
   * Reads a map with turns of the event loop in between.
   *
   * @param json in UTF-8
   * @returns undefined for one that is broken, too large, or in sections
   */
  static open(json: Uint8Array): SourceMap | undefined | Promise<SourceMap | undefined> {
    if (json.length > MAX_MAP_BYTES) return undefined;
    return inSlices(SourceMap.#reading(json));
  }

  /** {@link open} for callers that cannot wait. */
  static openAtOnce(json: Uint8Array, maxBytes: number = MAX_BYTES_AT_ONCE): SourceMap | undefined {
    if (json.length > maxBytes) return undefined;
    return SourceMap.#reading(json)(Number.POSITIVE_INFINITY)?.done;
  }

  static #reading(json: Uint8Array): Step<SourceMap | undefined> {
    const fields = new MapFields(json);
    let mappings: Mappings | undefined;
    return (until) => {
      while (mappings === undefined) {
        if (!fields.readSome()) {
          if (performance.now() >= until) return undefined;
          continue;
        }
        const bytes = mappingsOf(fields);
        if (bytes === undefined) return { done: undefined };
        mappings = new Mappings(bytes, fields.sources.length);
      }
      while (!mappings.readSome()) if (performance.now() >= until) return undefined;
      return { done: mappings.isBroken ? undefined : new SourceMap(fields, mappings) };
    };
  }

  /** The size of its JSON, which it keeps. */
  get bytes(): number {
    return this.#fields.json.length;
  }

  /**
   * Where the text at a place of the compiled text is from.
   *
   * @param location as editors count
   * @returns undefined if the map does not know: it is code of the bundler, say
   */
  find({ line, column }: SourceLocation): FilePlace | undefined {
    const segment = this.#mappings.find(line - 1, column - 1);
    return segment && this.#placeOf(segment, line);
  }

  /** Every place of the compiled text that begins one of a file. */
  *places(): Generator<FilePlace> {
    for (const segment of this.#mappings) {
      const place = this.#placeOf(segment, segment.line + 1);
      if (place !== undefined) yield place;
    }
  }

  /** The text of a file, if the map has it. */
  contentOf(source: number): string | undefined {
    return this.#fields.textOf(this.#fields.contents[source], MAX_CONTENT_BYTES);
  }

  /** The bytes that its text takes in the map. */
  contentBytes(source: number): number {
    const range: ByteRange | undefined = this.#fields.contents[source];
    return range === undefined ? 0 : range.end - range.start;
  }

  #placeOf({ column, source, originalLine, originalColumn }: MapSegment, line: number): FilePlace | undefined {
    const file = this.#nameOf(source);
    if (file === undefined) return undefined;
    return { file, source, line: originalLine + 1, column: originalColumn + 1, compiled: { line, column: column + 1 } };
  }

  #nameOf(source: number): string | undefined {
    const name = this.#fields.textOf(this.#fields.sources[source], MAX_NAME_BYTES);
    if (name === undefined || name === '') return undefined;
    const full = this.#root === '' || ABSOLUTE.test(name) ? name : `${this.#root.replace(/\/$/, '')}/${name}`;
    const clean = full.replace(UNPRINTABLE, '').toWellFormed();
    if (clean === '') return undefined;
    return clean.length <= MAX_NAME_CHARACTERS ? clean : `…${clean.slice(1 - MAX_NAME_CHARACTERS)}`.toWellFormed();
  }
}

/** The field, without quotes: no digit of it needs an escape. Undefined if this is no map of version 3. */
function mappingsOf(fields: MapFields): Uint8Array | undefined {
  const version = fields.fields.get('version');
  const mappings = fields.fields.get('mappings');
  if (!fields.isWhole || version === undefined || mappings === undefined || fields.fields.has('sections'))
    return undefined;
  if (Buffer.from(fields.bytesOf(version)).toString('latin1') !== VERSION) return undefined;
  const text = fields.bytesOf(mappings);
  if (text.length > MAX_MAPPINGS_BYTES || text.length < 2 || text[0] !== QUOTE || text.at(-1) !== QUOTE)
    return undefined;
  return text.subarray(1, -1);
}
