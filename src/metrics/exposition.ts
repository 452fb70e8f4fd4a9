import type { UsageCounts } from '../api/observing/usage.js';
import type { CacheStats } from '../cache/tiered-cache.js';
import { METRICS, type MetricName } from './catalog.js';
import type { Buckets, Counts } from './counting.js';
import type { DueCount } from './due-count.js';
import type { KeptUsage } from './kept-usage.js';
import type { Tally } from './tally.js';

/** One line of an exposition. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** If it differs from the metric's own name. */
  readonly metricName?: string;
}

/** Usage of the suspension store, as far as this process knows. */
export interface KeptStatistics {
  readonly usage: KeptUsage;
  /** Handlers that were refused, by the bound that was reached. */
  readonly refused: Readonly<Record<'total' | 'perTenant', number>>;
  /** Outcomes that were deleted early. */
  readonly evicted: number;
}

/** Values that are read instead of counted. */
export interface Gauges {
  readonly pool: { readonly busy: number; readonly idle: number; readonly starting: number; readonly queued: number };
  readonly memoryBytes: number;
  readonly cache: CacheStats;
  readonly suspended: number;
  readonly kept: KeptStatistics;
  /** Asks the store, if runs are executed or distributed here. */
  readonly due: () => Promise<readonly DueCount[]>;
}

/** The lines of one metric of usage. */
export type Usages = (amountOf: (usage: UsageCounts) => number, labels?: Readonly<Record<string, string>>) => Sample[];

/** The lines of each metric at the time of the call. */
export type Exposition = Readonly<Record<MetricName, () => Sample[] | Promise<Sample[]>>>;

/** Labels with known values are all present from the start, as Prometheus recommends. */
export function expose(tally: Tally, gauges: () => Gauges, usages: Usages): Exposition {
  const cache = () => gauges().cache;
  const keptBy = (amountsOf: (usage: KeptUsage) => Readonly<Record<'waiting' | 'outcome', number>>) =>
    Object.entries(amountsOf(gauges().kept.usage)).map(([state, value]) => ({ labels: { state }, value }));
  return {
    handler_executions_total: () => executions(tally),
    handler_duration_seconds: () =>
      [...tally.durations].flatMap(([handler, durations]) =>
        histogram('handler_duration_seconds', durations, tally.tellsHandlersApart ? { handler } : {}),
      ),
    handler_queue_seconds: () => histogram('handler_queue_seconds', tally.queueing),
    handler_errors_total: () => counts('handler_errors_total', 'code', tally.errors),
    handler_kills_total: () => counts('handler_kills_total', 'layer', tally.kills),
    cache_hits_total: () =>
      METRICS.cache_hits_total.labels.tier.map((tier) => ({ labels: { tier }, value: cache()[tier].hits })),
    cache_misses_total: () => single(cache().misses),
    cache_hit_rate: () => single(cache().hitRate),
    cache_evictions_total: () => tiers((tier) => cache()[tier].evictions),
    cache_rejections_total: () =>
      METRICS.cache_rejections_total.labels.reason.map((reason) => ({
        labels: { reason },
        value: (cache().disk.rejections[reason] ?? 0) + (cache().remote.rejections[reason] ?? 0),
      })),
    cache_remote_failures_total: () => {
      const { failures, writeFailures } = cache().remote;
      return Object.entries({ read: failures, write: writeFailures }).map(([operation, value]) => ({
        labels: { operation },
        value,
      }));
    },
    cache_size_bytes: () => tiers((tier) => cache()[tier].bytes),
    compile_duration_seconds: () => histogram('compile_duration_seconds', tally.compiling),
    pool_instances: () => {
      const { busy, idle, starting } = gauges().pool;
      return Object.entries({ busy, idle, starting }).map(([state, value]) => ({ labels: { state }, value }));
    },
    pool_queue_depth: () => single(gauges().pool.queued),
    pool_instances_retired_total: () => counts('pool_instances_retired_total', 'reason', tally.retirements),
    pool_memory_bytes: () => single(gauges().memoryBytes),
    memory_peak_bytes: () => histogram('memory_peak_bytes', tally.memoryPeaks),
    suspensions_active: () => single(gauges().suspended),
    suspension_size_bytes: () => histogram('suspension_size_bytes', tally.suspensionSizes),
    suspension_store_handlers: () => keptBy(({ waiting, outcomes }) => ({ waiting, outcome: outcomes })),
    suspension_store_bytes: () =>
      keptBy(({ waitingBytes, outcomeBytes }) => ({ waiting: waitingBytes, outcome: outcomeBytes })),
    suspension_rejections_total: () => {
      const { total, perTenant } = gauges().kept.refused;
      return Object.entries({ total, tenant: perTenant }).map(([reason, value]) => ({ labels: { reason }, value }));
    },
    suspension_outcome_evictions_total: () => single(gauges().kept.evicted),
    suspensions_expired_total: () => single(tally.expired),
    runs_started_total: () => single(tally.runsStarted),
    runs_ended_total: () => counts('runs_ended_total', 'outcome', tally.runsEnded),
    runs_working: () => single(tally.runsWorking),
    runs_due: () => byDeployment(gauges().due(), ({ runs }) => runs),
    runs_due_lag_seconds: () => byDeployment(gauges().due(), ({ lagSeconds }) => lagSeconds),
    runs_postponed_total: () => single(tally.runsPostponed),
    releases_failed_total: () => single(tally.releasesFailed),
    tasks_total: () => counts('tasks_total', 'kind', tally.tasks),
    tasks_unsent_total: () => single(tally.tasksUnsent),
    runs_found_total: () => single(tally.runsFound),
    usage_executions_total: () => usages(({ executions }) => executions),
    usage_instructions_total: () => usages(({ instructions }) => instructions),
    usage_cpu_seconds_total: () => usages(({ cpuUs }) => cpuUs / 1e6),
    usage_bytes_total: () => [
      ...usages(({ bytesIn }) => bytesIn, { direction: 'in' }),
      ...usages(({ bytesOut }) => bytesOut, { direction: 'out' }),
    ],
    usage_calls_total: () => usages(({ calls }) => calls),
    usage_stored_byte_hours_total: () => usages(({ storedByteHours }) => storedByteHours),
    resume_duration_seconds: () => histogram('resume_duration_seconds', tally.resuming),
  };
}

function single(value: number): Sample[] {
  return [{ labels: {}, value }];
}

async function byDeployment(
  due: Promise<readonly DueCount[]>,
  amountOf: (count: DueCount) => number,
): Promise<Sample[]> {
  return (await due).map((count) => ({ labels: { deployment: count.deployment }, value: amountOf(count) }));
}

function tiers(amountOf: (tier: 'memory' | 'disk') => number): Sample[] {
  return METRICS.cache_size_bytes.labels.tier.map((tier) => ({
    labels: { tier },
    value: amountOf(tier),
  }));
}

function counts(
  name:
    | 'handler_errors_total'
    | 'handler_kills_total'
    | 'pool_instances_retired_total'
    | 'runs_ended_total'
    | 'tasks_total',
  label: string,
  counted: Counts,
): Sample[] {
  const known: readonly string[] = Object.values(METRICS[name].labels)[0] ?? [];
  return known.map((value) => ({ labels: { [label]: value }, value: counted.get(value) }));
}

function executions({ executions: counted, tellsHandlersApart }: Tally): Sample[] {
  if (!tellsHandlersApart) {
    return METRICS.handler_executions_total.labels.status.map((status) => ({
      labels: { status },
      value: counted.get(status),
    }));
  }
  return [...counted.entries()].map(([key, value]) => {
    const end = key.indexOf('\n');
    return { labels: { status: key.slice(0, end), handler: key.slice(end + 1) }, value };
  });
}

function histogram(name: MetricName, { bounds, counts: perBucket, sum, count }: Buckets, labels = {}): Sample[] {
  let below = 0;
  const buckets = bounds.map((le, i) => {
    below += perBucket[i] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
