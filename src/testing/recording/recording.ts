import type { CallResult } from '../../api/answers.js';
import type { WasmContext } from '../../api/context.js';
import type { ExecutionLimits, LogOverflow } from '../../api/limits.js';
import type { ExtensionCall, WasmResult } from '../../api/result.js';
import type { SourceOptions } from '../../api/source-options.js';
import type { LocaleSettings } from '../../config/locale.js';

/** One part of an execution: between two suspensions, or from the start or to the end. */
export interface RecordedSegment {
  /** The time that the handler saw, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** The answers with which it was resumed; none for the first segment. */
  readonly answers: readonly CallResult[];
}

/** An execution with everything that it depends on, so that it can be repeated, and its outcome. */
export interface Recording {
  /** Milliseconds since the epoch. */
  readonly recordedAtMs: number;
  /** Fingerprint of the engine. */
  readonly engine: string;
  /** Names of the runtime's libraries. */
  readonly libraries: readonly string[];
  readonly handler: { readonly key: string; readonly filename: string; readonly source: string };
  /** With `extensionRegistry` as names of methods. */
  readonly context: WasmContext;
  /** All limits that applied. */
  readonly limits: ExecutionLimits;
  readonly seed: number;
  /** Options of the call, where they were given. */
  readonly toJSON?: boolean;
  readonly onLogOverflow?: LogOverflow;
  /** Locale and time zone, where they are not the same as everywhere. */
  readonly localeSettings?: LocaleSettings;
  readonly entry?: string;
  /** How the source is read, by the call or the runtime. */
  readonly sourceOptions?: SourceOptions;
  readonly segments: readonly RecordedSegment[];
  /** Extension calls, in order. */
  readonly calls: readonly ExtensionCall[];
  /** The outcome of all segments together. */
  readonly outcome: WasmResult;
}

/** Whether it was cancelled from outside: repeating it would show nothing. */
export function isCalledOff({ error }: WasmResult): boolean {
  return error?.code === 'CANCELLED' || (error?.code === 'TIMEOUT' && error.context?.['limit'] === 'deadlineMs');
}
