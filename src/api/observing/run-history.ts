import type { LogEntry, WasmError } from '../result.js';
import type { ExecutionStatus } from './execution-metrics.js';

/** What a process saw of a durable run that it works on: the latest 200 entries, while there is room. It is not stored. */
export interface RunHistory {
  readonly runId: string;
  readonly entries: readonly RunHistoryEntry[];
  /** Earlier entries that are no longer kept. */
  readonly omitted: number;
}

export type RunHistoryEntry = RunHistorySegment | RunHistoryCall | RunHistoryMessage;

/** The handler was executed until it waited, or to its end. */
export interface RunHistorySegment {
  readonly kind: 'segment';
  /** The step of the run that it began at: 1 is the first. */
  readonly step: number;
  readonly at: Date;
  /** From its request until its result, in milliseconds. */
  readonly durationMs: number;
  readonly status: ExecutionStatus;
  readonly error?: Pick<WasmError, 'code' | 'message' | 'location' | 'snippet'>;
  /** How many effects there were. */
  readonly mutations: number;
  readonly events: number;
  readonly viewCommands: number;
  /** The effects as JSON, at most 4,000 bytes of it, see `toJson`; absent if there were none. */
  readonly effects?: string;
  /** At most 50, each of at most 500 characters. */
  readonly logs: readonly LogEntry[];
  readonly omittedLogs: number;
  /** Calls that it then waited for: `$ext.payments.charge`. */
  readonly waitsFor: readonly string[];
  /** When a timer of it is due. */
  readonly wakeAt?: Date;
}

/** This process made a call of an extension. */
export interface RunHistoryCall {
  readonly kind: 'call';
  readonly callId: string;
  /** `$ext.payments.charge` */
  readonly name: string;
  /** As JSON, at most 2,000 bytes of it, see `toJson`. */
  readonly args: string;
  readonly at: Date;
  /** Absent while it is under way. */
  readonly durationMs?: number;
  /** `'later'`: the answer comes from elsewhere. Absent while it is under way. */
  readonly outcome?: 'success' | 'error' | 'later';
  /** The value or the error as JSON, at most 2,000 bytes of it. */
  readonly answer?: string;
  /** Times that it was made again, after an error. */
  readonly retries: number;
}

/** Somebody told the run something, by way of this process. */
export interface RunHistoryMessage {
  readonly kind: 'answer' | 'signal' | 'cancel' | 'retry';
  readonly at: Date;
  /** The name of the signal, or the id of the call. */
  readonly name?: string;
  /** As JSON, at most 2,000 bytes of it. */
  readonly value?: string;
}
