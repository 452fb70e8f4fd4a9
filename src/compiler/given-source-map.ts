import type { WasmError } from '../api/result.js';
import { findInlineMap, jsonOfInlineMap } from '../source/source-map/inline-map.js';
import { inOriginal, OriginalPlaces } from '../source/source-map/original-places.js';
import { MAX_MAP_BYTES, SourceMap } from '../source/source-map/source-map.js';
import { type StoredSourceMap, storeSourceMap } from '../source/source-map/stored-map.js';
import { encodeInSlices } from '../source/text-slices.js';

/** A source as it is compiled, with its map if it came with one. */
interface MappedSource {
  readonly source: string;
  /** A source map as JSON. */
  readonly sourceMap?: string | undefined;
}

/** The source map of a source: the one that came with it, or else the one that is its last comment. */
export class GivenSourceMap {
  /** The source without an inline map. */
  readonly text: string;
  readonly #read: () => Uint8Array | Promise<Uint8Array>;

  private constructor(text: string, read: () => Uint8Array | Promise<Uint8Array>) {
    this.text = text;
    this.#read = read;
  }

  /** Undefined if there is none, or it is too large to be read. */
  static of({ source, sourceMap }: MappedSource): GivenSourceMap | undefined {
    if (sourceMap !== undefined) {
      return sourceMap.length > MAX_MAP_BYTES ? undefined : new GivenSourceMap(source, () => encodeInSlices(sourceMap));
    }
    const inline = findInlineMap(source);
    return inline && new GivenSourceMap(inline.text, () => jsonOfInlineMap(inline));
  }

  /** The map as it is kept with the bytecode. */
  async store(): Promise<StoredSourceMap | undefined> {
    return storeSourceMap(await this.#read());
  }

  /** An error of the compilation, with its place in the author's files. */
  async locate(error: WasmError): Promise<WasmError> {
    if (error.location === undefined) return error;
    const map = await SourceMap.open(await this.#read());
    return map === undefined ? error : inOriginal(error, new OriginalPlaces(map, this.text));
  }
}
