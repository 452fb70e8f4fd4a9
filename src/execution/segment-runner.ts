import type { CallResult } from '../api/answers.js';
import type { WasmContext } from '../api/context.js';
import type { ExecutionLimits } from '../api/limits.js';
import { Grants } from '../capabilities/grants.js';
import { type CompileResult, EMPTY_BYTECODE } from '../compiler/compiled-handler.js';
import type { Obtain } from '../compiler/handler-loader.js';
import type { RuntimeConfig } from '../config/resolve.js';
import type { EventHub } from '../metrics/event-hub.js';
import type { DispatchOptions, Execution, HandlerPool } from '../pool/handler-pool.js';
import type { Admission } from '../protocol/compile.js';
import type { CallDeadline } from '../protocol/messages.js';
import type { Environment } from '../support/environment.js';
import { abortable, whenAborted } from '../support/waiting.js';
import { LogFeed, type LogListener, listened, tellLog, withLogs } from './log-feed.js';
import { encodeAnswers } from './request/answers.js';
import { prepareRequest } from './request/build-request.js';
import { checkTimeout, type ExecuteOptions, type ResumeOptions } from './request/execute-options.js';
import { auditEvents } from './result/audit.js';
import { newCalls } from './result/effects.js';
import { LineIndexes } from './result/line-indexes.js';
import {
  assembleSegment,
  cancelledResult,
  errorResult,
  lateResult,
  type Origin,
  originOf,
  type ResultInputs,
  type Segment,
} from './result/result.js';
import type { SuspendedRun } from './suspended-run.js';
import { addUsage, NO_USAGE, remainingLimits, type Usage } from './usage.js';

/** A segment, and what is to be kept when the handler waits. */
export interface SegmentRun extends Segment {
  /** Everything about the run but its id. */
  readonly run?: SuspendedRun;
  /** False when it ended before a worker began it: it compiled badly, say. */
  readonly began: boolean;
  /** Tells that the snapshot of the run is compressed, or not wanted. It may be called again. */
  readonly letGo?: () => void;
}

/** What stays the same from one segment of a run to the next. */
type RunBase = Pick<SuspendedRun, 'handler' | 'capabilities' | 'origin' | 'limits' | 'tenant'>;

/** Executes segments of handlers: from the call, or from where a handler waits, to its end or to where it waits next. */
export class SegmentRunner {
  readonly #config: RuntimeConfig;
  /** Fingerprint. */
  readonly #engine: string;
  readonly #pool: HandlerPool;
  readonly #events: EventHub;
  readonly #surroundings: Environment;
  readonly #lineIndexes = new LineIndexes();
  readonly #libraries: readonly string[];

  constructor(config: RuntimeConfig, engine: string, pool: HandlerPool, events: EventHub, surroundings: Environment) {
    this.#config = config;
    this.#engine = engine;
    this.#pool = pool;
    this.#events = events;
    this.#surroundings = surroundings;
    this.#libraries = Object.keys(config.pool.libraries);
  }

  /**
   * A call of a handler.
   *
   * @param obtain where the handler comes from
   */
  async call(context: WasmContext, options: ExecuteOptions, obtain: Obtain, onLog?: LogListener): Promise<SegmentRun> {
    const calledAt = performance.now();
    const { signal, tenant } = options;
    // Whoever may not wait is told before anything is done that takes time or opens files. Who gave up waits for nothing.
    const admission = signal?.aborted ? undefined : this.#pool.admit(tenant);
    try {
      return await this.#callAdmitted(context, options, obtain, calledAt, admission, onLog);
    } finally {
      admission?.release();
    }
  }

  async #callAdmitted(
    context: WasmContext,
    options: ExecuteOptions,
    obtain: Obtain,
    calledAt: number,
    admission: Admission | undefined,
    onLog: LogListener | undefined,
  ): Promise<SegmentRun> {
    this.#pool.prewake();
    const { filename, signal, deadlineMs, tenant } = options;
    const treatment: DispatchOptions = { ...treatmentOf(options), admission };
    const { limits: defaults, ceilings } = this.#config;
    const isAudited = this.#events.hears('onAudit');
    const { request, grants } = prepareRequest(context, options, { limits: defaults, ceilings, isAudited });
    const origin = originOf(context);
    // The caller's own list may be another one by the time that it is kept.
    const capabilities = [...(context.capabilities ?? [])];
    const obtaining = () => obtain(filename, treatment);
    const attempt =
      deadlineMs === undefined
        ? await abortable(obtaining, signal)
        : await withinDeadline(deadlineMs, signal, (either) => abortable(obtaining, either));
    if (attempt === 'aborted') {
      const isLate = deadlineMs !== undefined && !signal?.aborted;
      const result = isLate ? lateResult(deadlineMs, 'compile', origin) : cancelledResult(signal, origin);
      return { result, began: false };
    }
    if (!attempt.ok) return { result: errorResult(attempt.error, origin), began: false };
    const { handler } = attempt;
    const { limits } = request;
    const { key, filename: file, source, bytecode } = handler;
    const feed = this.#feed(limits, origin, tenant, onLog);
    const times = deadlineOf(calledAt, deadlineMs);
    const asked = { kind: 'execute' as const, key, bytecode, ...request, ...tenantOf(tenant), ...times };
    const execution = await listened(
      feed,
      this.#pool.execute(feed === undefined ? asked : { ...asked, logRing: feed.bytes }, treatment),
    );
    const inputs = {
      context: origin,
      bounds: { grants, limits, libraries: this.#libraries },
      calledAt,
      signal,
      deadlineMs,
      hostCallsBefore: 0,
    };
    const letGo = this.#noteUnsealed(execution, tenant);
    const segment = withLogs(await this.#assemble(execution, handler, inputs, letGo), feed);
    const began = hasBegun(execution);
    if (began) this.#audit(segment, grants, origin);
    if (segment.waiting === undefined) return { ...segment, began };
    const base = { handler: { key, filename: file, source }, capabilities, origin, limits, ...tenantOf(tenant) };
    return { ...segment, ...this.#runOf(segment, base, NO_USAGE), ...(letGo && { letGo }), began };
  }

  /**
   * Goes on with a handler that waits.
   *
   * @param options its `timeoutMs` is this segment's; the other limits go on from what was used. Default tenant: that of the run
   * @throws NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR, SUSPENSION_INCOMPATIBLE, and what a call throws
   */
  async resume(
    run: SuspendedRun,
    answers: readonly CallResult[],
    given: ResumeOptions,
    onLog?: LogListener,
  ): Promise<SegmentRun> {
    const options = { ...given, ...tenantOf(given.tenant ?? run.tenant) };
    const calledAt = performance.now();
    const suspendedTimeUs = Math.max(0, this.#surroundings.now() - run.suspendedAtMs) * 1000;
    const { signal, now, deadlineMs, timeoutMs = run.limits.timeoutMs } = options;
    checkTimeout(timeoutMs, this.#config.ceilings);
    const limits = { ...this.#withinVm(run.limits), timeoutMs };
    const grants = Grants.parse(run.capabilities);
    const encoding = encodeAnswers(answers, run.usage, limits);
    const encoded = encoding instanceof Promise ? await encoding : encoding;
    const { snapshot, imageHash, features, handler, origin } = run;
    // Of the one for whom it began, whoever answers: what it holds is theirs.
    const request = {
      key: handler.key,
      snapshot,
      imageHash,
      features,
      answers: encoded,
      limits,
      ...tenantOf(run.tenant),
    };
    const asked = { ...request, ...(now !== undefined && { now }), ...deadlineOf(calledAt, deadlineMs) };
    const feed = this.#feed(limits, origin, options.tenant, onLog);
    const execution = await listened(
      feed,
      this.#pool.resume(feed === undefined ? asked : { ...asked, logRing: feed.bytes }, treatmentOf(options)),
    );
    const knownCalls = new Set(run.calls.map(({ callId }) => callId));
    const bounds = { grants, limits: remainingLimits(limits, run.usage), knownCalls, libraries: this.#libraries };
    const resumed: CompileResult = { ...handler, bytecode: EMPTY_BYTECODE, compilationTimeUs: 0 };
    const hostCallsBefore = run.usage.maxHostCalls;
    const times = { calledAt, deadlineMs, suspendedTimeUs };
    const inputs = { context: origin, bounds, ...times, signal, hostCallsBefore };
    const letGo = this.#noteUnsealed(execution, options.tenant);
    const segment = withLogs(await this.#assemble(execution, resumed, inputs, letGo), feed);
    const began = hasBegun(execution);
    if (began) this.#audit(segment, grants, origin, knownCalls);
    // It is kept for whom it was begun.
    const base: RunBase = { ...run, ...tenantOf(run.tenant ?? options.tenant) };
    return { ...segment, ...this.#runOf(segment, base, run.usage, knownCalls), ...(letGo && { letGo }), began };
  }

  /** Nothing is done for lines that nobody listens to. */
  #feed(limits: ExecutionLimits, origin: Origin, tenant: string | undefined, onLog: LogListener | undefined) {
    const isObserved = this.#events.hears('onLog');
    if (onLog === undefined && !isObserved) return undefined;
    return new LogFeed(limits.maxLogBytes, (entry) => {
      if (isObserved) this.#events.emit('onLog', () => ({ ...entry, ...origin, ...tenantOf(tenant) }));
      if (onLog !== undefined) tellLog(onLog, entry);
    });
  }

  /** What waits is large until it is compressed. */
  #noteUnsealed(execution: Execution, tenant: string | undefined): (() => void) | undefined {
    const snapshot = 'executed' in execution ? execution.executed.snapshot : undefined;
    return snapshot && this.#pool.noteUnsealed(tenant, snapshot.length);
  }

  /**
   * Errors show places in the source: of a long one, its lines are counted before, in slices.
   *
   * @param letGo called when nothing waits after all
   */
  async #assemble(
    execution: Execution,
    handler: CompileResult,
    inputs: ResultInputs,
    letGo: (() => void) | undefined,
  ): Promise<Segment> {
    let isKept = false;
    try {
      const lines = 'executed' in execution ? this.#lineIndexes.of(handler) : undefined;
      const located = lines === undefined ? handler : { ...handler, lines: await lines };
      const assembled = assembleSegment(execution, located, inputs);
      const segment = assembled instanceof Promise ? await assembled : assembled;
      isKept = segment.waiting !== undefined;
      return segment;
    } finally {
      if (!isKept) letGo?.();
    }
  }

  /** It may have been suspended under larger ones than the workers of this process are made for. */
  #withinVm(limits: ExecutionLimits): ExecutionLimits {
    const { memoryLimitBytes, stackSizeBytes, maxResultPaths } = this.#config.limits;
    return {
      ...limits,
      // Sealed before there was this limit, it has none.
      maxResultPaths: limits.maxResultPaths ?? maxResultPaths,
      memoryLimitBytes: Math.min(limits.memoryLimitBytes, memoryLimitBytes),
      stackSizeBytes: Math.min(limits.stackSizeBytes, stackSizeBytes),
    };
  }

  #runOf(
    { outcome, waiting }: Segment,
    { handler, capabilities, origin, limits, tenant }: RunBase,
    used: Usage,
    knownCalls?: ReadonlySet<string>,
  ): { readonly run?: SuspendedRun } {
    if (waiting === undefined || outcome === undefined) return {};
    const calls = waiting.calls.map(({ callId, extensionName, method }) => ({ callId, extensionName, method }));
    const { snapshot, imageHash, features } = waiting;
    const usage = addUsage(used, outcome, knownCalls);
    const engine = this.#engine;
    const when = { suspendedAtMs: this.#surroundings.now() };
    const kept = { engine, snapshot, imageHash, features, handler, capabilities, origin, limits, usage };
    return { run: { ...kept, ...when, calls, ...tenantOf(tenant) } };
  }

  #audit({ outcome }: Segment, grants: Grants, origin: Origin, knownCalls?: ReadonlySet<string>): void {
    this.#events.emitAll('onAudit', () => {
      const told = outcome && { ...outcome, calls: newCalls(outcome.calls, knownCalls) };
      return auditEvents(told, grants, origin);
    });
  }
}

/** Whether a worker had it: one that was cancelled or late may never have left the queue. */
function hasBegun(execution: Execution): boolean {
  return 'executed' in execution || execution.interruption === 'watchdog' || execution.runningMs > 0;
}

function treatmentOf({ signal, tenant, queueTimeoutMs }: ResumeOptions): DispatchOptions {
  return { signal, tenant, queueTimeoutMs };
}

function tenantOf(tenant: string | undefined): { readonly tenant?: string } {
  return tenant === undefined ? {} : { tenant };
}

function deadlineOf(calledAt: number, deadlineMs: number | undefined): { readonly deadline?: CallDeadline } {
  if (deadlineMs === undefined) return {};
  return { deadline: { ms: deadlineMs, atMs: performance.timeOrigin + calledAt + deadlineMs } };
}

/** Under a signal that fires with the caller's own, or when the time is over. */
async function withinDeadline<T>(
  deadlineMs: number,
  signal: AbortSignal | undefined,
  use: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const timer = setTimeout(stop, deadlineMs);
  const release = whenAborted(signal, stop);
  try {
    return await use(controller.signal);
  } finally {
    clearTimeout(timer);
    release();
  }
}
