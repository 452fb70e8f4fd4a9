import type { CapabilityToken } from '../../api/capability.js';
import type { ExecutionLimits, LogOverflow } from '../../api/limits.js';
import type { CallSchemas } from '../../api/schema.js';
import type { SourceOptions } from '../../api/source-options.js';
import { checkSignal, invalidArgument, readArgument, rejectUnknownKeys, requireText } from '../../config/check.js';
import { isLogOverflow, MAX_TIMER_MS, MIN_MEMORY_LIMIT_BYTES } from '../../config/limits.js';
import { checkLocale, checkTimeZone } from '../../config/locale.js';
import { checkSourceOptions, refuseSourceOptions } from '../../config/source-options.js';

/** Options of one execution. */
export interface ExecuteOptions extends SourceOptions {
  /** Wall-clock time in the VM, in milliseconds. Default: the runtime's `timeoutMs`. */
  readonly timeoutMs?: number;
  /**
   * Deadline of the whole call, in milliseconds: compiling, waiting for a worker, executing. Exceeding it
   * gives TIMEOUT, which names the phase. @default none
   */
  readonly deadlineMs?: number;
  /**
   * How long the call may wait for a worker, in milliseconds, before it is rejected with POOL_SATURATED.
   * Default: the runtime's `queueTimeoutMs`.
   */
  readonly queueTimeoutMs?: number;
  /**
   * The tenant for which the handler executes. Tenants take turns, each limited by `maxQueuePerTenant` and
   * `maxInstancesPerTenant`. Default: none; calls without a tenant share one queue without these limits
   */
  readonly tenant?: string;
  /** Aborting it ends the execution with CANCELLED, wherever the execution is. */
  readonly signal?: AbortSignal;
  /** Limits below the runtime's own, or up to its `limitCeilings`. */
  readonly limits?: Partial<Omit<ExecutionLimits, 'timeoutMs'>>;
  /**
   * Fixes all randomness: the same seed gives the same `Math.random`, UUIDs and random bytes. Default: fresh
   * entropy.
   */
  readonly seed?: number;
  /** Fixes the guest's clock, in milliseconds since the epoch. Default: the real clock. */
  readonly now?: number;
  /**
   * The locale of `Intl` and of every `toLocaleString` where the handler names none, as a BCP 47 tag. A suspended handler keeps it. Default: the
   * runtime's `locale`.
   */
  readonly locale?: string;
  /**
   * The time zone of `Date`, and of `Intl` where the handler names none, by its IANA name. A suspended handler keeps it. Default: the runtime's
   * `timeZone`.
   */
  readonly timeZone?: string;
  /**
   * What becomes of calls of extensions that a handler does not await, when it has ended. Those that it made in its last segment, and all
   * that follows from them, are always waited for. Calls that it made earlier, which a settled `Promise.race` may have left behind:
   * `'abandon'` aborts them in `run` and lists them in `unawaitedCalls`; `'wait'` waits for them, too.
   *
   * @default 'abandon'
   */
  readonly unawaited?: 'abandon' | 'wait';
  /**
   * `false`: a handler that comes to wait for an extension is not kept, and its result is an EXECUTION_ERROR. For callers that never
   * resume. `run` keeps nothing in the store and has no use for it. An explicit `true` says that suspending is expected,
   * so no warning is issued. @default true, with a warning
   */
  readonly suspensions?: boolean;
  /**
   * Whether an object with a method `toJSON` crosses as what that returns: in the context and in answers of extensions (an ObjectId, a Decimal,
   * a model), and in all that leaves the handler. What crosses by itself does so as it is: a Date stays a Date, bytes stay bytes. Without
   * it, an instance of a class cannot enter, and leaves as a plain object of its own properties.
   *
   * @default false
   */
  readonly toJSON?: boolean;
  /**
   * When the log has more than `maxLogBytes`: what is beyond is left out, and a last entry with `omitted` counts it (`'cut'`), or the handler
   * ends with RESOURCE_LIMIT (`'error'`). Default: the runtime's `onLogOverflow`.
   */
  readonly onLogOverflow?: LogOverflow;
  /**
   * Schemas of the arguments and of the result, of zod, valibot, arktype or as JSON Schema. One that answers later has the time of the call:
   * `deadlineMs`, or else the runtime's `timeoutMs`. @default none
   */
  readonly schemas?: CallSchemas;
  /** Name of the handler's file in stack traces, part of the cache key. `*.ts`, `*.mts`, `*.cts`: TypeScript. @default 'handler.js' */
  readonly filename?: string;
  /**
   * The export of a module that is called, if it is a function, or is the result. Default: the default export.
   *
   * @example await runtime.executeHandler('export const onUpdate = (args) => args.x', { args: { x: 1 } }, { entry: 'onUpdate' })
   */
  readonly entry?: string;
}

const OPTION_KEYS: { readonly [K in keyof Required<ExecuteOptions>]: true } = {
  timeoutMs: true,
  deadlineMs: true,
  queueTimeoutMs: true,
  tenant: true,
  signal: true,
  limits: true,
  seed: true,
  now: true,
  locale: true,
  timeZone: true,
  unawaited: true,
  suspensions: true,
  toJSON: true,
  onLogOverflow: true,
  schemas: true,
  filename: true,
  entry: true,
  wrap: true,
  returnLastExpression: true,
  normalise: true,
};

const inContext = (name: string) => `context.${name}, of the argument before the options`;
/** What callers look for among the options. */
const OPTIONS_ELSEWHERE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['panelId', 'handlerName', 'stateSnapshot', 'args', 'scope', 'capabilities', 'extensionRegistry'].map((name) => [
      name,
      inContext(name),
    ]),
  ),
  state: inContext('stateSnapshot'),
  timeout: 'options.timeoutMs',
  deadline: 'options.deadlineMs',
  ...Object.fromEntries(
    [
      ...['memoryLimitBytes', 'stackSizeBytes', 'maxHostCalls', 'maxStateMutations', 'maxEvents', 'maxViewCommands'],
      ...['maxLogBytes', 'maxResultBytes', 'maxResultPaths', 'maxContextBytes', 'maxInstructions', 'maxCpuMs'],
      ...['maxTimers', 'maxSleepMs'],
    ].map((name) => [name, `options.limits.${name}`]),
  ),
  extensions: 'an option of run; executeHandler is given extensionRegistry in the context',
  onEffects: 'an option of run',
  onLog: 'an option of run, or of the observer of the runtime',
  callTimeoutMs: 'an option of run',
};

const { stateSnapshot: _, capabilities: __, ...RESUME_OPTIONS_ELSEWHERE } = OPTIONS_ELSEWHERE;

/** How a suspended handler goes on. Its limits go on with it. */
export type ResumeOptions = Pick<
  ExecuteOptions,
  'timeoutMs' | 'deadlineMs' | 'queueTimeoutMs' | 'tenant' | 'signal' | 'now' | 'toJSON'
> & {
  /**
   * The state as it is now. It replaces what the handler has neither changed nor holds: keys that it set or deleted stay as it left them, and an
   * object of the state that it has read stays the one that it has. SUSPENSION_INCOMPATIBLE if the handler was suspended by a version of the
   * library that cannot take one. @default the state stays as it was
   */
  readonly stateSnapshot?: object;
  /**
   * What the handler may do from now on, which can only be less: each must be covered by what it had before. Using what it has no longer is
   * a PERMISSION_DENIED at that place; calls that it made before are still answered. @default as before
   */
  readonly capabilities?: readonly CapabilityToken[] | readonly string[];
  /** The schema of the result, as in {@link ExecuteOptions.schemas}. Arguments are checked when the handler is called. */
  readonly schemas?: Omit<CallSchemas, 'args'>;
  /**
   * Whether to wait for another call that is resuming the same suspension, in any process, and to get its outcome. `false`: SUSPENSION_BUSY
   * at once, and the answers are not used. @default true
   */
  readonly wait?: boolean;
};

const RESUME_OPTION_KEYS: { readonly [K in keyof Required<ResumeOptions>]: true } = {
  timeoutMs: true,
  deadlineMs: true,
  queueTimeoutMs: true,
  tenant: true,
  signal: true,
  now: true,
  toJSON: true,
  schemas: true,
  wait: true,
  stateSnapshot: true,
  capabilities: true,
};

/** Steps and minimum values of limits that are not plain counts. */
const VM_LIMIT_STEPS: Partial<Record<keyof ExecutionLimits, { readonly min: number; readonly multipleOf: number }>> = {
  memoryLimitBytes: { min: MIN_MEMORY_LIMIT_BYTES, multipleOf: 65_536 },
  stackSizeBytes: { min: 64 * 1024, multipleOf: 1 },
};
/** A handler without any time could not begin. */
const MIN_CPU_MS = 1;

/**
 * Normalises the third argument of the execute methods: a timeout or options.
 *
 * @param isArtifact whether what is executed is compiled already
 * @throws NexusError INVALID_ARGUMENT naming the option, its value and what is allowed
 */
export function normaliseOptions(given: number | ExecuteOptions | undefined, isArtifact = false): ExecuteOptions {
  if (given === undefined) return {};
  if (typeof given === 'number') return { timeoutMs: given };
  checkShape('options', given, OPTION_KEYS, OPTIONS_ELSEWHERE);
  const { signal } = given;
  checkSignal(signal);
  if (given.tenant !== undefined && (typeof given.tenant !== 'string' || given.tenant === '')) {
    throw invalidArgument('tenant', given.tenant, 'a string that is not empty');
  }
  if (given.deadlineMs !== undefined) requireMilliseconds('deadlineMs', given.deadlineMs);
  if (given.queueTimeoutMs !== undefined) requireMilliseconds('queueTimeoutMs', given.queueTimeoutMs);
  if (given.now !== undefined) finite('now', given.now);
  if (given.seed !== undefined) finite('seed', given.seed);
  if (given.locale !== undefined) checkLocale(given.locale);
  if (given.timeZone !== undefined) checkTimeZone(given.timeZone);
  if (given.entry !== undefined) requireText('entry', given.entry, 'the name of an export');
  checkSourceOptions(given);
  if (isArtifact) refuseSourceOptions(given);
  checkUnawaited(given);
  if (given.toJSON !== undefined && typeof given.toJSON !== 'boolean') {
    throw invalidArgument('toJSON', given.toJSON, 'true or false');
  }
  if (given.onLogOverflow !== undefined && !isLogOverflow(given.onLogOverflow)) {
    throw invalidArgument('onLogOverflow', given.onLogOverflow, "'cut' or 'error'");
  }
  return given;
}

/**
 * Normalises the third argument of `resumeHandler`.
 *
 * @throws NexusError INVALID_ARGUMENT naming the option, its value and what is allowed
 */
export function normaliseResumeOptions(given: number | ResumeOptions): ResumeOptions {
  if (typeof given === 'object') {
    checkShape('options', given, RESUME_OPTION_KEYS, RESUME_OPTIONS_ELSEWHERE);
    const { wait, stateSnapshot, capabilities, ...rest } = given;
    if (wait !== undefined && typeof wait !== 'boolean') throw invalidArgument('wait', wait, 'true or false');
    const options = normaliseOptions(rest);
    return {
      ...options,
      ...(wait !== undefined && { wait }),
      ...(stateSnapshot !== undefined && { stateSnapshot }),
      ...(capabilities !== undefined && { capabilities }),
    };
  }
  return normaliseOptions(given);
}

function checkUnawaited({ unawaited, suspensions }: ExecuteOptions): void {
  if (unawaited !== undefined && unawaited !== 'abandon' && unawaited !== 'wait') {
    throw invalidArgument('unawaited', unawaited, "'abandon' or 'wait'");
  }
  if (suspensions !== undefined && typeof suspensions !== 'boolean') {
    throw invalidArgument('suspensions', suspensions, 'true or false');
  }
}

/** The limits of one execution: the runtime's, with what the options change of them. */
export function resolveExecutionLimits(
  options: ExecuteOptions,
  defaults: ExecutionLimits,
  ceilings: ExecutionLimits,
): ExecutionLimits {
  const { timeoutMs, limits } = options;
  if (timeoutMs === undefined && limits === undefined) return defaults;
  if (timeoutMs !== undefined) checkTimeout(timeoutMs, ceilings);
  if (limits !== undefined) checkLimits(limits, ceilings);
  return { ...defaults, ...limits, timeoutMs: timeoutMs ?? defaults.timeoutMs };
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkTimeout(timeoutMs: unknown, { timeoutMs: most }: ExecutionLimits): void {
  if (Number.isInteger(timeoutMs) && Number(timeoutMs) > 0 && Number(timeoutMs) <= most) return;
  const bound = most === MAX_TIMER_MS ? '2,147,483,647' : `${most} (limitCeilings.timeoutMs)`;
  throw invalidArgument('timeoutMs', timeoutMs, `a whole number of milliseconds from 1 to ${bound}`);
}

const LIMITS_ELSEWHERE = { timeoutMs: 'an option of the call itself, beside limits' };

function checkLimits(limits: object, ceilings: ExecutionLimits): void {
  const { timeoutMs: _, ...known } = ceilings;
  checkShape('limits', limits, known, LIMITS_ELSEWHERE);
  for (const [name, value] of Object.entries(limits) as [keyof typeof known, unknown][]) {
    const most = known[name];
    const { min, multipleOf } = VM_LIMIT_STEPS[name] ?? { min: name === 'maxCpuMs' ? MIN_CPU_MS : 0, multipleOf: 1 };
    if (Number.isInteger(value) && Number(value) >= min && Number(value) <= most && Number(value) % multipleOf === 0) {
      continue;
    }
    const step = multipleOf === 1 ? '' : `, a multiple of ${multipleOf}`;
    const remedy = name in VM_LIMIT_STEPS ? name : `${name} or limitCeilings.${name}`;
    throw invalidArgument(
      `limits.${name}`,
      value,
      `a whole number from ${min} to ${most}${step}; a runtime with a higher ${remedy} allows more`,
    );
  }
}

/** @throws NexusError INVALID_ARGUMENT */
export function requireMilliseconds(field: string, value: unknown): void {
  if (Number.isInteger(value) && Number(value) > 0 && Number(value) <= MAX_TIMER_MS) return;
  throw invalidArgument(field, value, 'a whole number of milliseconds from 1 to 2,147,483,647');
}

function finite(field: string, value: unknown): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalidArgument(field, value, 'a finite number');
}

export function checkShape(
  field: string,
  given: unknown,
  keys: object,
  elsewhere?: Readonly<Record<string, string>>,
): asserts given is object {
  if (typeof given !== 'object' || given === null) throw invalidArgument(field, given, 'an object');
  try {
    if (Array.isArray(given)) throw invalidArgument(field, given, 'an object');
    // perf: for-in over a small object is several times faster than a list of its keys.
    for (const key in given) {
      if (!Object.hasOwn(keys, key))
        rejectUnknownKeys(given, Object.keys(keys), `${field}.`, 'INVALID_ARGUMENT', elsewhere);
    }
    // Getters that throw do so here, where the argument is known.
    for (const key in keys) void (given as Readonly<Record<string, unknown>>)[key];
  } catch (error) {
    readArgument(field, () => {
      throw error;
    });
  }
}
