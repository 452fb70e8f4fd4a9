import type { NexusErrorCode } from '../errors/codes.js';
import { METRICS } from './catalog.js';
import { Buckets, Counts } from './counting.js';
import type { ExecutionObservation } from './observation.js';

/** The application chooses the names of handlers, and their number is unlimited. */
const MAX_HANDLER_NAMES = 200;
const OTHER_HANDLERS = 'other';
const NO_HANDLER = '';

/**
 * All counts of a runtime. `getStats()` and the metrics are two views of them, so they cannot differ.
 * Counting takes some hundred nanoseconds and needs nothing of Prometheus.
 */
export class Tally {
  /** By status, followed by the handler if handlers are distinguished. */
  readonly executions = new Counts();
  /** By handler, or all under one key. */
  readonly durations = new Map<string, Buckets>();
  readonly queueing = new Buckets(METRICS.handler_queue_seconds.buckets);
  readonly errors = new Counts();
  readonly kills = new Counts();
  readonly compiling = new Buckets(METRICS.compile_duration_seconds.buckets);
  readonly retirements = new Counts();
  readonly memoryPeaks = new Buckets(METRICS.memory_peak_bytes.buckets);
  readonly suspensionSizes = new Buckets(METRICS.suspension_size_bytes.buckets);
  readonly resuming = new Buckets(METRICS.resume_duration_seconds.buckets);
  expired = 0;
  readonly runsEnded = new Counts();
  runsStarted = 0;
  runsPostponed = 0;
  releasesFailed = 0;
  runsWorking = 0;
  runsFound = 0;
  tasksUnsent = 0;
  readonly tasks = new Counts();
  readonly tellsHandlersApart: boolean;

  /** @param tellsHandlersApart whether executions and durations are counted by the name of the handler */
  constructor(tellsHandlersApart: boolean) {
    this.tellsHandlersApart = tellsHandlersApart;
    if (!tellsHandlersApart) this.#durationsOf(NO_HANDLER);
  }

  execution({ status, code, layer, metrics, began, handlerName }: ExecutionObservation): void {
    const handler = this.tellsHandlersApart ? this.#labelOf(handlerName) : NO_HANDLER;
    this.executions.add(this.tellsHandlersApart ? `${status}\n${handler}` : status);
    if (code !== undefined) this.errors.add(code);
    if (layer !== undefined) this.kills.add(layer);
    if (!began) return;
    this.#durationsOf(handler).observe(metrics.durationUs / 1e6);
    this.queueing.observe(metrics.queueTimeUs / 1e6);
    if (metrics.memoryPeakBytes > 0) this.memoryPeaks.observe(metrics.memoryPeakBytes);
  }

  /** Counts a call that gave no result. */
  rejection(code: NexusErrorCode): void {
    this.errors.add(code);
  }

  #durationsOf(handler: string): Buckets {
    let durations = this.durations.get(handler);
    if (durations === undefined) {
      durations = new Buckets(METRICS.handler_duration_seconds.buckets);
      this.durations.set(handler, durations);
    }
    return durations;
  }

  #labelOf(handlerName = NO_HANDLER): string {
    if (this.durations.has(handlerName) || this.durations.size < MAX_HANDLER_NAMES) {
      this.#durationsOf(handlerName);
      return handlerName;
    }
    return OTHER_HANDLERS;
  }
}
