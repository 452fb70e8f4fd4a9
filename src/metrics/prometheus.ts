import type { Counter, Histogram, Registry } from 'prom-client';

import type { MetricsOptions } from '../config/options.js';
import { NexusError } from '../errors/nexus-error.js';
import type { ExecutionObservation, MetricsRecorder } from './recorder.js';

export const DEFAULT_PREFIX = 'nexus_';

/** From 50 µs, a warm handler, to 10 s, beyond the default timeout. Seconds. */
const DURATION_BUCKETS = [50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3, 0.1, 0.5, 1, 2.5, 5, 10];

/** Observations that may wait for prom-client; one more, and it is loaded for them. */
const MAX_PENDING = 10_000;

interface Instruments {
  readonly registry: Registry;
  readonly executions: Counter<'status'>;
  readonly duration: Histogram;
  readonly queue: Histogram;
  readonly errors: Counter<'code'>;
  readonly kills: Counter<'layer'>;
  readonly retirements: Counter<'reason'>;
  readonly cacheHits: Counter<'tier'>;
  readonly cacheMisses: Counter;
  readonly compileDuration: Histogram;
}

/**
 * Prometheus metrics through prom-client. Loading that blocks the thread for longer than the rest of the library
 * together, so it waits until somebody asks for the metrics; what happens until then is kept in a list. A caller who
 * brings a registry has loaded it already.
 */
export class PrometheusRecorder implements MetricsRecorder {
  readonly #options: MetricsOptions;
  #pending: ((instruments: Instruments) => void)[] = [];
  #loading: Promise<Instruments> | undefined;
  #instruments: Instruments | undefined;
  #hasFailed = false;

  constructor(options: MetricsOptions) {
    this.#options = options;
    if (options.registry !== undefined) this.#loadInBackground();
  }

  execution(observation: ExecutionObservation): void {
    this.#record((instruments) => record(instruments, observation));
  }

  retirement(reason: string): void {
    this.#record(({ retirements }) => retirements.inc({ reason }));
  }

  #record(observe: (instruments: Instruments) => void): void {
    if (this.#instruments !== undefined) {
      observe(this.#instruments);
      return;
    }
    if (this.#hasFailed) return;
    this.#pending.push(observe);
    if (this.#pending.length === MAX_PENDING) this.#loadInBackground();
  }

  async text(): Promise<string> {
    return (await this.#load()).registry.metrics();
  }

  /** Whoever asks for the text learns what went wrong. */
  #loadInBackground(): void {
    this.#load().catch(() => {});
  }

  #load(): Promise<Instruments> {
    this.#loading ??= createInstruments(this.#options).then(
      (instruments) => {
        this.#instruments = instruments;
        for (const observe of this.#pending.splice(0)) observe(instruments);
        return instruments;
      },
      (cause: unknown) => {
        this.#hasFailed = true;
        this.#pending = [];
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new NexusError('INVALID_CONFIG', `The metrics cannot be registered: ${reason}. Give another prefix.`, {
          cause,
        });
      },
    );
    return this.#loading;
  }
}

async function createInstruments(options: MetricsOptions): Promise<Instruments> {
  const { Counter, Histogram, Registry } = await import('prom-client');
  const registry = options.registry ?? new Registry();
  // On a registry that is the caller's, the labels would show on metrics that are not ours.
  if (options.defaultLabels !== undefined && options.registry === undefined) {
    registry.setDefaultLabels({ ...options.defaultLabels });
  }
  const prefix = options.prefix ?? DEFAULT_PREFIX;
  const registers = [registry];
  const histogram = (name: string, help: string) =>
    new Histogram({ name: prefix + name, help, buckets: DURATION_BUCKETS, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter<L>({ name: prefix + name, help, labelNames, registers });
  return {
    registry,
    executions: counter('handler_executions_total', 'Executions by how they ended.', ['status']),
    duration: histogram('handler_duration_seconds', 'Time in the VM.'),
    queue: histogram('handler_queue_seconds', 'Time from the call to its start on a worker, compilation excluded.'),
    errors: counter('handler_errors_total', 'Executions that ended with an error, by its code.', ['code']),
    kills: counter('handler_kills_total', 'Executions whose time was over, by what stopped them.', ['layer']),
    retirements: counter('pool_instances_retired_total', 'Workers and VMs that were given up, by the reason.', [
      'reason',
    ]),
    cacheHits: counter('cache_hits_total', 'Handlers found compiled, by tier.', ['tier']),
    cacheMisses: counter('cache_misses_total', 'Handlers that had to be compiled.'),
    compileDuration: histogram('compile_duration_seconds', 'Time to compile a handler that no tier had.'),
  };
}

function record(instruments: Instruments, { status, code, layer, metrics, executed }: ExecutionObservation): void {
  instruments.executions.inc({ status });
  if (code !== undefined) instruments.errors.inc({ code });
  if (layer !== undefined) instruments.kills.inc({ layer });
  if (executed) {
    instruments.duration.observe(metrics.durationUs / 1e6);
    instruments.queue.observe(metrics.queueTimeUs / 1e6);
  }
  if (metrics.cacheTier !== undefined) {
    instruments.cacheHits.inc({ tier: metrics.cacheTier });
  } else if (metrics.compilationTimeUs !== undefined) {
    instruments.cacheMisses.inc();
    instruments.compileDuration.observe(metrics.compilationTimeUs / 1e6);
  }
}
