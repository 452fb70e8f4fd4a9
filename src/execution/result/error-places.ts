import { MAX_READ_CHARACTERS, Tokens } from '../../source/expressions/tokens.js';
import type { EnginePlace, SourceLines } from '../../source/source-lines.js';
import { type FileLocation, OriginalPlaces } from '../../source/source-map/original-places.js';
import type { SourceMap } from '../../source/source-map/source-map.js';
import { toAuthorLocation } from '../../source/wrapper.js';

/** A place of an error, in the author's file or, if no source map knows it, in the text that was compiled. */
export interface ErrorPlace {
  readonly location: FileLocation;
  /** The text that has the place, if it is at hand. */
  readonly lines: SourceLines | undefined;
  /** Whether there is a source map and it does not know the place: it is code of a bundler. */
  readonly isUnknown: boolean;
}

/** Tells the engine's places of one error and its causes as the author's, and reads the texts there within bounds. */
export class ErrorPlaces {
  readonly #lines: SourceLines | undefined;
  readonly #originals: OriginalPlaces | undefined;
  readonly #tokens = new Map<SourceLines, Tokens | undefined>();
  #readCharacters = 0;

  /** @param lines of the text that was compiled, if it is at hand */
  constructor(lines: SourceLines | undefined, map: SourceMap | undefined) {
    this.#lines = lines;
    this.#originals = map && new OriginalPlaces(map, lines);
  }

  of(place: EnginePlace): ErrorPlace {
    const location = toAuthorLocation(place, this.#lines);
    const original = this.#originals?.of(location);
    if (original !== undefined) return { ...original, isUnknown: false };
    return { location, lines: this.#lines, isUnknown: this.#originals !== undefined };
  }

  /** The tokens of the text at a place. Of all texts together, only as much is read as of one. */
  tokensAt({ lines }: ErrorPlace): Tokens | undefined {
    if (lines === undefined) return undefined;
    if (this.#tokens.has(lines)) return this.#tokens.get(lines);
    const characters = this.#readCharacters + lines.source.length;
    const tokens = characters <= MAX_READ_CHARACTERS ? Tokens.of(lines.source) : undefined;
    if (tokens !== undefined) this.#readCharacters = characters;
    this.#tokens.set(lines, tokens);
    return tokens;
  }
}
