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

/** A pending call of `$ext.<extensionName>.<method>(…args)`. */
export interface ExtensionCall {
  /** Unique within the execution; the same on each repetition. */
  readonly callId: string;
  readonly extensionName: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** The calls for which a suspended handler waits. */
export interface Suspension {
  /** The id with which it is resumed, once. Its next suspension has another id. */
  readonly suspensionId: string;
  /** The extension of the first of {@link calls}. */
  readonly extensionName: string;
  readonly method: string;
  readonly args: readonly unknown[];
  /** All calls without an answer, in order. */
  readonly calls: readonly ExtensionCall[];
  /** From then on, it cannot be resumed. */
  readonly expiresAt: Date;
}

/** The effects of a handler between two suspensions, or from its call to its end. Each list is in order. */
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
  /** The guest's stack, with lines of the author's source. */
  readonly stack?: string;
  /** The place in the author's source; line and column start at 1. */
  readonly location?: { readonly line: number; readonly column: number };
  /** Up to five lines of the source around the location, with a caret under the column. */
  readonly snippet?: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

/**
 * The result of an execution. None of its effects has been applied.
 *
 * On an error, the result is marked `partial` and has the effects before the error, unless they were lost: if
 * the worker had to be terminated, or the outcome could not leave the VM. The caller decides whether to apply
 * them.
 */
export interface WasmResult {
  readonly status: ExecutionStatus;
  readonly returnValue?: unknown;
  /** In order. */
  readonly stateMutations: readonly StateMutation[];
  readonly events: readonly EmittedEvent[];
  readonly viewCommands: readonly ViewCommand[];
  readonly logs: readonly LogEntry[];
  /** Set on an error: the effects are those before it. */
  readonly partial?: true;
  /** Set when this is the recorded result of an earlier call. Its effects were delivered then: do not apply them again. */
  readonly replayed?: true;
  /** Present when `status` is `'suspended'`. */
  readonly suspension?: Suspension;
  /** Extension calls that the handler made and, having ended, does not wait for. */
  readonly unawaitedCalls?: readonly ExtensionCall[];
  /** Present when `status` is `'error'`. */
  readonly error?: WasmError;
  readonly metrics: ExecutionMetrics;
}
