import type { CallResult } from '../api/answers.js';
import type { WasmContext } from '../api/context.js';
import type { ExecutionLimits } from '../api/limits.js';
import type { WasmResult } from '../api/result.js';
import { Grants } from '../capabilities/grants.js';
import type { CompileAttempt } from '../compiler/caching-compiler.js';
import { type CompileResult, EMPTY_BYTECODE } from '../compiler/compiled-handler.js';
import type { HandlerLoader, HandlerRef } from '../compiler/handler-loader.js';
import { type LocaleSettings, unknownSetting } from '../config/locale.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { NexusError } from '../errors/nexus-error.js';
import type { EventHub } from '../metrics/event-hub.js';
import type { SegmentAmounts } from '../metrics/telemetry.js';
import type { DispatchOptions, Execution, HandlerPool } from '../pool/handler-pool.js';
import type { Admission } from '../protocol/compile.js';
import { guestAbi, PRESENT_ABI } from '../protocol/guest-abis.js';
import type { Request } from '../protocol/messages.js';
import type { SourceLines } from '../source/source-lines.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import { sha256Hex } from '../support/sha256-hex.js';
import { performance } from '../support/timers.js';
import { abortableWithin } from '../support/waiting.js';
import { amountsOf, bytesOf, NO_AMOUNTS } from './amounts.js';
import { cpuTimeSpent, explainCpuTime, withinCpuTime } from './cpu-time.js';
import { LibrarySets } from './library-sets.js';
import { LogFeed, type LogListener, listened, tellLog, withLogs } from './log-feed.js';
import { type Origin, originOf } from './origin.js';
import { PreparedValues } from './prepared/prepared-values.js';
import { encodeAnswers } from './request/answers.js';
import { type PreparedRequest, prepareRequest, withReadablePart } from './request/build-request.js';
import { requireEntry } from './request/entry.js';
import { checkTimeout, type ExecuteOptions, type ResumeOptions } from './request/execute-options.js';
import type { LeftOut } from './request/left-out.js';
import { type NeededKeys, NeededKeysByHandler } from './request/needed-keys.js';
import { type Renewal, renewalOf } from './request/renewal.js';
import { SharedTerms } from './request/resume-terms.js';
import { deadlineOf, executeRequestOf, localeOf, resumeRequestOf, tenantOf } from './request/segment-request.js';
import type { LocatableHandler } from './result/guest-error.js';
import { LineIndexes } from './result/line-indexes.js';
import { assembleSegment, errorResult, type ResultInputs, type Segment, stoppedResult } from './result/result.js';
import { SourceMaps } from './result/source-maps.js';
import { SegmentAudit } from './segment-audit.js';
import type { SuspendedRun } from './suspended-run.js';
import { NO_USAGE, remainingLimits } from './usage.js';
import { knownCallsOf, type RunBase, type WaitingRun, waitingRunOf } from './waiting-run.js';

/** The outcome of one segment. */
export interface SegmentRun {
  readonly result: WasmResult;
  /** False if it ended before a worker started it, for example because the handler does not compile. */
  readonly began: boolean;
  readonly amounts: SegmentAmounts;
  /** Of the run, if it has one by now. */
  readonly runId?: string | undefined;
  /** Present when the status is `'suspended'`. */
  readonly waiting?: WaitingRun;
}

/** Of a call that was admitted before: its segment is sent once more, however many wait by then. */
const ADMITTED: Admission = { lend() {}, takeBack() {}, release() {} };

/** Executes segments of handlers: from the call or from where a handler waits, to its end or to where it waits next. */
export class SegmentRunner {
  readonly #config: RuntimeConfig;
  /** Fingerprint. */
  readonly #engine: string;
  readonly #loader: HandlerLoader;
  readonly #pool: HandlerPool;
  readonly #events: EventHub;
  readonly #environment: RuntimeEnvironment;
  readonly #lineIndexes = new LineIndexes();
  readonly #sourceMaps = new SourceMaps();
  readonly #libraries: readonly string[];
  readonly #audit: SegmentAudit;
  readonly #needs = new NeededKeysByHandler();
  readonly librarySets = new LibrarySets();
  readonly prepared: PreparedValues;
  /** Limits by those of their runs, see {@link #withinVm}. */
  readonly #grants = new WeakMap<readonly string[], Grants>();
  readonly #within = new WeakMap<ExecutionLimits, ExecutionLimits>();
  readonly #resumed = new WeakMap<SuspendedRun['handler'], CompileResult>();
  readonly #terms = new SharedTerms();

  constructor(
    config: RuntimeConfig,
    engine: string,
    loader: HandlerLoader,
    pool: HandlerPool,
    events: EventHub,
    environment: RuntimeEnvironment,
  ) {
    this.#config = config;
    this.#engine = engine;
    this.#loader = loader;
    this.#pool = pool;
    this.#events = events;
    this.#environment = environment;
    this.#libraries = Object.keys(config.pool.libraries);
    this.prepared = new PreparedValues(config.pool.maxPreparedBytes);
    this.#audit = new SegmentAudit(config, events, environment, this.prepared);
  }

  /**
   * Executes a call of a handler. The caller has checked that `context` is one.
   *
   * @param runId default: it gets one when it needs one
   * @param isLive whether it goes on in this process, so that a waiting VM may be kept as a checkpoint
   */
  async call(
    ref: HandlerRef,
    context: WasmContext,
    options: ExecuteOptions,
    onLog?: LogListener,
    runId?: string,
    isLive = false,
  ): Promise<SegmentRun> {
    this.#audit.require();
    const calledAt = performance.now();
    const { signal, tenant, deadlineMs } = options;
    // A call that may not wait is refused before anything takes time or opens files. A cancelled call waits for nothing.
    const admission = signal?.aborted ? undefined : this.#pool.admit(tenant);
    // perf: one function, because each one awaited in between is a promise for every execution.
    try {
      this.#pool.prewake();
      const { isWanted } = this.#audit;
      const narrowed = withReadablePart(context, this.prepared);
      const given = narrowed === undefined ? context : await narrowed;
      const { request, grants, leftOut } = this.#prepare(ref, given, options, isWanted);
      const audited = isWanted ? this.#audit.begin(runId, context.args, request.limits, options.toJSON) : undefined;
      const { limits } = request;
      const origin = originOf(context);
      // A copy, because the caller may change the list before it is stored.
      const capabilities = [...(context.capabilities ?? [])];

      const dispatch = dispatchOptionsOf(options, tenant, origin, admission, isLive);
      const inMemory = signal?.aborted ? undefined : this.#loader.peek(ref, options);
      const loaded = inMemory ?? (await this.#load(ref, options, dispatch));
      if (loaded === 'aborted') return notBegun(stoppedResult(options, 'compile', origin));
      if (!loaded.ok) return notBegun(errorResult(loaded.error, origin));
      const { handler } = loaded;
      const { key, filename, source, sourceMap, entries, librarySet } = handler;
      if (entries !== undefined || options.entry !== undefined) requireEntry(entries, options.entry);

      const deadline = deadlineMs === undefined ? undefined : deadlineOf(calledAt, deadlineMs);
      const feed = this.#feed(limits, origin, tenant, onLog);
      const within = withinCpuTime(limits, 0);
      const prepared = within === limits ? request : { ...request, limits: within };
      const message = executeRequestOf(handler, prepared, tenant, deadline, feed);
      const executing = this.#pool.execute(message, dispatch);
      const first = feed === undefined ? await executing : await listened(feed, executing);
      // Its text is known by now, for the next call.
      const isSmall = leftOut === undefined && request.input.length < LEARNT_FROM_BYTES;
      const needs = isSmall ? undefined : this.#needs.learn(ref, source);
      const isMissed = leftOut !== undefined && lacksInput(first);
      const execution = isMissed ? await listened(feed, this.#again(first, message, leftOut, dispatch, needs)) : first;
      const letGo = this.#noteUnsealed(execution, tenant);
      const bounds = { grants, limits: within, libraries: this.#libraries };
      const inputs: ResultInputs = { context: origin, bounds, calledAt, signal, deadlineMs, hostCallsBefore: 0 };
      const assembled = this.#assemble(execution, handler, inputs, letGo);
      const segment = withLogs(assembled instanceof Promise ? await assembled : assembled, feed);
      const began = hasBegun(execution);
      if (began && this.#audit.isActive) {
        this.#audit.note({ segment, inputs, handler: handler.key, tenant, audited, letGo });
      }
      const { waiting } = segment;
      const result = within === limits ? segment.result : explainCpuTime(segment.result, limits, 0);
      const bytesIn = bytesOf(request) + (isMissed ? leftOut.encodedBytes : 0);
      const amounts = amountsOf(bytesIn, execution, segment, undefined);
      if (waiting === undefined) return { result, began, amounts };
      const base: RunBase = {
        handler: { key, filename, source, ...(sourceMap && { sourceMap }) },
        capabilities,
        origin,
        limits,
        ...tenantOf(tenant),
        ...localeOf(request.localeSettings),
        ...(librarySet !== undefined && { librarySet: librarySet.id }),
        ...(leftOut !== undefined && !isMissed && { leftOut }),
        ...(request.prepared !== undefined && { prepared: request.prepared }),
      };
      if (needs !== undefined) this.#needs.noteWaiting(key, needs);
      return {
        result,
        began,
        amounts,
        runId: audited?.runId,
        waiting: waitingRunOf(base, {
          segment,
          waiting,
          engine: this.#engine,
          used: NO_USAGE,
          knownCalls: undefined,
          letGo,
          suspendedAtMs: this.#environment.now(),
          isFrozen: options.now !== undefined,
        }),
      };
    } finally {
      admission?.release();
    }
  }

  /**
   * Resumes a handler that waits.
   *
   * @param given `timeoutMs` applies to this segment; the other limits continue from what was used. Default tenant: that of the run
   * @throws NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR, SUSPENSION_INCOMPATIBLE, and what a call throws
   */
  async resume(
    opened: SuspendedRun,
    answers: readonly CallResult[],
    given: ResumeOptions,
    onLog?: LogListener,
    runId = '',
    isLive = false,
  ): Promise<SegmentRun> {
    this.#audit.require();
    const calledAt = performance.now();
    if (isLive) this.#pool.prewake();
    const renewal = renewalOf(opened, given, opened.limits.maxContextBytes);
    const run = renewal === undefined ? opened : renewed(opened, renewal);
    const suspendedTimeUs = Math.max(0, this.#environment.now() - run.suspendedAtMs) * 1000;
    const { signal, deadlineMs, timeoutMs = run.limits.timeoutMs } = given;
    const tenant = given.tenant ?? run.tenant;
    checkTimeout(timeoutMs, this.#config.ceilings);
    requireKnownSettings(run.localeSettings);
    const limits = this.#limitsWithin(run.limits, timeoutMs);
    const grants = this.#grantsOf(run.capabilities);
    const librarySet = run.image === undefined ? this.librarySets.require(run.librarySet) : undefined;
    const abi = guestAbi(run.abi) ?? PRESENT_ABI;
    const encoding = encodeAnswers(answers, run.usage, limits, given.toJSON, abi.countedLimits);
    // perf: a run does this at each of its waits, so it awaits only what takes long.
    const encoded = encoding instanceof Promise ? await encoding : encoding;

    const feed = this.#feed(limits, run.origin, tenant, onLog);
    const usedMs = run.usage.maxCpuMs ?? 0;
    const spent = cpuTimeSpent(limits, usedMs);
    if (spent !== undefined) return notBegun(errorResult(spent, run.origin));
    const within = withinCpuTime(limits, usedMs);
    const terms = isLive && within === limits ? this.#terms.of(run, limits) : undefined;
    const request = resumeRequestOf(run, encoded, within, given, calledAt, librarySet, renewal?.encoded, terms);
    const message = feed === undefined ? request : { ...request, logRing: feed.bytes };
    const dispatch = dispatchOptionsOf(given, tenant, run.origin, undefined, isLive);
    const resuming = this.#pool.resume(message, dispatch);
    const first = feed === undefined ? await resuming : await listened(feed, resuming);
    const isMissed = run.leftOut !== undefined && lacksInput(first);
    const needs = run.leftOut && this.#needs.ofWaiting(run.handler.key);
    const execution =
      run.leftOut !== undefined && isMissed
        ? await listened(feed, this.#again(first, message, run.leftOut, dispatch, needs))
        : first;
    const letGo = this.#noteUnsealed(execution, tenant);
    const knownCalls = knownCallsOf(run);
    const inputs: ResultInputs = {
      context: run.origin,
      bounds: {
        grants,
        limits: remainingLimits(within, run.usage),
        knownCalls,
        libraries: this.#libraries,
        outcomeFields: abi.outcomeFields,
      },
      calledAt,
      signal,
      deadlineMs,
      suspendedTimeUs,
      hostCallsBefore: run.usage.maxHostCalls,
    };
    const assembled = this.#assemble(execution, this.#resumedHandler(run.handler), inputs, letGo);
    const segment = withLogs(assembled instanceof Promise ? await assembled : assembled, feed);
    const audited = this.#audit.isWanted ? { runId, argsHash: sha256Hex(encoded) } : undefined;
    const began = hasBegun(execution);
    if (began && this.#audit.isActive) {
      this.#audit.note({ segment, inputs, handler: run.handler.key, tenant, audited, letGo });
    }
    const result = within === limits ? segment.result : explainCpuTime(segment.result, limits, usedMs);
    const bytesIn = encoded.length + (isMissed ? (run.leftOut?.encodedBytes ?? 0) : 0);
    const amounts = amountsOf(bytesIn, execution, segment, knownCalls);
    const { waiting } = segment;
    if (waiting === undefined) return { result, began, amounts };
    return {
      result,
      began,
      amounts,
      waiting: waitingRunOf(nextBaseOf(run, tenant, isMissed), {
        segment,
        waiting,
        engine: this.#engine,
        used: run.usage,
        knownCalls,
        letGo,
        suspendedAtMs: this.#environment.now(),
        isFrozen: given.now !== undefined,
      }),
    };
  }

  /** perf: the same object for all segments of a run. */
  #resumedHandler(handler: SuspendedRun['handler']): CompileResult {
    let resumed = this.#resumed.get(handler);
    if (resumed === undefined) {
      resumed = { ...handler, bytecode: EMPTY_BYTECODE, compilationTimeUs: 0 };
      this.#resumed.set(handler, resumed);
    }
    return resumed;
  }

  /**
   * Checks the input of a call without executing it.
   *
   * @returns a promise if a part of a prepared state has to be made for it
   * @throws, or rejects with, NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR
   */
  check(context: WasmContext, options: ExecuteOptions): void | Promise<void> {
    const narrowed = withReadablePart(context, this.prepared);
    if (narrowed !== undefined) return narrowed.then((given) => void this.#prepare(undefined, given, options, false));
    this.#prepare(undefined, context, options, false);
  }

  /** @param ref the handler, which may not need all of a large state; undefined if the context is only checked */
  #prepare(
    ref: HandlerRef | undefined,
    context: WasmContext,
    options: ExecuteOptions,
    isAudited: boolean,
  ): PreparedRequest {
    const { limits, ceilings, onLogOverflow, localeSettings } = this.#config;
    const { prepared } = this;
    const defaults = { limits, ceilings, isAudited, onLogOverflow, localeSettings, prepared };
    return prepareRequest(context, options, defaults, ref && (() => this.#needs.of(ref)));
  }

  /** The handler read a value of its state that had been left out: nothing of its segment was delivered. */
  async #again(
    first: Execution,
    message: Extract<Request, { kind: 'execute' | 'resume' }>,
    leftOut: LeftOut,
    dispatch: DispatchOptions,
    needs: NeededKeys | undefined,
  ): Promise<Execution> {
    needs?.noteMiss();
    const spentMs = 'executed' in first ? first.executed.durationUs / 1000 : 0;
    const again = { ...message, leftOut: { encoded: await leftOut.encode(), spentMs } };
    const options = { ...dispatch, admission: ADMITTED };
    return again.kind === 'execute' ? this.#pool.execute(again, options) : this.#pool.resume(again, options);
  }

  /** @returns `'aborted'` if the signal fired or the time of the call was over before the handler was loaded */
  #load(ref: HandlerRef, options: ExecuteOptions, dispatch: DispatchOptions): Promise<CompileAttempt | 'aborted'> {
    const { filename } = options;
    const load = () => this.#loader.load(ref, filename, dispatch, options);
    return abortableWithin(load, options);
  }

  /** A feed of log lines, if anything listens. */
  #feed(
    limits: ExecutionLimits,
    origin: Origin,
    tenant: string | undefined,
    onLog: LogListener | undefined,
  ): LogFeed | undefined {
    const isObserved = this.#events.hasListeners('onLog');
    if (onLog === undefined && !isObserved) return undefined;
    return new LogFeed(limits, (entry) => {
      if (isObserved) this.#events.emit('onLog', () => ({ ...entry, ...origin, ...tenantOf(tenant) }));
      if (onLog !== undefined) tellLog(onLog, entry);
    });
  }

  /** A snapshot is large until it is compressed, and a checkpoint occupies its area until it is released. */
  #noteUnsealed(execution: Execution, tenant: string | undefined): (() => void) | undefined {
    if (!('executed' in execution)) return undefined;
    const { snapshot, checkpoint } = execution.executed;
    if (checkpoint !== undefined) return () => checkpoint.release();
    return snapshot && this.#pool.noteUnsealed(tenant, snapshot.length);
  }

  /**
   * Errors show places in the source. The lines of a long source are counted first, in slices.
   *
   * @param letGo called if the handler does not wait after all
   */
  #assemble(
    execution: Execution,
    compiled: CompileResult,
    inputs: ResultInputs,
    letGo: (() => void) | undefined,
  ): Segment | Promise<Segment> {
    const { sourceMap } = compiled;
    const handler: CompileResult & LocatableHandler =
      sourceMap === undefined ? compiled : { ...compiled, openMap: () => this.#sourceMaps.open(sourceMap) };
    const lines = 'executed' in execution ? this.#lineIndexes.of(handler) : undefined;
    if (lines !== undefined) return this.#assembleSlowly(execution, handler, inputs, lines, letGo);
    // perf: without a promise, because most are read at once.
    let assembled: Segment | Promise<Segment>;
    try {
      assembled = assembleSegment(execution, handler, inputs);
    } catch (error) {
      letGo?.();
      throw error;
    }
    return assembled instanceof Promise ? keptOrLetGo(assembled, letGo) : letGoUnlessKept(assembled, letGo);
  }

  async #assembleSlowly(
    execution: Execution,
    handler: CompileResult & LocatableHandler,
    inputs: ResultInputs,
    lines: Promise<SourceLines>,
    letGo: (() => void) | undefined,
  ): Promise<Segment> {
    const assemble = async () => assembleSegment(execution, { ...handler, lines: await lines }, inputs);
    return keptOrLetGo(assemble(), letGo);
  }

  /** perf: parsed once for all segments of a run, whose list nobody changes. */
  #grantsOf(capabilities: readonly string[]): Grants {
    const known = this.#grants.get(capabilities);
    if (known !== undefined) return known;
    const grants = Grants.parse(capabilities);
    this.#grants.set(capabilities, grants);
    return grants;
  }

  /** perf: the same object for all segments of runs with the same limits: they are encoded once in a message. */
  #limitsWithin(limits: ExecutionLimits, timeoutMs: number): ExecutionLimits {
    let within = this.#within.get(limits);
    if (within === undefined) {
      within = this.#withinVm(limits);
      this.#within.set(limits, within);
    }
    return timeoutMs === within.timeoutMs ? within : { ...within, timeoutMs };
  }

  /** The handler may have been suspended under larger limits than the workers of this process are made for. */
  #withinVm(limits: ExecutionLimits): ExecutionLimits {
    const { memoryLimitBytes, stackSizeBytes, maxResultPaths, maxInstructions, maxCpuMs, maxTimers, maxSleepMs } =
      this.#config.limits;
    return {
      ...limits,
      // Handlers sealed before these limits existed have none.
      maxResultPaths: limits.maxResultPaths ?? maxResultPaths,
      maxInstructions: limits.maxInstructions ?? maxInstructions,
      maxCpuMs: limits.maxCpuMs ?? maxCpuMs,
      maxTimers: limits.maxTimers ?? maxTimers,
      maxSleepMs: limits.maxSleepMs ?? maxSleepMs,
      memoryLimitBytes: Math.min(limits.memoryLimitBytes, memoryLimitBytes),
      stackSizeBytes: Math.min(limits.stackSizeBytes, stackSizeBytes),
    };
  }
}

/** Of a smaller input nothing could be left out. */
const LEARNT_FROM_BYTES = 512;

/** @param letGo called if the handler does not wait after all */
async function keptOrLetGo(assembling: Promise<Segment>, letGo: (() => void) | undefined): Promise<Segment> {
  let segment: Segment;
  try {
    segment = await assembling;
  } catch (error) {
    letGo?.();
    throw error;
  }
  return letGoUnlessKept(segment, letGo);
}

function letGoUnlessKept(segment: Segment, letGo: (() => void) | undefined): Segment {
  if (segment.waiting === undefined) letGo?.();
  return segment;
}

/** Whether the handler is to be executed again, with the values that were left out. */
function lacksInput(execution: Execution): boolean {
  return 'executed' in execution && execution.executed.lacksInput === true;
}

/** A segment that ended before a worker started it. */
export function notBegun(result: WasmResult): SegmentRun {
  return { result, began: false, amounts: NO_AMOUNTS };
}

/** Whether a worker started it: a cancelled or late request may never have left the queue. */
function hasBegun(execution: Execution): boolean {
  return 'executed' in execution || execution.interruption === 'watchdog' || execution.runningMs > 0;
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
function requireKnownSettings(settings: LocaleSettings | undefined): void {
  const unknown = settings && unknownSetting(settings);
  if (unknown === undefined) return;
  throw new NexusError(
    'SUSPENSION_INCOMPATIBLE',
    `The handler was suspended with the locale or time zone "${unknown}", which this Node does not know. It is kept; resume it on a newer Node.`,
    { context: { value: unknown } },
  );
}

/** A state that was given anew has all values. */
function renewed(run: SuspendedRun, { capabilities, hasState }: Renewal): SuspendedRun {
  const { leftOut, ...rest } = run;
  return { ...rest, capabilities, ...(leftOut && !hasState && { leftOut }) };
}

/** @param isMissed whether the values that were left out have entered the VM */
function nextBaseOf(run: SuspendedRun, tenant: string | undefined, isMissed: boolean): RunBase {
  // perf: mostly it is the same.
  if (!isMissed && (run.tenant !== undefined || tenant === undefined)) return run;
  const { leftOut, ...kept } = run;
  // It is kept for the tenant that started it.
  return { ...kept, ...tenantOf(run.tenant ?? tenant), ...(leftOut && !isMissed && { leftOut }) };
}

function dispatchOptionsOf(
  { signal, queueTimeoutMs }: ResumeOptions,
  tenant: string | undefined,
  { handlerName }: Origin,
  admission: Admission | undefined,
  isLive: boolean,
): DispatchOptions {
  return { signal, tenant, handlerName, queueTimeoutMs, admission, isLive };
}
