import type { WasmError } from './result.js';
import type { CompileOptions } from './source-options.js';

/** Source, an artifact, or source with its file name and how it is read. Further fields of a record are ignored. */
export type WarmupUnit = string | Uint8Array | ({ readonly code: string } & Omit<CompileOptions, 'source'>);

export interface WarmupOptions {
  /**
   * The number of workers to start, 1 to `maxInstances`. Those above `minInstances` end when they are idle.
   * Default: `minInstances`
   */
  readonly instances?: number;
}

export interface WarmupReport {
  /** Workers that are started. */
  readonly instances: number;
  /** Handlers that all of them have loaded. */
  readonly loaded: number;
  /** Handlers that did not compile: their index in the input, and the error. */
  readonly failures: readonly { readonly index: number; readonly error: WasmError }[];
}
