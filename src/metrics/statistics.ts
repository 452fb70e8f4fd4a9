import { createHistogram } from 'node:perf_hooks';

import { KILL_LAYERS, type KillLayer } from '../api/observing/observer.js';
import type { NexusErrorCode } from '../errors/codes.js';
import { METRICS } from './catalog.js';
import type { ExecutionObservation } from './observation.js';
import type { Tally } from './tally.js';

export interface ExecutionStatistics {
  readonly totalExecutions: number;
  readonly avgExecutionTimeUs: number;
  readonly p50ExecutionTimeUs: number;
  readonly p95ExecutionTimeUs: number;
  readonly p99ExecutionTimeUs: number;
  /** Executions by the time that they took in a VM, since the start. */
  readonly executionTimes: {
    /** Upper bounds of the buckets, in microseconds. */
    readonly boundsUs: readonly number[];
    /** Executions in each bucket: not more than its bound, more than the one before. The last one has no bound. */
    readonly counts: readonly number[];
  };
  /** Calls that ended with an error, in a result or as a rejection, by code. */
  readonly errors: Readonly<Partial<Record<NexusErrorCode, number>>>;
  /** Executions that timed out, by the layer that stopped them. */
  readonly kills: Readonly<Record<KillLayer, number>>;
  /** Durable runs that this process started, works on, and saw end. */
  readonly runs: {
    readonly started: number;
    readonly working: number;
    /** Times that one could not go on, and is tried again. */
    readonly postponed: number;
    readonly ended: Readonly<Partial<Record<'completed' | 'failed' | 'cancelled', number>>>;
  };
}

const NS_PER_US = 1000;
const US_PER_S = 1e6;

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
      executionTimes: timesOf(tally),
      errors: tally.errors.toObject() as ExecutionStatistics['errors'],
      kills: Object.fromEntries(kills) as Record<KillLayer, number>,
      runs: {
        started: tally.runsStarted,
        working: tally.runsWorking,
        postponed: tally.runsPostponed,
        ended: tally.runsEnded.toObject(),
      },
    };
  }
}

/** Of all handlers together. */
function timesOf({ durations }: Tally): ExecutionStatistics['executionTimes'] {
  const bounds = METRICS.handler_duration_seconds.buckets;
  const counts: number[] = new Array(bounds.length + 1).fill(0);
  for (const { counts: own } of durations.values()) {
    for (const [bucket, count] of own.entries()) counts[bucket] = (counts[bucket] ?? 0) + count;
  }
  return { boundsUs: bounds.map((seconds) => Math.round(seconds * US_PER_S)), counts };
}
