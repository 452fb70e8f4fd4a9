import type { Dispatcher } from '../../api/dispatcher.js';
import type { Extension } from '../../api/extension.js';
import type { SegmentEffects, WasmResult } from '../../api/result.js';
import { checkFunction, invalidArgument } from '../../config/check.js';
import { MAX_TIMER_MS } from '../../config/limits.js';
import { isDispatcher } from '../../config/resolve.js';
import { checkShape } from '../../execution/request/execute-options.js';
import { checkExtensions } from '../run/run-options.js';

/** How calls of extensions that fail are made again. */
export interface RetryPolicy {
  /** Times that a call is made again after an error. A FatalError ends it. @default 0, and 5 for a RetryableError */
  readonly retries?: number;
  /** Before the first repetition, in milliseconds; doubled each time. @default 1,000 */
  readonly backoffMs?: number;
  /** The longest pause between two, in milliseconds. @default 60,000 */
  readonly maxBackoffMs?: number;
}

/** Where effects and results of a run come from. */
export interface RunStepInfo {
  /** `runId.step`: the same each time that the same effects are told. Keep it with what you do, in one transaction. */
  readonly key: string;
  readonly runId: string;
  readonly tenant?: string;
}

/** Options of `work`. */
export interface WorkOptions {
  /**
   * Brings the tasks. Without one, this process looks into the store: then a process that executes a run makes its calls as well.
   *
   * @default that of the runtime
   */
  readonly dispatcher?: Dispatcher;
  /**
   * Whether this process executes runs. With `false` it only makes calls of `extensions`, which a dispatcher brings: then processes that execute
   * code of strangers need no extensions, and none of the secrets that these have. @default true
   */
  readonly runs?: boolean;
  /**
   * Extensions that this process answers. A call of any other is handed to the dispatcher, if there is one; it waits for a process that has the
   * extension, or for `completeCall`. @default none
   */
  readonly extensions?: Readonly<Record<string, Extension>>;
  /** Runs that this process executes at the same time, and calls that it makes for others. @default 16 */
  readonly concurrency?: number;
  /**
   * Receives the effects of a run in order, at each `await` and at its end, before anything that follows from them. Awaited. At least once, with
   * the same key and the same content each time. If it throws, it is told again later. @default none
   */
  readonly onEffects?: (effects: SegmentEffects, info: RunStepInfo) => unknown;
  /** Told that a run has ended; like `onEffects` at least once, and again if it throws. @default none */
  readonly onEnd?: (result: WasmResult, info: RunStepInfo) => unknown;
  /** A run whose process is lost so often in a row at the same step fails with EXECUTION_ERROR, `context.layer` being `'process'`. @default 3 */
  readonly maxCrashes?: number;
  readonly retry?: RetryPolicy;
  /** For one call of an extension, in milliseconds: a TimeoutError at the handler's `await`. @default 30,000 */
  readonly callTimeoutMs?: number;
}

const KEYS: { readonly [K in keyof Required<WorkOptions>]: true } = {
  dispatcher: true,
  runs: true,
  extensions: true,
  concurrency: true,
  onEffects: true,
  onEnd: true,
  maxCrashes: true,
  retry: true,
  callTimeoutMs: true,
};
const RETRY_KEYS: { readonly [K in keyof Required<RetryPolicy>]: true } = {
  retries: true,
  backoffMs: true,
  maxBackoffMs: true,
};
const MAX_CONCURRENCY = 10_000;
const MAX_COUNT = 1_000_000;

/** With defaults. */
export type CheckedWorkOptions = ReturnType<typeof checkWorkOptions>;

/** @throws NexusError INVALID_ARGUMENT naming the option, its value and what is allowed */
export function checkWorkOptions(options: WorkOptions, ofRuntime: Dispatcher | undefined) {
  checkShape('options', options, KEYS);
  const { dispatcher = ofRuntime, runs = true, extensions = {}, onEffects, onEnd, retry = {} } = options;
  if (typeof runs !== 'boolean') throw invalidArgument('runs', runs, 'true or false');
  if (dispatcher !== undefined && !isDispatcher(dispatcher))
    throw invalidArgument('dispatcher', dispatcher, 'a Dispatcher, for example bullmq() of nexus-runtime/bullmq');
  if (!runs && dispatcher === undefined) throw invalidArgument('runs', runs, 'true where there is no dispatcher');
  checkExtensions(extensions);
  checkFunction('onEffects', onEffects);
  checkFunction('onEnd', onEnd);
  checkShape('retry', retry, RETRY_KEYS);
  return {
    dispatcher,
    runs,
    extensions,
    onEffects,
    onEnd,
    concurrency: whole('concurrency', options.concurrency ?? 16, 1, MAX_CONCURRENCY),
    maxCrashes: whole('maxCrashes', options.maxCrashes ?? 3, 1, MAX_COUNT),
    callTimeoutMs: whole('callTimeoutMs', options.callTimeoutMs ?? 30_000, 1, MAX_TIMER_MS),
    retries: retry.retries === undefined ? undefined : whole('retry.retries', retry.retries, 0, MAX_COUNT),
    backoffMs: whole('retry.backoffMs', retry.backoffMs ?? 1_000, 1, MAX_TIMER_MS),
    maxBackoffMs: whole('retry.maxBackoffMs', retry.maxBackoffMs ?? 60_000, 1, MAX_TIMER_MS),
  };
}

export function whole(name: string, given: unknown, least: number, most: number): number {
  if (Number.isSafeInteger(given) && Number(given) >= least && Number(given) <= most) return Number(given);
  throw invalidArgument(name, given, `a whole number from ${least} to ${most}`);
}
