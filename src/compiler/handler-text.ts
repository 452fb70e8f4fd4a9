import type { CompileOptions } from '../api/source-options.js';
import { nameOfShape, type SourceShape } from '../source/forms/source-shape.js';

/** Options of a compilation besides the name of the file. */
export type CallOptions = Omit<CompileOptions, 'filename'>;

/** A handler as it is compiled. */
export interface HandlerText {
  readonly source: string;
  readonly filename: string;
  readonly shape: SourceShape | undefined;
  /** A source map of `source` as JSON, from the linker. Without it, that at the end of the source counts. */
  readonly sourceMap: string | undefined;
  /** Whether source and source map are kept with the bytecode. */
  readonly keepsSource: boolean;
}

/** A key that was derived before, for the source with this map. */
export interface KnownKey {
  readonly key: string;
  readonly sourceMap: string | undefined;
}

/** What is compiled of a source besides its text. No name of a file has a NUL. */
export function nameIn(filename: string, shape: SourceShape | undefined, keepsSource: boolean): string {
  const name = shape === undefined ? filename : `${filename}\0${nameOfShape(shape)}`;
  return keepsSource ? name : `${name}\0`;
}

/** What is kept alive by the keys of a source. */
export function charactersOf(keys: ReadonlyMap<string, KnownKey>, source: string): number {
  let characters = source.length + 1;
  for (const { sourceMap } of keys.values()) characters += sourceMap?.length ?? 0;
  return characters;
}
