import type { EventOrigin } from '../api/observing/observer.js';
import type { CallTrace, TraceAttributes, TraceCarrier, TracedCallName, Tracing } from '../api/observing/tracing.js';
import type { WasmResult } from '../api/result.js';
import { NexusError } from '../errors/nexus-error.js';
import type { SegmentRun } from '../execution/segment-runner.js';
import { epochMs } from '../protocol/messages.js';
import { callListener, warnOfIgnored } from '../support/call-listener.js';
import { renderReason } from '../support/render-reason.js';
import { performance } from '../support/timers.js';

let isReported = false;

/**
 * The trace of one call. It is derived from the metrics of the call's results, so nothing is measured for it,
 * and without `tracing` nothing is done. If a trace throws, it is given up and the call continues.
 */
export class TracedCall {
  #trace: CallTrace | undefined;

  /**
   * @param tracing default: none, and the call is not traced
   * @param calledAt on the clock of `performance.now()`
   */
  constructor(
    tracing?: Tracing,
    name: TracedCallName = 'execute',
    calledAt = 0,
    origin: EventOrigin = {},
    carrier?: TraceCarrier,
  ) {
    if (tracing === undefined) return;
    this.#safely(() => {
      this.#trace = tracing.begin(name, performance.timeOrigin + calledAt, attributesOf(origin), carrier);
    });
  }

  /** The trace context that is stored with a suspended handler. */
  get carrier(): TraceCarrier | undefined {
    return this.#trace === undefined ? undefined : this.#safely(() => this.#trace?.carrier());
  }

  /**
   * Traces an execution, or one of its segments.
   *
   * @param startedAt when it was requested, on the clock of `performance.now()`
   * @param isCompiled whether its handler had to be loaded first; false for a resumed segment
   */
  executed({ result: { status, metrics }, began }: SegmentRun, startedAt: number, isCompiled: boolean): void {
    const trace = this.#trace;
    if (trace === undefined) return;
    const { compilationTimeUs, queueTimeUs, durationUs, cacheHit, cacheTier = 'none' } = metrics;
    const startMs = performance.timeOrigin + startedAt;
    // Without a handler, the call ended during compilation or before it.
    const isObtained = !isCompiled || compilationTimeUs !== undefined;
    const compiledMs = isObtained ? startMs + (compilationTimeUs ?? 0) / 1000 : epochMs();
    const begunMs = compiledMs + queueTimeUs / 1000;
    this.#safely(() => {
      if (isCompiled) {
        trace.phase('compile', startMs, compiledMs, { 'nexus.cache.hit': cacheHit, 'nexus.cache.tier': cacheTier });
      }
      if (isObtained) trace.phase('queue', compiledMs, begunMs, {});
      if (!began) return;
      trace.phase('execute', begunMs, begunMs + durationUs / 1000, {
        'nexus.status': status,
        'nexus.instructions': metrics.instructionCount,
        'nexus.memory.peak_bytes': metrics.memoryPeakBytes,
        'nexus.host_calls': metrics.hostCalls,
      });
    });
  }

  /** Traces that a suspended handler was being stored since `startedAt`. */
  suspended({ suspension }: WasmResult, startedAt: number): void {
    if (this.#trace === undefined || suspension === undefined) return;
    const { suspensionId, calls } = suspension;
    const startMs = performance.timeOrigin + startedAt;
    const attributes = { 'nexus.suspension.id': suspensionId, 'nexus.suspension.calls': calls.length };
    this.#safely(() => this.#trace?.phase('suspend', startMs, epochMs(), attributes));
  }

  end({ status, error }: WasmResult): void {
    this.#safely(() => this.#trace?.end(epochMs(), { 'nexus.status': status }, error));
  }

  /** Ends the trace of a call that gave no result. */
  fail(error: unknown): void {
    const code = error instanceof NexusError ? error.code : 'INTERNAL_ERROR';
    const attributes = { 'nexus.status': 'rejected' };
    this.#safely(() => this.#trace?.end(epochMs(), attributes, { code, message: renderReason(error) }));
  }

  #safely<T>(use: () => T): T | undefined {
    return callListener(use, (error) => this.#giveUp(error));
  }

  #giveUp(error: unknown): void {
    this.#trace = undefined;
    if (isReported) return;
    isReported = true;
    warnOfIgnored('tracing', error);
  }
}

function attributesOf({ handlerName, panelId, tenant }: EventOrigin): TraceAttributes {
  return {
    ...(handlerName !== undefined && { 'nexus.handler': handlerName }),
    ...(panelId !== undefined && { 'nexus.panel': panelId }),
    ...(tenant !== undefined && { 'nexus.tenant': tenant }),
  };
}
