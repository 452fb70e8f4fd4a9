import type { EventOrigin } from './observing/observer.js';
import type { UsageCounts } from './observing/usage.js';

/** A call that wants to begin. The same object is passed to `begin` and `end`. */
export interface QuotaRequest extends EventOrigin {
  /** The method of the runtime; `'execute'` also stands for `executeCompiledHandler`. */
  readonly call: 'execute' | 'resume' | 'run';
}

/** Why a call may not begin. */
export interface QuotaRefusal {
  /** What is exhausted, for programs: `'rate'`, `'concurrency'`, `'instructions'`, … */
  readonly quota: string;
  /** For people: it follows "The quota refuses the execution: ". */
  readonly reason: string;
  readonly value?: number;
  readonly used?: number;
  /** When it is worth trying again, in milliseconds from now. */
  readonly retryAfterMs?: number;
}

/**
 * Decides whether calls may begin, and is told what they used. A `run` is one call, whatever the number of its segments.
 *
 * A refused call has a result with RESOURCE_LIMIT, whose `error.context` has `limit: 'quota'` and the fields of the refusal. A suspended
 * handler that may not be resumed stays suspended.
 */
export interface Quota {
  /**
   * Asked before a call begins, once its arguments are checked and before anything is compiled. What it throws rejects the call with
   * INTERNAL_ERROR.
   *
   * @returns undefined to let it begin
   */
  begin(request: QuotaRequest): QuotaRefusal | undefined | Promise<QuotaRefusal | undefined>;
  /** Told once after each call that was let begin, whatever became of it. What it throws is a warning. */
  end(request: QuotaRequest, usage: UsageCounts): void;
}
