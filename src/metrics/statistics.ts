import { createHistogram } from 'node:perf_hooks';

import { KILL_LAYERS, type KillLayer } from '../api/observer.js';
import type { NexusErrorCode } from '../errors/codes.js';
import type { ExecutionObservation } from './observation.js';
import type { Tally } from './tally.js';

export interface ExecutionStatistics {
  readonly totalExecutions: number;
  readonly avgExecutionTimeUs: number;
  readonly p50ExecutionTimeUs: number;
  readonly p95ExecutionTimeUs: number;
  readonly p99ExecutionTimeUs: number;
  /** Calls that ended with an error, in a result or as a rejection, by code. */
  readonly errors: Readonly<Partial<Record<NexusErrorCode, number>>>;
  /** Executions that timed out, by the layer that stopped them. */
  readonly kills: Readonly<Record<KillLayer, number>>;
}

const NS_PER_US = 1000;

/**
 * Percentiles of one runtime, from Node's HDR histogram, which has constant memory and three digits of
 * precision.
 */
export class Statistics {
  readonly #durations = createHistogram();

  execution({ metrics, began }: ExecutionObservation): void {
    if (began) this.#durations.record(Math.max(1, Math.round(metrics.durationUs * NS_PER_US)));
  }

  /** @param tally the counts of the same executions */
  snapshot(tally: Tally): ExecutionStatistics {
    const isEmpty = this.#durations.count === 0;
    const percentile = (rank: number) => (isEmpty ? 0 : this.#durations.percentile(rank) / NS_PER_US);
    const kills = KILL_LAYERS.map((layer) => [layer, tally.kills.get(layer)]);
    return {
      totalExecutions: tally.executions.total,
      avgExecutionTimeUs: isEmpty ? 0 : this.#durations.mean / NS_PER_US,
      p50ExecutionTimeUs: percentile(50),
      p95ExecutionTimeUs: percentile(95),
      p99ExecutionTimeUs: percentile(99),
      errors: tally.errors.toObject() as ExecutionStatistics['errors'],
      kills: Object.fromEntries(kills) as Record<KillLayer, number>,
    };
  }
}
