import type { CacheTierName } from '../api/observing/execution-metrics.js';
import type { LibrarySet } from '../protocol/library-set.js';
import type { StoredSourceMap } from '../source/source-map/stored-map.js';

/** A handler that is ready to execute. */
export interface CompiledHandler {
  /** Hex SHA-256 of everything that its bytes depend on; also the name of its file in the disk tier. */
  readonly key: string;
  readonly filename: string;
  /** The text that was compiled, without an inline source map at its end. Empty with `source: false`. */
  readonly source: string;
  /** Tells places of `source` as places of the files of which it was made. Absent if there is none, and with `source: false`. */
  readonly sourceMap?: StoredSourceMap | undefined;
  /** Names of the entry points of a handler. Absent for a body. */
  readonly entries?: readonly string[] | undefined;
  /** @internal Libraries that it has besides those of the runtime. */
  readonly librarySet?: LibrarySet | undefined;
  /** In shared memory, so that workers need no copy. */
  readonly bytecode: Uint8Array<SharedArrayBuffer>;
}

/** A handler with the way in which it was obtained. */
export interface CompileResult extends CompiledHandler {
  /** The tier in which it was found; absent if it was compiled. */
  readonly tier?: CacheTierName;
  /** Time from the call until the bytecode was available, in microseconds. */
  readonly compilationTimeUs: number;
}

/** Stands for the bytecode of a handler that is resumed instead of started. */
export const EMPTY_BYTECODE = new Uint8Array(new SharedArrayBuffer(0));
