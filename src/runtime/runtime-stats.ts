import type { CacheStats } from '../cache/tiered-cache.js';
import type { Gauges } from '../metrics/exposition.js';
import type { ExecutionStatistics } from '../metrics/statistics.js';
import type { Telemetry } from '../metrics/telemetry.js';
import type { Retirements } from '../protocol/retirement.js';

export interface RuntimeStats extends ExecutionStatistics {
  /** Workers that execute right now. */
  readonly activeInstances: number;
  /** Workers that are up and idle. */
  readonly availableInstances: number;
  /** Workers that are not up yet. */
  readonly startingInstances: number;
  readonly queuedExecutions: number;
  /** Workers, and VMs in them, that were given up, by the reason. */
  readonly retirements: Retirements;
  /** Linear memory of all VMs in the workers, in bytes: no part of the heap that `process.memoryUsage()` shows. */
  readonly totalMemoryBytes: number;
  /** Handlers that this process suspended and that have not ended, as far as it knows. */
  readonly suspendedExecutions: number;
  /** What the store of suspended handlers keeps, those of other processes included, as far as this process knows. */
  readonly suspensionStore: SuspensionStoreStats;
  /** 0 to 1. */
  readonly cacheHitRate: number;
  readonly cache: CacheStats;
}

/** Of what a store of suspended handlers keeps; bounded by `maxSuspensions` and `maxSuspendedBytes`. */
export interface SuspensionStoreStats {
  /** Handlers that wait. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Recorded outcomes of resumes. */
  readonly outcomes: number;
  readonly outcomeBytes: number;
  /** Handlers that there was no room for since the start. */
  readonly rejections: number;
  /** Outcomes that were forgotten before their time since the start. */
  readonly evictedOutcomes: number;
}

/** What is measured now, and what was counted since the start. */
export function runtimeStats(
  telemetry: Telemetry,
  { pool, memoryBytes, cache, suspended, kept }: Gauges,
): RuntimeStats {
  const { busy, idle, starting, queued } = pool;
  return {
    ...telemetry.statistics(),
    activeInstances: busy,
    availableInstances: idle,
    startingInstances: starting,
    queuedExecutions: queued,
    retirements: telemetry.retirements,
    suspendedExecutions: suspended,
    suspensionStore: {
      ...kept.usage,
      rejections: kept.refused.total + kept.refused.perTenant,
      evictedOutcomes: kept.evicted,
    },
    totalMemoryBytes: memoryBytes,
    cacheHitRate: cache.hitRate,
    cache,
  };
}
