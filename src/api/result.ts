import type { ResultCode } from '../errors/codes.js';
import type { ExecutionMetrics, ExecutionStatus } from './execution-metrics.js';

export type { ExecutionMetrics } from './execution-metrics.js';

export interface StateMutation {
  readonly operation: 'set' | 'delete';
  readonly key: string;
  /** Absent for `'delete'`. */
  readonly value?: unknown;
}

export interface EmittedEvent {
  readonly name: string;
  readonly payload: unknown;
}

export interface ViewCommand {
  readonly type: 'setFilter' | 'scrollTo' | 'focus' | 'custom';
  readonly componentId?: string;
  readonly args: readonly unknown[];
}

export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /**
   * Set on an entry that the handler did not write: the log reached `maxLogBytes`, and so many entries behind it were cut or left out.
   * It is the last entry of the segment, and its level is `'warn'`.
   */
  readonly omitted?: number;
}

/** A call of `$ext.<extensionName>.<method>(…args)` that waits for its answer. */
export interface ExtensionCall {
  /** Unique within the execution; the same on every repetition of it. */
  readonly callId: string;
  readonly extensionName: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** What a suspended handler waits for. */
export interface Suspension {
  /** With what it is resumed, once. The next time that it waits there is another one. */
  readonly suspensionId: string;
  /** Of the first of {@link calls}. */
  readonly extensionName: string;
  readonly method: string;
  readonly args: readonly unknown[];
  /** All calls without an answer, in the order in which they were made. */
  readonly calls: readonly ExtensionCall[];
  /** Nobody can resume it from then on. */
  readonly expiresAt: Date;
}

/** What a handler did between its call, or its last suspension, and the next one, or its end. All in order. */
export interface SegmentEffects {
  readonly stateMutations: readonly StateMutation[];
  readonly events: readonly EmittedEvent[];
  readonly viewCommands: readonly ViewCommand[];
  readonly logs: readonly LogEntry[];
}

/** Why a handler did not finish. */
export interface WasmError {
  readonly code: ResultCode;
  readonly message: string;
  /** The guest's stack, in the author's own lines. */
  readonly stack?: string;
  /** In the author's own text, both from 1. */
  readonly location?: { readonly line: number; readonly column: number };
  /** Up to five lines of the source around the location, with a caret under the column. */
  readonly snippet?: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

/**
 * What came of an execution. Nothing of it was applied to anything.
 *
 * On an error the effects are those that happened before it, marked `partial`, if they could be had: a worker that had to be ended,
 * or an outcome that cannot leave the VM, takes them along. Whether to use them is the caller's choice.
 */
export interface WasmResult {
  readonly status: ExecutionStatus;
  readonly returnValue?: unknown;
  /** In the order in which they happened. */
  readonly stateMutations: readonly StateMutation[];
  readonly events: readonly EmittedEvent[];
  readonly viewCommands: readonly ViewCommand[];
  readonly logs: readonly LogEntry[];
  /** Set on an error: the effects are those up to it. */
  readonly partial?: true;
  /** Present when `status` is `'suspended'`. */
  readonly suspension?: Suspension;
  /** Calls of extensions that the handler made and, having ended, does not wait for. */
  readonly unawaitedCalls?: readonly ExtensionCall[];
  /** Present when `status` is `'error'`. */
  readonly error?: WasmError;
  readonly metrics: ExecutionMetrics;
}
