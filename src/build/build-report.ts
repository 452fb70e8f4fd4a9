import type { Manifest } from '../api/manifest.js';
import type { WasmError } from '../api/result.js';

/** A handler that could not be built. The others are. */
export interface BuildFailure {
  readonly name: string;
  /** Relative to the root. */
  readonly file: string;
  readonly error: Pick<WasmError, 'code' | 'message' | 'location' | 'snippet'>;
}

/** What a build made. */
export interface BuildReport {
  /** Path of `manifest.json`, which has all handlers that were built, now or before. */
  readonly manifestPath: string;
  readonly manifest: Manifest;
  /** Names of handlers that were compiled. */
  readonly built: readonly string[];
  /** Names of handlers that have not changed since the last build. */
  readonly unchanged: readonly string[];
  readonly failures: readonly BuildFailure[];
}
