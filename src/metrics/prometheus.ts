import type { Registry } from 'prom-client';
import type { MetricsOptions } from '../api/options.js';
import { invalidOption } from '../config/check.js';
import { METRICS, type MetricDefinition, type MetricName } from './catalog.js';
import type { Exposition, Sample } from './exposition.js';

export const DEFAULT_PREFIX = 'nexus_';
const METRIC_NAMES = Object.keys(METRICS) as MetricName[];

interface Source {
  readonly samples: (key: MetricName) => readonly Sample[] | Promise<readonly Sample[]>;
  /** The runtime's default labels. */
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * A metric for a registry of prom-client, which reads its values when it is scraped. The values are counted
 * elsewhere, so nothing is done before that.
 *
 * Runtimes that share a registry and a prefix share the metric: their values are distinguished by
 * `defaultLabels`, or added.
 */
class ExposedMetric {
  /** A registry in the OpenMetrics format removes the suffix of counters. */
  name: string;
  readonly help: string;
  readonly type: MetricDefinition['type'];
  readonly aggregator: 'sum' | 'average';
  readonly #key: MetricName;
  readonly #prefix: string;
  readonly #sources = new Map<object, Source>();

  constructor(key: MetricName, prefix: string) {
    const { help, type, aggregator }: MetricDefinition = METRICS[key];
    this.name = prefix + key;
    this.help = help;
    this.type = type;
    this.aggregator = aggregator ?? 'sum';
    this.#key = key;
    this.#prefix = prefix;
  }

  /** @param owner the runtime, which has one source */
  set(owner: object, source: Source): void {
    this.#sources.set(owner, source);
  }

  async get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: await this.#values() };
  }

  /** A counter must not go back. */
  reset(): void {}

  async #values(): Promise<Sample[]> {
    const perSource = await Promise.all([...this.#sources.values()].map((source) => this.#valuesOf(source)));
    const [first = [], ...others] = perSource;
    return others.length === 0 ? first : this.#merge(perSource);
  }

  async #valuesOf({ samples, labels: own }: Source): Promise<Sample[]> {
    const isLabelled = Object.keys(own).length > 0;
    return (await samples(this.#key)).map(({ labels, value, metricName }) => ({
      ...(metricName !== undefined && { metricName: this.#prefix + metricName }),
      labels: isLabelled ? { ...labels, ...own } : labels,
      value,
    }));
  }

  /** Runtimes without distinguishing labels have the same series. */
  #merge(perSource: readonly Sample[][]): Sample[] {
    const series = new Map<string, { readonly first: Sample; readonly values: number[] }>();
    for (const value of perSource.flat()) {
      // The order of labels does not matter.
      const key = JSON.stringify([value.metricName, Object.entries(value.labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
      const known = series.get(key);
      if (known === undefined) series.set(key, { first: value, values: [value.value] });
      else known.values.push(value.value);
    }
    return [...series.values()].map(({ first, values }) => {
      const sum = values.reduce((left, right) => left + right, 0);
      return { ...first, value: this.aggregator === 'average' ? sum / values.length : sum };
    });
  }
}

/** The metrics of a runtime in a registry: one of the application, or its own, which is created on first use. */
export class PrometheusExporter {
  readonly #options: MetricsOptions;
  #samples: Source['samples'];
  #registry: Promise<Registry> | undefined;

  /** @throws NexusError INVALID_CONFIG if the registry has another kind of metric under one of the names */
  constructor(options: MetricsOptions, exposition: Exposition) {
    this.#options = options;
    this.#samples = (key) => exposition[key]();
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

  /** Called when the runtime has ended: its counts remain, and it has no gauges any more. */
  close(): void {
    const samples = this.#samples;
    this.#samples = (key) => (METRICS[key].type === 'gauge' ? [] : samples(key));
  }

  /**
   * Loading prom-client blocks the thread longer than the rest of the library together, so it is loaded on
   * first use.
   */
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
    const metrics = METRIC_NAMES.map((key) => {
      const known: unknown = registry.getSingleMetric(prefix + key);
      if (known instanceof ExposedMetric) return { metric: known, isNew: false };
      if (known === undefined) return { metric: new ExposedMetric(key, prefix), isNew: true };
      throw invalidOption('metrics.prefix', prefix, `another one: the registry has a metric ${prefix}${key} already`);
    });
    for (const { metric, isNew } of metrics) {
      metric.set(this, { samples: (key) => this.#samples(key), labels: defaultLabels });
      // It is not a prom-client Metric, but has everything that a registry uses of one.
      if (isNew) registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0]);
    }
  }
}
