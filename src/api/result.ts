import type { ResultCode } from '../errors/codes.js';
import type { ExecutionMetrics } from './observing/execution-metrics.js';

export type { ExecutionMetrics } from './observing/execution-metrics.js';

export interface StateMutation {
  readonly operation: 'set' | 'delete';
  readonly key: string;
  /** Absent for `'delete'`. */
  readonly value?: unknown;
}

/** Payloads of events by name, for {@link EmittedEvent}. By default, any name has any payload. */
export type EventPayloads = Readonly<Record<string, unknown>>;

/**
 * An event that a handler emitted.
 *
 * @typeParam Events an interface of payloads by event name: then `name` tells the type of `payload`. It is the
 *   caller's claim; check an event of an untrusted handler before you use it
 */
export type EmittedEvent<Events extends object = EventPayloads> = {
  readonly [Name in keyof Events & string]: { readonly name: Name; readonly payload: Events[Name] };
}[keyof Events & string];

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

/** What a suspended handler waits for. */
export interface Suspension {
  /** The id with which it is resumed, once. Its next suspension has another id. */
  readonly suspensionId: string;
  /** The extension of the first of {@link calls}; `'$timer'` or `'$net'` if it waits for none of them, but for a timer or a request. */
  readonly extensionName: string;
  readonly method: string;
  readonly args: readonly unknown[];
  /** All calls of extensions without an answer, in order. Timers and requests are not among them: the runtime answers them. */
  readonly calls: readonly ExtensionCall[];
  /**
   * When the handler can be resumed without an answer: at once if it waits for a request of `fetch`, which the runtime makes then, and
   * otherwise when the first timer is due. Absent if it waits for neither. Resume it then or later, with or without answers: the runtime
   * answers the timers that are due, and never one that is not.
   */
  readonly wakeAt?: Date;
  /** From then on, it cannot be resumed. */
  readonly expiresAt: Date;
}

/** The effects of a handler between two suspensions, or from its call to its end. Each list is in order. */
export interface SegmentEffects<Events extends object = EventPayloads> {
  readonly stateMutations: readonly StateMutation[];
  readonly events: readonly EmittedEvent<Events>[];
  readonly viewCommands: readonly ViewCommand[];
  readonly logs: readonly LogEntry[];
}

/**
 * A place in the author's own text, both numbers from 1, as editors count: lines end at LF, CR LF or CR, and columns are UTF-16
 * units (an emoji has two).
 */
export interface ErrorLocation {
  readonly line: number;
  readonly column: number;
  /**
   * The file, as the source map of the handler names it. Absent without a source map, and for a place that it does not know: then the
   * place is in the text that was passed.
   */
  readonly file?: string;
}

/** What the `cause` of an error says, or one of the `errors` of an AggregateError. */
export interface ErrorCause {
  /** Of an error, or the text that another value has under this name. */
  readonly name?: string;
  readonly message: string;
  readonly stack?: string;
  readonly location?: ErrorLocation;
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
  /** Where the handler stood, or where its text is at fault. */
  readonly location?: ErrorLocation;
  /** Up to five lines of the source around the location, with a caret under the column. */
  readonly snippet?: string;
  /** Facts for programs: `limit`, `value`, `capability`, `path`, `layer`; what the operator can do is `remedy`. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** What every result has, whatever its status. */
export interface ResultBase<Events extends object = EventPayloads> extends SegmentEffects<Events> {
  /** Set when this is the recorded result of an earlier call. Its effects were delivered then: do not apply them again. */
  readonly replayed?: true;
  /** Extension calls that the handler made and, having ended, does not wait for. */
  readonly unawaitedCalls?: readonly ExtensionCall[];
  readonly metrics: ExecutionMetrics;
}

/** The handler ended. */
export interface SuccessResult<T = unknown, Events extends object = EventPayloads> extends ResultBase<Events> {
  readonly status: 'success';
  /** What the handler returned; undefined if it returned nothing. */
  readonly returnValue: T;
  readonly partial?: undefined;
  readonly suspension?: undefined;
  readonly error?: undefined;
}

/** The handler waits for calls of extensions. Resume it with `resumeHandler`. */
export interface SuspendedResult<Events extends object = EventPayloads> extends ResultBase<Events> {
  readonly status: 'suspended';
  readonly suspension: Suspension;
  readonly returnValue?: undefined;
  readonly partial?: undefined;
  readonly error?: undefined;
}

/**
 * The handler did not finish. The effects are those before the error, unless they were lost: if the worker had
 * to be terminated, or the outcome could not leave the VM. Log lines that `onLog` received are in it
 * nevertheless. The caller decides whether to apply the effects.
 */
export interface ErrorResult<Events extends object = EventPayloads> extends ResultBase<Events> {
  readonly status: 'error';
  readonly error: WasmError;
  /** The effects are those before the error. */
  readonly partial: true;
  readonly returnValue?: undefined;
  readonly suspension?: undefined;
}

/**
 * The result of an execution. None of its effects has been applied. `status` tells which of the three it is:
 * TypeScript knows `returnValue`, `suspension` or `error` once `status` is compared.
 *
 * @typeParam T of the returned value. Without `schemas.result` it is the caller's claim; with it, it is inferred
 *   and checked
 * @typeParam Events an interface of payloads by event name, see {@link EmittedEvent}
 *
 * @example
 * const result = await runtime.executeHandler<{ total: number }>(code, context);
 * if (result.status === 'success') console.log(result.returnValue.total);
 * else if (result.status === 'error') console.error(result.error.code, result.error.message);
 */
export type WasmResult<T = unknown, Events extends object = EventPayloads> =
  | SuccessResult<T, Events>
  | SuspendedResult<Events>
  | ErrorResult<Events>;
