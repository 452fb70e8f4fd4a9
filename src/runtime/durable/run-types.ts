import type { RunHistory } from '../../api/observing/run-history.js';
import type { ExtensionCall, WasmResult } from '../../api/result.js';
import type { ExecuteOptions } from '../../execution/request/execute-options.js';

/** Options of `start`. */
export interface StartOptions
  extends Pick<
    ExecuteOptions,
    'timeoutMs' | 'tenant' | 'limits' | 'locale' | 'timeZone' | 'filename' | 'entry' | 'unawaited' | 'seed'
  > {
  /** 1 to 128 of A–Z, a–z, 0–9, `_` and `-`. The same id again is the same run. @default random */
  readonly runId?: string;
  /** Before then, nothing of it is executed. @default now */
  readonly startAt?: Date;
  /** Calls that the whole run may make, timers and requests included: RESOURCE_LIMIT. @default 10,000 */
  readonly maxCalls?: number;
}

/** One line of `listRuns`. */
export interface RunSummary {
  /** Absent of a damaged one. */
  readonly runId?: string;
  readonly state: 'waiting' | 'ended' | 'damaged';
  /** How it ended. */
  readonly outcome?: 'completed' | 'failed' | 'cancelled' | 'expired';
  /** By which the store knows its present step. */
  readonly suspensionId: string;
  readonly deployment?: string;
  readonly tenant?: string;
  readonly handlerName?: string;
  readonly expiresAt?: Date;
}

export interface RunFilter {
  readonly state?: 'waiting' | 'ended' | 'damaged';
  readonly deployment?: string;
  readonly tenant?: string;
  readonly handlerName?: string;
  /** The list continues after the line with this `suspensionId`. @default from the start */
  readonly after?: string;
}

/** What there is to know of a run. */
export interface RunDescription extends Omit<RunSummary, 'state'> {
  readonly runId: string;
  readonly state: 'waiting' | 'ended';
  /** Of its steps so far: the begin is the first. */
  readonly step: number;
  readonly startedAt?: Date;
  /** Calls that have no answer yet. */
  readonly calls: readonly ExtensionCall[];
  /** When its timers are due. */
  readonly timers: readonly Date[];
}

/** A run that was started, in this or another process. */
export interface Run {
  readonly runId: string;
  /**
   * Waits for the end of the run, in whichever process it executes.
   *
   * @returns the result of its last segment; effects go to `onEffects` of who works
   * @throws NexusError SUSPENSION_NOT_FOUND if there is no such run, or its result is no longer kept; SUSPENSION_EXPIRED; TIMEOUT,
   *   CANCELLED if the signal fires
   */
  result(options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number }): Promise<WasmResult>;
  /**
   * Tells the run something by name: the handler has it from `await $signal(name)`. One that comes before the handler waits is kept for it, each is used
   * once, and several of one name are used in the order in which they were accepted.
   *
   * @param name 1 to 100 characters
   * @param payload a value as an argument may be. @default undefined
   * @param options.id the same id again is the same signal; up to 100 characters. @default random
   * @returns `'accepted'`; `'duplicate'` if one of this id came before; `'ended'` if the run has; `'unknown'` if there is none
   * @throws NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR; RESOURCE_LIMIT if 1,000 messages or 64 MiB wait for the run: signal it again later
   *
   * @example await runtime.getRun('order-7').signal('paid', { amount: 12 }, { id: payment.id });
   */
  signal(
    name: string,
    payload?: unknown,
    options?: { readonly id?: string },
  ): Promise<'accepted' | 'duplicate' | 'ended' | 'unknown'>;
  /**
   * Cancels it: an error named `CancelledError` is thrown where it awaits a call, a timer or a signal, so that `catch` and `finally` run, for one
   * segment at the most.
   *
   * @returns whether it can still be cancelled: false if it has ended, or is unknown
   * @throws NexusError RESOURCE_LIMIT if its mailbox is full: cancel it again later, or erase it
   */
  cancel(): Promise<boolean>;
  /**
   * Lets a run that failed go on from its last good step, under the same runId: the segment that failed is executed again. Answers that were errors
   * are dropped, and these calls are made again, with the same keys. A run that failed can be tried again for as long as its result is
   * kept (`outcomeRetentionMs`), if there was room for it in the store.
   *
   * @returns `'accepted'`: it goes on; `'waiting'` if it has not ended; `'ended'` if it did not fail, or is not kept
   * @throws NexusError SUSPENSION_NOT_FOUND; TIMEOUT if who works on it does not give it back in 30 seconds
   */
  retry(): Promise<'accepted' | 'waiting' | 'ended'>;
  /** @throws NexusError SUSPENSION_NOT_FOUND */
  describe(): Promise<RunDescription>;
  /**
   * What this process saw of it, for people: its segments, the calls that it made for it, and what it was told. It is bounded and kept in memory; a
   * process that has not worked on the run knows nothing of it.
   *
   * @throws NexusError SUSPENSION_NOT_FOUND
   */
  history(): Promise<RunHistory>;
}

/** Takes part in the work until closed. */
export interface Worker extends AsyncDisposable {
  /** Takes no more runs, lets segments finish, and gives back what waits. */
  close(): Promise<void>;
}

/** What `eraseRuns` erases: one of these. */
export type ErasedRuns =
  /** All of a tenant, handlers that `executeHandler` suspended included. */
  | { readonly tenant: string }
  | { readonly runId: string }
  /** As `listRuns` names it, for one that is damaged. */
  | { readonly suspensionId: string };
