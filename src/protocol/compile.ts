import type { WasmError } from '../api/result.js';
import type { SourceShape } from '../source/forms/source-shape.js';
import type { ScriptProblem } from '../source/script-problem.js';

export type ScriptOutcome =
  | { readonly ok: true; readonly bytecode: Uint8Array }
  | { readonly ok: false; readonly problem: ScriptProblem };

/**
 * The result of compiling a handler: bytecode of its one function, or the error for the result. A handler that is no body has
 * `entries`, the names of its entry points.
 */
export type HandlerOutcome =
  | { readonly ok: true; readonly bytecode: Uint8Array; readonly entries?: readonly string[] }
  | {
      readonly ok: false;
      readonly error: WasmError;
      /** A thread with a larger stack may be able to compile it. */
      readonly isTooDeep?: boolean;
      /** It is a module that imports what is no library: a linker may find it. */
      readonly importsMore?: boolean;
    };

/** A handler to compile. */
export interface CompileUnit {
  readonly source: string;
  /** The encoded source, if it was already encoded. */
  readonly encoded?: Uint8Array<SharedArrayBuffer>;
  readonly filename: string;
  readonly shape?: SourceShape | undefined;
}

/** The right of one call to wait for a worker, from its admission until its execution is queued or it ends. */
export interface Admission {
  /** A compilation that the call queues counts in its place. */
  lend(): void;
  takeBack(): void;
  /** Further calls do nothing. */
  release(): void;
}

/** Options of a call that waits for a compilation, which is dispatched like the call's execution. */
export interface CompileRequestOptions {
  readonly tenant?: string | undefined;
  readonly queueTimeoutMs?: number | undefined;
  readonly admission?: Admission | undefined;
}

/** A compilation for which any number of calls wait. It starts when the first of them may use a worker. */
export interface Compilation {
  /** Rejects if the worker is lost, or if no call waits any longer before it is started. */
  readonly outcome: Promise<HandlerOutcome>;

  /**
   * Adds a waiting call. Resolves when the compilation has ended.
   *
   * @param order absent if no call waits for it
   * @throws NexusError POOL_SATURATED if it is not started within the time that this call may wait
   */
  join(order: CompileRequestOptions | undefined): Promise<void>;
}

/** Compiles sources to bytecode in a worker. */
export interface CompileBackend {
  compile(unit: CompileUnit): Compilation;
}
