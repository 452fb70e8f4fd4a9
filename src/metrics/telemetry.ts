import {
  type CacheEvent,
  type CompileEvent,
  type EventOrigin,
  KILL_LAYERS,
  type KillLayer,
  type RuntimeObserver,
  type WarningEvent,
} from '../api/observing/observer.js';
import type { UsageCounts } from '../api/observing/usage.js';
import type { MetricsOptions } from '../api/options.js';
import type { ExecutionMetrics, WasmError, WasmResult } from '../api/result.js';
import type { NexusErrorCode } from '../errors/codes.js';
import { NexusError } from '../errors/nexus-error.js';
import type { RetirementReason } from '../protocol/retirement.js';
import { debug } from '../support/debug.js';
import type { Mutable } from '../support/mutable.js';
import type { RUN_OUTCOMES, TASK_KINDS } from './catalog.js';
import { EventHub } from './event-hub.js';
import { expose, type Gauges } from './exposition.js';
import { addUsageTo, type Meter, storageUsage, usageEvent } from './meter.js';
import { PrometheusExporter } from './prometheus.js';
import { RecentErrors } from './recent-errors.js';
import { type ExecutionStatistics, Statistics } from './statistics.js';
import { Tally } from './tally.js';
import { usagesOf } from './usage-samples.js';

/** What a segment took in and gave out. */
export type SegmentAmounts = Pick<UsageCounts, 'bytesIn' | 'bytesOut' | 'calls'>;

/** A handler that was kept. */
export interface KeptSuspension {
  readonly id: string;
  readonly bytes: number;
  readonly expiresAtMs: number;
}

/** Receives everything that happens in a runtime, on the main thread: counts it and passes it on to observers. */
export class Telemetry {
  readonly events: EventHub;
  /** Undefined if usage is not added up. */
  readonly meter: Meter | undefined;
  readonly errors = new RecentErrors();
  readonly #tally: Tally;
  readonly #statistics = new Statistics();
  readonly #exporter: PrometheusExporter | undefined;
  #gauges: () => Gauges;

  /**
   * @param gauges values that are read when metrics are requested
   * @throws NexusError INVALID_CONFIG if the registry already has one of the names
   */
  constructor(observer: RuntimeObserver, metrics: false | MetricsOptions, gauges: () => Gauges, meter?: Meter) {
    this.meter = meter;
    this.events = new EventHub(observer);
    this.#gauges = gauges;
    this.#tally = new Tally(metrics !== false && metrics.handlerLabel === true);
    if (metrics === false) return;
    this.#exporter = new PrometheusExporter(
      metrics,
      expose(this.#tally, () => this.#gauges(), usagesOf(meter, metrics.tenantLabel === true)),
    );
  }

  /** @param began false if it ended before a worker started it, for example because it did not compile */
  execution({ status, error, metrics }: WasmResult, began: boolean, origin: EventOrigin): void {
    if (debug.call.hasSubscribers) {
      const { durationUs, queueTimeUs, instructionCount } = metrics;
      const facts = { status, code: error?.code, began, durationUs, queueTimeUs, instructionCount };
      debug.call.publish({ step: 'segment', ...origin, ...facts });
    }
    const layer = error === undefined ? undefined : killLayer(error);
    const observation = { status, metrics, began, code: error?.code, layer, handlerName: origin.handlerName };
    this.#tally.execution(observation);
    this.#statistics.execution(observation);
    this.events.emit('onExecution', () => ({ ...origin, status, metrics, ...(error && { code: error.code }) }));
    if (error !== undefined) this.errors.add(error, origin);
    if (layer !== undefined) this.#kill(layer, metrics, origin);
  }

  /**
   * Counts what a segment used that a worker has begun.
   *
   * @param call the sum of its call's segments, if there is a quota
   */
  usage(
    { status, metrics }: WasmResult,
    { bytesIn, bytesOut, calls }: SegmentAmounts,
    isFirst: boolean,
    origin: EventOrigin,
    call: Mutable<UsageCounts> | undefined,
  ): void {
    const isObserved = this.events.hasListeners('onUsage');
    if (this.meter === undefined && call === undefined && !isObserved) return;
    const used: UsageCounts = {
      executions: isFirst ? 1 : 0,
      segments: 1,
      errors: status === 'error' ? 1 : 0,
      instructions: metrics.instructionCount,
      cpuUs: Math.round(metrics.durationUs),
      bytesIn,
      bytesOut,
      calls,
      storedByteHours: 0,
    };
    this.meter?.add(origin, used);
    if (call !== undefined) addUsageTo(call, used);
    if (isObserved) this.events.emit('onUsage', () => usageEvent('segment', origin, used, status));
  }

  /** Counts a suspended handler that is no longer stored. */
  storage(origin: EventOrigin, bytes: number, storedMs: number): void {
    const used = storageUsage(bytes, storedMs);
    this.meter?.add(origin, used);
    this.events.emit('onUsage', () => usageEvent('storage', origin, used));
  }

  /** Whether anything counts how long suspended handlers are stored. */
  get countsStorage(): boolean {
    return this.meter !== undefined || this.events.hasListeners('onUsage');
  }

  /** Counts a run that was cancelled while it waited; no execution reports this. */
  calledOff(code: NexusErrorCode): void {
    this.#tally.rejection(code);
  }

  runStarted(): void {
    this.#tally.runsStarted++;
  }

  runEnded(outcome: (typeof RUN_OUTCOMES)[number]): void {
    this.#tally.runsEnded.add(outcome);
  }

  /** A run could not go on, and is tried again. */
  runPostponed(error: unknown): void {
    this.#tally.runsPostponed++;
    this.rejection(error);
  }

  /** A claim that the store did not take back. */
  releaseFailed(warning: WarningEvent): void {
    this.#tally.releasesFailed++;
    this.warn(warning);
  }

  /** Tasks that the dispatcher did not take. */
  tasksUnsent(count: number): void {
    this.#tally.tasksUnsent += count;
  }

  /** A task of the dispatcher was handled. */
  task(kind: (typeof TASK_KINDS)[number]): void {
    this.#tally.tasks.add(kind);
  }

  /** A run was due, and no task came for it. */
  runFound(): void {
    this.#tally.runsFound++;
  }

  /** @param change 1 when this process begins to work on a run, -1 when it no longer does */
  runWorking(change: 1 | -1): void {
    this.#tally.runsWorking += change;
  }

  /** Counts a call that gave no result. */
  rejection(error: unknown): void {
    const code: NexusErrorCode | undefined = error instanceof NexusError ? error.code : undefined;
    if (debug.call.hasSubscribers) debug.call.publish({ step: 'rejected', code });
    if (code !== undefined) this.#tally.rejection(code);
  }

  compilation(event: CompileEvent): void {
    if (debug.compile.hasSubscribers) debug.compile.publish({ step: 'compiled', ...event });
    this.#tally.compiling.observe(event.durationUs / 1e6);
    this.events.emit('onCompile', () => event);
  }

  /** @param make is called only if there is a listener, because hits are frequent */
  cache(make: () => CacheEvent): void {
    if (debug.cache.hasSubscribers) {
      const { kind, ...facts } = make();
      debug.cache.publish({ step: kind, ...facts });
    }
    this.events.emit('onCache', make);
  }

  suspension({ id, bytes, expiresAtMs }: KeptSuspension, origin: EventOrigin): void {
    this.#tally.suspensionSizes.observe(bytes);
    if (debug.suspension.hasSubscribers) debug.suspension.publish({ step: 'kept', suspensionId: id, bytes, ...origin });
    const expiresAt = new Date(expiresAtMs);
    this.events.emit('onSuspension', () => ({ ...origin, suspensionId: id, bytes, expiresAt }));
  }

  resume(suspensionId: string, { status }: WasmResult, durationUs: number, origin: EventOrigin): void {
    if (debug.suspension.hasSubscribers) debug.suspension.publish({ step: 'resumed', suspensionId, status, ...origin });
    this.#tally.resuming.observe(durationUs / 1e6);
    this.events.emit('onResume', () => ({ ...origin, suspensionId, status, durationUs }));
  }

  expiry(suspensionIds: readonly string[]): void {
    this.#tally.expired += suspensionIds.length;
    if (debug.suspension.hasSubscribers) {
      for (const suspensionId of suspensionIds) debug.suspension.publish({ step: 'expired', suspensionId });
    }
    this.events.emitAll('onExpired', () => suspensionIds.map((suspensionId) => ({ suspensionId })));
  }

  retirement(reason: RetirementReason): void {
    if (debug.pool.hasSubscribers) debug.pool.publish({ step: 'retired', reason });
    this.#tally.retirements.add(reason);
    if (reason === 'crashed') this.#warnOfWorker('A worker ended unexpectedly; another one was started.');
    if (reason === 'start') this.#warnOfWorker('A worker failed to start.');
  }

  /** Issues a Node warning as well: it goes to stderr and to `process.on('warning')`. */
  warn(warning: WarningEvent): void {
    process.emitWarning(warning.message, { type: 'NexusWarning', code: warning.code });
    this.events.emit('onWarning', () => warning);
  }

  statistics(): ExecutionStatistics {
    return this.#statistics.snapshot(this.#tally);
  }

  get retirements(): Readonly<Record<string, number>> {
    return this.#tally.retirements.toObject();
  }

  /** Returns the metrics in the Prometheus text format; an empty string if metrics are off. */
  async text(): Promise<string> {
    return (await this.#exporter?.text()) ?? '';
  }

  async contentType(): Promise<string> {
    return (await this.#exporter?.contentType()) ?? 'text/plain; charset=utf-8';
  }

  /** Called when the runtime has ended. Its counts can still be read. */
  close(): void {
    // The last values are kept so that the runtime itself can be collected.
    const last = this.#gauges();
    this.#gauges = () => last;
    this.#exporter?.close();
  }

  #kill(layer: KillLayer, { durationUs }: ExecutionMetrics, origin: EventOrigin): void {
    this.events.emit('onKill', () => ({ ...origin, layer, durationUs }));
  }

  /** The affected calls get an error, but the operator would not notice. */
  #warnOfWorker(message: string): void {
    this.events.emit('onWarning', () => ({ code: 'NEXUS_WORKER', message }));
  }
}

/** Undefined if the time was over before anything had to be stopped. */
function killLayer({ code, context }: WasmError): KillLayer | undefined {
  return code === 'TIMEOUT' ? KILL_LAYERS.find((layer) => layer === context?.['layer']) : undefined;
}
