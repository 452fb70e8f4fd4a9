import {
  type CacheEvent,
  type CompileEvent,
  type EventOrigin,
  KILL_LAYERS,
  type KillLayer,
  type RuntimeObserver,
  type WarningEvent,
} from '../api/observer.js';
import type { MetricsOptions } from '../api/options.js';
import type { ExecutionMetrics, WasmError, WasmResult } from '../api/result.js';
import type { NexusErrorCode } from '../errors/codes.js';
import { NexusError } from '../errors/nexus-error.js';
import type { RetirementReason } from '../protocol/retirement.js';
import { EventHub } from './event-hub.js';
import { expose, type Gauges } from './exposition.js';
import { PrometheusExporter } from './prometheus.js';
import { type ExecutionStatistics, Statistics } from './statistics.js';
import { Tally } from './tally.js';

/** Of a handler that was kept. */
export interface KeptSuspension {
  readonly id: string;
  readonly bytes: number;
  readonly expiresAtMs: number;
}

/** Everything that happens in a runtime is told here, on the main thread: counted, and passed on to whoever listens. */
export class Telemetry {
  readonly events: EventHub;
  readonly #tally: Tally;
  readonly #statistics = new Statistics();
  readonly #exporter: PrometheusExporter | undefined;
  #gauges: () => Gauges;

  /**
   * @param gauges what is to be looked at when somebody asks
   * @throws NexusError INVALID_CONFIG when the registry has one of the names already
   */
  constructor(observer: RuntimeObserver, metrics: false | MetricsOptions, gauges: () => Gauges) {
    this.events = new EventHub(observer);
    this.#gauges = gauges;
    this.#tally = new Tally(metrics !== false && metrics.handlerLabel === true);
    if (metrics === false) return;
    this.#exporter = new PrometheusExporter(
      metrics,
      expose(this.#tally, () => this.#gauges()),
    );
  }

  /** @param began false when it ended before a worker began it: it compiled badly, say */
  execution({ status, error, metrics }: WasmResult, began: boolean, origin: EventOrigin): void {
    const layer = error === undefined ? undefined : killLayer(error);
    const observation = { status, metrics, began, code: error?.code, layer, handlerName: origin.handlerName };
    this.#tally.execution(observation);
    this.#statistics.execution(observation);
    this.events.emit('onExecution', () => ({ ...origin, status, metrics, ...(error && { code: error.code }) }));
    if (layer !== undefined) this.#kill(layer, metrics, origin);
  }

  /** A run was called off while it waited: no execution of it could end with that. */
  calledOff(code: NexusErrorCode): void {
    this.#tally.rejection(code);
  }

  /** A call that gave no result. */
  rejection(error: unknown): void {
    const code: NexusErrorCode | undefined = error instanceof NexusError ? error.code : undefined;
    if (code !== undefined) this.#tally.rejection(code);
  }

  compilation(event: CompileEvent): void {
    this.#tally.compiling.observe(event.durationUs / 1e6);
    this.events.emit('onCompile', () => event);
  }

  /** @param make is called only if somebody listens: hits are many */
  cache(make: () => CacheEvent): void {
    this.events.emit('onCache', make);
  }

  suspension({ id, bytes, expiresAtMs }: KeptSuspension, origin: EventOrigin): void {
    this.#tally.suspensionSizes.observe(bytes);
    const expiresAt = new Date(expiresAtMs);
    this.events.emit('onSuspension', () => ({ ...origin, suspensionId: id, bytes, expiresAt }));
  }

  resume(suspensionId: string, { status }: WasmResult, durationUs: number, origin: EventOrigin): void {
    this.#tally.resuming.observe(durationUs / 1e6);
    this.events.emit('onResume', () => ({ ...origin, suspensionId, status, durationUs }));
  }

  expiry(suspensionIds: readonly string[]): void {
    this.#tally.expired += suspensionIds.length;
    this.events.emitAll('onExpired', () => suspensionIds.map((suspensionId) => ({ suspensionId })));
  }

  retirement(reason: RetirementReason): void {
    this.#tally.retirements.add(reason);
    if (reason === 'crashed') this.#warnOfWorker('A worker ended unexpectedly; another one was started.');
    if (reason === 'start') this.#warnOfWorker('A worker did not come up.');
  }

  /** As Node shows warnings, too: on stderr, and to whoever listens to `process.on('warning')`. */
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

  /** In the Prometheus text format; empty when metrics are off. */
  async text(): Promise<string> {
    return (await this.#exporter?.text()) ?? '';
  }

  async contentType(): Promise<string> {
    return (await this.#exporter?.contentType()) ?? 'text/plain; charset=utf-8';
  }

  /** The runtime has ended. What was counted can still be asked for. */
  close(): void {
    // The runtime itself is let go.
    const last = this.#gauges();
    this.#gauges = () => last;
    this.#exporter?.close();
  }

  #kill(layer: KillLayer, { durationUs }: ExecutionMetrics, origin: EventOrigin): void {
    this.events.emit('onKill', () => ({ ...origin, layer, durationUs }));
  }

  /** Calls that suffered from it know; whoever operates the process would not. */
  #warnOfWorker(message: string): void {
    this.events.emit('onWarning', () => ({ code: 'NEXUS_WORKER', message }));
  }
}

/** None when its time was over before anything had to be stopped. */
function killLayer({ code, context }: WasmError): KillLayer | undefined {
  return code === 'TIMEOUT' ? KILL_LAYERS.find((layer) => layer === context?.['layer']) : undefined;
}
