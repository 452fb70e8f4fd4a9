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

/** What the `cause` of an error says, or one of the `errors` of an AggregateError. */
export interface ErrorCause {
  /** Of an error, or the text that another value has under this name. */
  readonly name?: string;
  readonly message: string;
  readonly stack?: string;
  readonly location?: { readonly line: number; readonly column: number };
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: ErrorCause;
  readonly errors?: readonly ErrorCause[];
  readonly dropped?: readonly string[];
  /** The value itself, where it is no error and not large. */
  readonly thrown?: unknown;
}

/** Why a handler did not finish. */
export interface WasmError {
  readonly code: ResultCode;
  /** For the author of the handler: what went wrong, with the expression that is at fault where it is known. */
  readonly message: string;
  /** Of the error that was thrown: `'TypeError'`, or what a class of the handler's own calls it; of a thrown object, what it has under this name. */
  readonly name?: string;
  /** The guest's stack, in the author's own lines. It begins with name and message. */
  readonly stack?: string;
  /** Fields that the thrown error has of its own, `code` among them. At most 50, of at most 16 Ki characters each. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Of the thrown error, at most 8 deep. */
  readonly cause?: ErrorCause;
  /** Of an AggregateError: the first 20. */
  readonly errors?: readonly ErrorCause[];
  /** Names of fields that cannot leave the VM, or are too large for an error; `'thrown'` for a thrown value of which nothing can leave. */
  readonly dropped?: readonly string[];
  /**
   * In the author's own text, both from 1, as editors count: lines end at LF, CR LF or CR, and columns are UTF-16 units (an
   * emoji has two).
   */
  readonly location?: { readonly line: number; readonly column: number };
  /** Up to five lines of the source around the location, with a caret under the column. */
  readonly snippet?: string;
  /** Facts for programs: `limit`, `value`, `capability`, `path`, `layer`; what the operator can do is `remedy`. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/**
 * The result of an execution. None of its effects has been applied.
 *
 * On an error, the result is marked `partial` and has the effects before the error, unless they were lost: if
 * the worker had to be terminated, or the outcome could not leave the VM. Log lines that `onLog` received are in
 * it nevertheless. The caller decides whether to apply the effects.
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
