import type { WasmError } from './result.js';

/** Source, an artifact, or source with the name of its file. */
export type WarmupUnit = string | Uint8Array | { readonly code: string; readonly filename?: string };

export interface WarmupOptions {
  /** Workers to have up, 1 to `maxInstances`. Those above `minInstances` end when they idle. Default: `minInstances` */
  readonly instances?: number;
}

export interface WarmupReport {
  /** Workers that are up. */
  readonly instances: number;
  /** Handlers that all of them know. */
  readonly loaded: number;
  /** Handlers that did not compile: where they stand in what was given, and why. */
  readonly failures: readonly { readonly index: number; readonly error: WasmError }[];
}
