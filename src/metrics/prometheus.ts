import type { Registry } from 'prom-client';

import { invalidOption } from '../config/check.js';
import type { MetricsOptions } from '../config/options.js';
import { METRICS, type MetricDefinition, type MetricName } from './catalog.js';
import type { Sample } from './exposition.js';

export const DEFAULT_PREFIX = 'nexus_';

/** The lines of all metrics of one runtime, as they are now. */
export type Source = () => Record<MetricName, Sample[]>;

/**
 * A metric as registries of prom-client know one: they ask it for its values when they are scraped. What it counts is counted elsewhere, so
 * nothing is done for it before.
 *
 * Runtimes that share a registry and a prefix share the metric: their values are told apart by `defaultLabels`, or added.
 */
class ExposedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: MetricDefinition['type'];
  readonly aggregator: 'sum' | 'average';
  readonly #key: MetricName;
  readonly #prefix: string;
  readonly #sources = new Map<object, { readonly source: Source; readonly labels: Readonly<Record<string, string>> }>();

  constructor(key: MetricName, prefix: string) {
    const { help, type, aggregator }: MetricDefinition = METRICS[key];
    this.name = prefix + key;
    this.help = help;
    this.type = type;
    this.aggregator = aggregator ?? 'sum';
    this.#key = key;
    this.#prefix = prefix;
  }

  set(owner: object, source: Source, labels: Readonly<Record<string, string>>): void {
    this.#sources.set(owner, { source, labels });
  }

  async get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: this.#values() };
  }

  /** A counter that goes back is none. */
  reset(): void {}

  #values() {
    const series = new Map<string, { metricName: string; labels: Sample['labels']; values: number[] }>();
    for (const { source, labels: own } of this.#sources.values()) {
      for (const { labels, value, metricName } of source()[this.#key]) {
        const all = { ...labels, ...own };
        const fullName = metricName === undefined ? this.name : this.#prefix + metricName;
        const key = JSON.stringify([fullName, all]);
        const known = series.get(key);
        if (known === undefined) series.set(key, { metricName: fullName, labels: all, values: [value] });
        else known.values.push(value);
      }
    }
    return [...series.values()].map(({ metricName, labels, values }) => {
      const sum = values.reduce((left, right) => left + right, 0);
      return { metricName, labels, value: this.aggregator === 'average' ? sum / values.length : sum };
    });
  }
}

/** The metrics of a runtime in a registry: one that the application brings, or one of its own, made when somebody asks. */
export class PrometheusExporter {
  readonly #options: MetricsOptions;
  #source: Source;
  #registry: Promise<Registry> | undefined;

  /** @throws NexusError INVALID_CONFIG when the registry has a metric of another kind under one of the names */
  constructor(options: MetricsOptions, source: Source) {
    this.#options = options;
    this.#source = source;
    if (options.registry !== undefined) {
      this.#registerIn(options.registry);
      this.#registry = Promise.resolve(options.registry);
    }
  }

  async text(): Promise<string> {
    return (await this.#getRegistry()).metrics();
  }

  async contentType(): Promise<string> {
    return (await this.#getRegistry()).contentType;
  }

  /** The runtime has ended: what it counted stays as it is, and nothing else of it is kept. */
  close(): void {
    const last = this.#source();
    this.#source = () => last;
  }

  /** Loading prom-client blocks the thread for longer than the rest of the library together, so it waits until somebody asks. */
  #getRegistry(): Promise<Registry> {
    this.#registry ??= import('prom-client').then(({ Registry: OwnRegistry }) => {
      const registry = new OwnRegistry();
      this.#registerIn(registry);
      return registry;
    });
    return this.#registry;
  }

  #registerIn(registry: Registry): void {
    const { prefix = DEFAULT_PREFIX, defaultLabels = {} } = this.#options;
    const metrics = (Object.keys(METRICS) as MetricName[]).map((key) => {
      const known: unknown = registry.getSingleMetric(prefix + key);
      if (known === undefined || known instanceof ExposedMetric) return known ?? new ExposedMetric(key, prefix);
      throw invalidOption('metrics.prefix', prefix, `another one: the registry has a metric ${prefix}${key} already`);
    });
    for (const metric of metrics) {
      metric.set(this, () => this.#source(), defaultLabels);
      // It is no Metric of prom-client's own, but all that a registry asks of one.
      registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
    }
  }
}
