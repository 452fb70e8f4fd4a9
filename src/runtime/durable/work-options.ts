import type { Dispatcher } from '../../api/dispatcher.js';
import type { Extension } from '../../api/extension.js';
import type { ExtensionCall, SegmentEffects, WasmResult } from '../../api/result.js';
import { checkFunction, invalidArgument } from '../../config/check.js';
import { MAX_TIMER_MS } from '../../config/limits.js';
import { isDispatcher } from '../../config/resolve.js';
import { checkShape, type ResumeOptions } from '../../execution/request/execute-options.js';
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

/** Policies for all calls, and for some. */
export interface RetryPolicies extends RetryPolicy {
  /**
   * By method, as `payments.charge`, or by extension, as `payments`. What one does not say, the policy for all says. @default none
   *
   * @example { retries: 3, methods: { 'payments.charge': { retries: 0 }, mail: { retries: 20 } } }
   */
  readonly methods?: Readonly<Record<string, RetryPolicy>>;
}

/** With defaults. */
export interface CheckedRetryPolicy {
  readonly retries: number | undefined;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

/** Where effects and results of a run come from. */
export interface RunStepInfo {
  /** `runId.step`: the same each time that the same effects are told. Keep it with what you do, in one transaction. */
  readonly key: string;
  readonly runId: string;
  readonly tenant?: string;
}

/** A run that is about to go on. */
export interface RenewedRun {
  readonly runId: string;
  readonly tenant?: string;
  readonly handlerName?: string;
  /** What it may do so far. */
  readonly capabilities: readonly string[];
}

/** What a run gets anew, see the options of the same names of `resumeHandler`. */
export type Renewed = Pick<ResumeOptions, 'stateSnapshot' | 'capabilities'>;

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
  /**
   * Asked each time that a run is about to go on: gives it the state as it is now, or takes capabilities from it, as the options of
   * `resumeHandler` do. If it throws, or what it gives cannot be taken, the run waits and is tried again later. @default runs go on as they are
   *
   * @example renew: async ({ tenant, capabilities }) => ({ capabilities: capabilities.filter((one) => plans.allows(tenant, one)) })
   */
  readonly renew?: (run: RenewedRun) => Renewed | undefined | Promise<Renewed | undefined>;
  /** A run whose process is lost so often in a row at the same step fails with EXECUTION_ERROR, `context.layer` being `'process'`. @default 3 */
  readonly maxCrashes?: number;
  readonly retry?: RetryPolicies;
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
  renew: true,
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
  const { dispatcher = ofRuntime, runs = true, extensions = {}, onEffects, onEnd, renew, retry = {} } = options;
  if (typeof runs !== 'boolean') throw invalidArgument('runs', runs, 'true or false');
  if (dispatcher !== undefined && !isDispatcher(dispatcher))
    throw invalidArgument('dispatcher', dispatcher, 'a Dispatcher, for example bullmq() of nexus-runtime/bullmq');
  if (!runs && dispatcher === undefined) throw invalidArgument('runs', runs, 'true where there is no dispatcher');
  checkExtensions(extensions);
  checkFunction('onEffects', onEffects);
  checkFunction('onEnd', onEnd);
  checkFunction('renew', renew);
  const { methods, ...all } = retry;
  checkShape('retry', all, RETRY_KEYS);
  return {
    dispatcher,
    runs,
    extensions,
    onEffects,
    onEnd,
    renew,
    concurrency: whole('concurrency', options.concurrency ?? 16, 1, MAX_CONCURRENCY),
    maxCrashes: whole('maxCrashes', options.maxCrashes ?? 3, 1, MAX_COUNT),
    callTimeoutMs: whole('callTimeoutMs', options.callTimeoutMs ?? 30_000, 1, MAX_TIMER_MS),
    retryOf: readRetryPolicies(all, methods),
  };
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkRenewed(given: Renewed | undefined): Renewed | undefined {
  if (given !== undefined) checkShape('renew()', given, { stateSnapshot: true, capabilities: true });
  return given;
}

/** @throws NexusError INVALID_ARGUMENT */
function readRetryPolicies(all: RetryPolicy, methods: RetryPolicies['methods'] = {}) {
  const read = (name: string, policy: RetryPolicy): CheckedRetryPolicy => ({
    retries: policy.retries === undefined ? undefined : whole(`${name}.retries`, policy.retries, 0, MAX_COUNT),
    backoffMs: whole(`${name}.backoffMs`, policy.backoffMs ?? 1_000, 1, MAX_TIMER_MS),
    maxBackoffMs: whole(`${name}.maxBackoffMs`, policy.maxBackoffMs ?? 60_000, 1, MAX_TIMER_MS),
  });
  if (typeof methods !== 'object' || methods === null) {
    throw invalidArgument('retry.methods', methods, 'an object of policies');
  }
  const forAll = read('retry', all);
  const byName = new Map(
    Object.entries(methods).map(([name, policy]) => {
      const place = `retry.methods[${JSON.stringify(name)}]`;
      checkShape(place, policy, RETRY_KEYS);
      return [name, read(place, { ...all, ...policy })];
    }),
  );
  return ({ extensionName, method }: Pick<ExtensionCall, 'extensionName' | 'method'>): CheckedRetryPolicy =>
    byName.get(`${extensionName}.${method}`) ?? byName.get(extensionName) ?? forAll;
}

export function whole(name: string, given: unknown, least: number, most: number): number {
  if (Number.isSafeInteger(given) && Number(given) >= least && Number(given) <= most) return Number(given);
  throw invalidArgument(name, given, `a whole number from ${least} to ${most}`);
}
