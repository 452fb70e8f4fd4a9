import type { MetricsOptions } from '../../api/options.js';
import { boolean, describe, invalidOption, type Keys, rejectUnknownKeys, requireObject } from '../check.js';

const METRICS_KEYS: Keys<MetricsOptions> = {
  registry: true,
  prefix: true,
  defaultLabels: true,
  handlerLabel: true,
  tenantLabel: true,
};
/** The names that Prometheus allows and does not reserve. */
const METRIC_NAME = /^([a-zA-Z_:][a-zA-Z0-9_:]*)?$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Labels of the metrics themselves (see `metrics/catalog.ts`) and of histograms. */
const TAKEN_LABELS: ReadonlySet<string> = new Set([
  'operation',
  'kind',
  'status',
  'code',
  'layer',
  'tier',
  'reason',
  'state',
  'handler',
  'tenant',
  'direction',
  'outcome',
  'deployment',
  'le',
]);

/**
 * @returns false if metrics are off
 * @throws NexusError INVALID_CONFIG
 */
export function resolveMetrics(metrics: unknown = true): false | MetricsOptions {
  if (typeof metrics === 'boolean') return metrics ? {} : false;
  requireObject('metrics', metrics);
  rejectUnknownKeys(metrics, Object.keys(METRICS_KEYS), 'metrics.');
  const { prefix, registry, defaultLabels, handlerLabel, tenantLabel } = metrics as MetricsOptions;
  if (registry !== undefined && typeof registry?.registerMetric !== 'function') {
    throw invalidOption('metrics.registry', describe(registry), 'a Registry of prom-client');
  }
  if (prefix !== undefined && (typeof prefix !== 'string' || !METRIC_NAME.test(prefix))) {
    throw invalidOption('metrics.prefix', prefix, 'the start of a Prometheus metric name ([a-zA-Z_:][a-zA-Z0-9_:]*)');
  }
  boolean('metrics.handlerLabel', handlerLabel, false);
  boolean('metrics.tenantLabel', tenantLabel, false);
  if (defaultLabels !== undefined) checkLabels(defaultLabels);
  return metrics as MetricsOptions;
}

function checkLabels(labels: unknown): void {
  requireObject('metrics.defaultLabels', labels);
  for (const [name, value] of Object.entries(labels)) {
    const option = `metrics.defaultLabels.${name}`;
    if (!LABEL_NAME.test(name)) {
      throw invalidOption(
        option,
        value,
        'under a name that Prometheus allows ([a-zA-Z_][a-zA-Z0-9_]*, not beginning with __)',
      );
    }
    if (TAKEN_LABELS.has(name))
      throw invalidOption(option, value, 'under another name: metrics have that label already');
    if (typeof value !== 'string') throw invalidOption(option, value, 'a string');
  }
}
