import type { WasmError } from '../api/result.js';
import type { ScriptProblem } from '../source/script-problem.js';

export type ScriptOutcome =
  | { readonly ok: true; readonly bytecode: Uint8Array }
  | { readonly ok: false; readonly problem: ScriptProblem };

/** What became of a handler's source: bytecode of the one function that it is, or the error that a result shows. */
export type HandlerOutcome =
  | { readonly ok: true; readonly bytecode: Uint8Array }
  | {
      readonly ok: false;
      readonly error: WasmError;
      /** A thread with a larger stack may compile it. */
      readonly isTooDeep?: boolean;
    };

/** A handler that is to be compiled. */
export interface CompileUnit {
  readonly source: string;
  /** The same, encoded, where that was done already. */
  readonly encoded?: Uint8Array<SharedArrayBuffer>;
  readonly filename: string;
}

/** The right of one call to wait for a worker: had by it from its admission until its execution is queued or it ends. */
export interface Admission {
  /** A compilation that the call queues counts in its place. */
  lend(): void;
  takeBack(): void;
  /** More than once does nothing. */
  release(): void;
}

/** A call that waits for a compilation, which takes its turn as the call's execution will. */
export interface CompileRequestOptions {
  readonly tenant?: string | undefined;
  readonly queueTimeoutMs?: number | undefined;
  readonly admission?: Admission | undefined;
}

/** A compilation that any number of calls wait for. It is begun when the first of them may have a worker. */
export interface Compilation {
  /** Rejects when the worker is lost, and when nobody waits any longer before it is begun. */
  readonly outcome: Promise<HandlerOutcome>;

  /**
   * One more waits for it. Resolves when it is over.
   *
   * @param order absent when no call waits for it
   * @throws NexusError POOL_SATURATED when it is not begun within the time that this call may wait
   */
  join(order: CompileRequestOptions | undefined): Promise<void>;
}

/** Source in, bytecode out, in a worker. */
export interface CompileBackend {
  compile(unit: CompileUnit): Compilation;
}
