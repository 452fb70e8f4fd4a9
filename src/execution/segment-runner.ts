import type { CallResult } from '../api/answers.js';
import type { WasmContext } from '../api/context.js';
import type { ExecutionLimits } from '../api/limits.js';
import type { ExtensionCall, WasmResult } from '../api/result.js';
import { Grants } from '../capabilities/grants.js';
import type { CompileAttempt } from '../compiler/caching-compiler.js';
import { type CompileResult, EMPTY_BYTECODE } from '../compiler/compiled-handler.js';
import type { HandlerLoader, HandlerRef } from '../compiler/handler-loader.js';
import type { RuntimeConfig } from '../config/resolve.js';
import { ABI_VERSION } from '../guest/abi.js';
import type { EventHub } from '../metrics/event-hub.js';
import type { DispatchOptions, Execution, HandlerPool } from '../pool/handler-pool.js';
import type { Admission } from '../protocol/compile.js';
import type { CallDeadline, ResumeRequest } from '../protocol/messages.js';
import type { RuntimeEnvironment } from '../support/environment.js';
import { abortable, whenAborted } from '../support/waiting.js';
import { type Origin, originOf } from './origin.js';
import { encodeAnswers } from './request/answers.js';
import { type PreparedRequest, prepareRequest } from './request/build-request.js';
import { checkTimeout, type ExecuteOptions, type ResumeOptions } from './request/execute-options.js';
import { auditEvents } from './result/audit.js';
import { newCalls } from './result/effects.js';
import { LineIndexes } from './result/line-indexes.js';
import {
  assembleSegment,
  cancelledResult,
  errorResult,
  lateResult,
  type ResultInputs,
  type Segment,
  type Waiting,
} from './result/result.js';
import type { SuspendedRun } from './suspended-run.js';
import { addUsage, NO_USAGE, remainingLimits, type Usage } from './usage.js';

/** What came of one segment. */
export interface SegmentRun {
  readonly result: WasmResult;
  /** False when it ended before a worker began it: it compiled badly, say. */
  readonly began: boolean;
  /** Present when the status is `'suspended'`. */
  readonly waiting?: WaitingRun;
}

/** A handler that waits. */
export interface WaitingRun {
  /** Everything about the run but its id. */
  readonly run: SuspendedRun;
  /** The calls it waits for, with their arguments. */
  readonly calls: readonly ExtensionCall[];
  /** Tells that the snapshot of the run is compressed, or not wanted. It may be called again. */
  readonly letGo: () => void;
}

/** What stays the same from one segment of a run to the next. */
type RunBase = Pick<SuspendedRun, 'handler' | 'capabilities' | 'origin' | 'limits' | 'tenant'>;

/** Executes segments of handlers: from the call, or from where a handler waits, to its end or to where it waits next. */
export class SegmentRunner {
  readonly #config: RuntimeConfig;
  /** Fingerprint. */
  readonly #engine: string;
  readonly #loader: HandlerLoader;
  readonly #pool: HandlerPool;
  readonly #events: EventHub;
  readonly #surroundings: RuntimeEnvironment;
  readonly #lineIndexes = new LineIndexes();

  constructor(
    config: RuntimeConfig,
    engine: string,
    loader: HandlerLoader,
    pool: HandlerPool,
    events: EventHub,
    surroundings: RuntimeEnvironment,
  ) {
    this.#config = config;
    this.#engine = engine;
    this.#loader = loader;
    this.#pool = pool;
    this.#events = events;
    this.#surroundings = surroundings;
  }

  /** A call of a handler, whose `context` was checked to be one. */
  async call(handler: HandlerRef, context: WasmContext, options: ExecuteOptions): Promise<SegmentRun> {
    const calledAt = performance.now();
    const { signal, tenant } = options;
    // Whoever may not wait is told before anything is done that takes time or opens files. Who gave up waits for nothing.
    const admission = signal?.aborted ? undefined : this.#pool.admit(tenant);
    try {
      return await this.#callAdmitted(handler, context, options, calledAt, admission);
    } finally {
      admission?.release();
    }
  }

  async #callAdmitted(
    ref: HandlerRef,
    context: WasmContext,
    options: ExecuteOptions,
    calledAt: number,
    admission: Admission | undefined,
  ): Promise<SegmentRun> {
    this.#pool.prewake();
    const { signal, deadlineMs, tenant } = options;
    const { request, grants } = this.#prepare(context, options);
    const { limits } = request;
    const origin = originOf(context);
    // The caller's own list may be another one by the time that it is kept.
    const capabilities = [...(context.capabilities ?? [])];

    const dispatch = dispatchOptionsOf(options, admission);
    const loaded = await this.#load(ref, options, dispatch);
    if (loaded === 'aborted') return { result: notLoaded(options, origin), began: false };
    if (!loaded.ok) return { result: errorResult(loaded.error, origin), began: false };
    const { handler } = loaded;
    const { key, filename, source, bytecode } = handler;

    const execution = await this.#pool.execute(
      { kind: 'execute', key, bytecode, ...request, ...tenantOf(tenant), ...deadlineOf(calledAt, deadlineMs) },
      dispatch,
    );
    const letGo = this.#noteUnsealed(execution, tenant);
    const bounds = { grants, limits };
    const inputs: ResultInputs = { context: origin, bounds, calledAt, signal, deadlineMs, hostCallsBefore: 0 };
    const segment = await this.#assemble(execution, handler, inputs, letGo);
    const began = this.#audit(execution, segment, inputs);
    if (segment.waiting === undefined) return { result: segment.result, began };
    const base: RunBase = { handler: { key, filename, source }, capabilities, origin, limits, ...tenantOf(tenant) };
    return {
      result: segment.result,
      began,
      waiting: this.#keep(segment, segment.waiting, base, NO_USAGE, undefined, letGo),
    };
  }

  /**
   * Goes on with a handler that waits.
   *
   * @param given its `timeoutMs` is this segment's; the other limits go on from what was used. Default tenant: that of the run
   * @throws NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR, SUSPENSION_INCOMPATIBLE, and what a call throws
   */
  async resume(run: SuspendedRun, answers: readonly CallResult[], given: ResumeOptions): Promise<SegmentRun> {
    const calledAt = performance.now();
    const suspendedTimeUs = Math.max(0, this.#surroundings.now() - run.suspendedAtMs) * 1000;
    const options = { ...given, ...tenantOf(given.tenant ?? run.tenant) };
    const { signal, deadlineMs, tenant, timeoutMs = run.limits.timeoutMs } = options;
    checkTimeout(timeoutMs, this.#config.ceilings);
    const limits = { ...this.#withinVm(run.limits), timeoutMs };
    const grants = Grants.parse(run.capabilities);
    const encoding = encodeAnswers(answers, run.usage, limits);
    const encoded = encoding instanceof Promise ? await encoding : encoding;

    const execution = await this.#pool.resume(
      resumeRequestOf(run, encoded, limits, options, calledAt),
      dispatchOptionsOf(options, undefined),
    );
    const letGo = this.#noteUnsealed(execution, tenant);
    const handler: CompileResult = { ...run.handler, bytecode: EMPTY_BYTECODE, compilationTimeUs: 0 };
    const knownCalls = new Set(run.calls.map(({ callId }) => callId));
    const inputs: ResultInputs = {
      context: run.origin,
      bounds: { grants, limits: remainingLimits(limits, run.usage), knownCalls },
      calledAt,
      signal,
      deadlineMs,
      suspendedTimeUs,
      hostCallsBefore: run.usage.maxHostCalls,
    };
    const segment = await this.#assemble(execution, handler, inputs, letGo);
    const began = this.#audit(execution, segment, inputs);
    if (segment.waiting === undefined) return { result: segment.result, began };
    // It is kept for whom it was begun.
    const base: RunBase = { ...run, ...tenantOf(run.tenant ?? tenant) };
    return {
      result: segment.result,
      began,
      waiting: this.#keep(segment, segment.waiting, base, run.usage, knownCalls, letGo),
    };
  }

  #prepare(context: WasmContext, options: ExecuteOptions): PreparedRequest {
    const { limits, ceilings } = this.#config;
    return prepareRequest(context, options, { limits, ceilings, isAudited: this.#events.hears('onAudit') });
  }

  /** @returns `'aborted'` when the signal fired or the time of the call was over before the handler was there */
  #load(
    ref: HandlerRef,
    { filename, signal, deadlineMs }: ExecuteOptions,
    dispatch: DispatchOptions,
  ): Promise<CompileAttempt | 'aborted'> {
    const load = () => this.#loader.load(ref, filename, dispatch);
    if (deadlineMs === undefined) return abortable(load, signal);
    return withinDeadline(deadlineMs, signal, (either) => abortable(load, either));
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

  /** @param used in the segments before this one */
  #keep(
    { outcome }: Segment,
    { snapshot, imageHash, features, calls }: Waiting,
    { handler, capabilities, origin, limits, tenant }: RunBase,
    used: Usage,
    knownCalls: ReadonlySet<string> | undefined,
    letGo: (() => void) | undefined,
  ): WaitingRun {
    const run: SuspendedRun = {
      engine: this.#engine,
      abi: ABI_VERSION,
      snapshot,
      imageHash,
      features,
      handler,
      capabilities,
      origin,
      limits,
      usage: outcome === undefined ? used : addUsage(used, outcome, knownCalls),
      suspendedAtMs: this.#surroundings.now(),
      calls: calls.map(({ callId, extensionName, method }) => ({ callId, extensionName, method })),
      ...tenantOf(tenant),
    };
    return { run, calls, letGo: letGo ?? NOTHING };
  }

  /** @returns whether a worker had it: one that was cancelled or late may never have left the queue */
  #audit(execution: Execution, { outcome }: Segment, { context, bounds }: ResultInputs): boolean {
    const began = 'executed' in execution || execution.interruption === 'watchdog' || execution.runningMs > 0;
    if (began) {
      this.#events.emitAll('onAudit', () => {
        const told = outcome && { ...outcome, calls: newCalls(outcome.calls, bounds.knownCalls) };
        return auditEvents(told, bounds.grants, context);
      });
    }
    return began;
  }
}

const NOTHING = () => {};

function dispatchOptionsOf(
  { signal, tenant, queueTimeoutMs }: ResumeOptions,
  admission: Admission | undefined,
): DispatchOptions {
  return { signal, tenant, queueTimeoutMs, admission };
}

/** Why there is no handler to execute. */
function notLoaded({ signal, deadlineMs }: ExecuteOptions, origin: Origin): WasmResult {
  const isLate = deadlineMs !== undefined && !signal?.aborted;
  return isLate ? lateResult(deadlineMs, 'compile', origin) : cancelledResult(signal, origin);
}

/** Of the one for whom it began, whoever answers: what it holds is theirs. */
function resumeRequestOf(
  { handler, snapshot, imageHash, features, tenant }: SuspendedRun,
  answers: Uint8Array,
  limits: ExecutionLimits,
  { now, deadlineMs }: ResumeOptions,
  calledAt: number,
): ResumeRequest {
  return {
    key: handler.key,
    snapshot,
    imageHash,
    features,
    answers,
    limits,
    ...tenantOf(tenant),
    ...(now !== undefined && { now }),
    ...deadlineOf(calledAt, deadlineMs),
  };
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
