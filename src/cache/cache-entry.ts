import type { StoredSourceMap } from '../source/source-map/stored-map.js';

/** The namespace of compiled handlers; applications use others for their data. */
export const HANDLER_NAMESPACE = 'handler';

/** A cached entry: a compiled handler, or data of an application. */
export interface CacheEntry {
  /** Hex SHA-256 of everything on which the content depends. */
  readonly key: string;
  readonly namespace: string;
  /** Empty if it is not a handler. */
  readonly filename: string;
  /**
   * The author's source, for snippets in errors. Empty if it is not a handler, and if it is long and was read
   * from a file.
   */
  readonly source: string;
  /** Of the source. Not checked before it is read. */
  readonly sourceMap?: StoredSourceMap;
  /** Names of the entry points of a handler. Absent for a body. */
  readonly entries?: readonly string[];
  /** Bytecode, or the application's data. Shared, so that workers need no copy. */
  readonly content: Uint8Array<SharedArrayBuffer>;
}

/** The bytes that an entry keeps alive: its content, its source map, and a source of at most two bytes per character. */
export function entryBytes({ content, source, sourceMap }: CacheEntry): number {
  return content.length + source.length * 2 + (sourceMap?.deflated.length ?? 0);
}
