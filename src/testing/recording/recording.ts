import type { CallResult } from '../../api/answers.js';
import type { WasmContext } from '../../api/context.js';
import type { ExecutionLimits, LogOverflow } from '../../api/limits.js';
import type { ExtensionCall, WasmResult } from '../../api/result.js';

/** One part of an execution: from its beginning, or from where it waited, to its end, or to where it waited next. */
export interface RecordedSegment {
  /** What the handler saw as now, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** With what it went on; none in the first segment. */
  readonly answers: readonly CallResult[];
}

/** An execution with all that it depends on, so that it can be repeated, and what came of it. */
export interface Recording {
  /** Milliseconds since the epoch. */
  readonly recordedAtMs: number;
  /** Fingerprint. */
  readonly engine: string;
  /** Names of the libraries that the runtime had. */
  readonly libraries: readonly string[];
  readonly handler: { readonly key: string; readonly filename: string; readonly source: string };
  /** With `extensionRegistry` as names of methods. */
  readonly context: WasmContext;
  /** All of them, as they held. */
  readonly limits: ExecutionLimits;
  readonly seed: number;
  /** Options of the call, where they were given. */
  readonly toJSON?: boolean;
  readonly onLogOverflow?: LogOverflow;
  readonly segments: readonly RecordedSegment[];
  /** Of extensions, in the order in which they were made. */
  readonly calls: readonly ExtensionCall[];
  /** Of all segments together. */
  readonly outcome: WasmResult;
}

/** Whether it ended because somebody outside of the handler ended it: nothing that repeating it would show. */
export function isCalledOff({ error }: WasmResult): boolean {
  return error?.code === 'CANCELLED' || (error?.code === 'TIMEOUT' && error.context?.['limit'] === 'deadlineMs');
}
