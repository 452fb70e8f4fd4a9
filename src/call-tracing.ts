import type { EventOrigin } from './config/observer.js';
import type { CallTrace, TraceAttributes, TraceCarrier, Tracing } from './config/tracing.js';
import type { WasmResult } from './contract/result.js';

let isReported = false;

/**
 * The trace of one call, told from the metrics of its results: nothing is measured for it, and nothing at all is done without `tracing`. A
 * trace that throws is given up; the call goes on.
 */
export class TracedCall {
  #trace: CallTrace | undefined;

  constructor(
    tracing: Tracing | undefined,
    name: 'execute' | 'resume' | 'run',
    origin: EventOrigin,
    carrier?: TraceCarrier,
  ) {
    if (tracing === undefined) return;
    this.#safely(() => {
      this.#trace = tracing.begin(name, attributesOf(origin), carrier);
    });
  }

  /** To be kept with a handler that waits. */
  get carrier(): TraceCarrier | undefined {
    return this.#safely(() => this.#trace?.carrier());
  }

  /**
   * An execution, or a segment of one.
   *
   * @param startedAt when it was asked for, on the clock of `performance.now()`
   */
  executed({ status, metrics }: WasmResult, startedAt: number): void {
    const trace = this.#trace;
    if (trace === undefined) return;
    const { compilationTimeUs, queueTimeUs, durationUs, cacheHit, cacheTier = 'none' } = metrics;
    const startMs = performance.timeOrigin + startedAt;
    const compiledMs = startMs + (compilationTimeUs ?? 0) / 1000;
    const begunMs = compiledMs + queueTimeUs / 1000;
    this.#safely(() => {
      if (compilationTimeUs !== undefined) {
        trace.phase('compile', startMs, compiledMs, { 'nexus.cache.hit': cacheHit, 'nexus.cache.tier': cacheTier });
      }
      trace.phase('queue', compiledMs, begunMs, {});
      trace.phase('execute', begunMs, begunMs + durationUs / 1000, {
        'nexus.status': status,
        'nexus.instructions': metrics.instructionCount,
        'nexus.memory.peak_bytes': metrics.memoryPeakBytes,
        'nexus.host_calls': metrics.hostCalls,
      });
    });
  }

  /** A handler that waits was kept since `startedAt`. */
  suspended({ suspension }: WasmResult, startedAt: number): void {
    if (this.#trace === undefined || suspension === undefined) return;
    const { suspensionId, calls } = suspension;
    const [startMs, endMs] = [startedAt, performance.now()].map((time) => performance.timeOrigin + time);
    const attributes = { 'nexus.suspension.id': suspensionId, 'nexus.suspension.calls': calls.length };
    this.#safely(() => this.#trace?.phase('suspend', startMs ?? 0, endMs ?? 0, attributes));
  }

  end({ status, error }: WasmResult): void {
    this.#safely(() => this.#trace?.end({ 'nexus.status': status }, error));
  }

  /** It gave no result. */
  fail(error: unknown): void {
    const { code = 'INTERNAL_ERROR', message = String(error) } = error as { code?: string; message?: string };
    this.#safely(() => this.#trace?.end({ 'nexus.status': 'rejected' }, { code, message }));
  }

  #safely<T>(use: () => T): T | undefined {
    try {
      return use();
    } catch (error) {
      this.#trace = undefined;
      if (!isReported) {
        isReported = true;
        const warning = `tracing threw, which is ignored: ${String(error)}`;
        process.emitWarning(warning, { type: 'NexusWarning', code: 'NEXUS_OBSERVER' });
      }
      return undefined;
    }
  }
}

function attributesOf({ handlerName, panelId, tenant }: EventOrigin): TraceAttributes {
  return {
    ...(handlerName !== undefined && { 'nexus.handler': handlerName }),
    ...(panelId !== undefined && { 'nexus.panel': panelId }),
    ...(tenant !== undefined && { 'nexus.tenant': tenant }),
  };
}
