import { createHistogram } from 'node:perf_hooks';

import type { ResultCode } from '../errors/codes.js';
import type { ExecutionObservation, KillLayer } from './recorder.js';

export interface ExecutionStatistics {
  readonly totalExecutions: number;
  readonly avgExecutionTimeUs: number;
  readonly p50ExecutionTimeUs: number;
  readonly p95ExecutionTimeUs: number;
  readonly p99ExecutionTimeUs: number;
  /** Executions that ended with an error, by its code. */
  readonly errors: Readonly<Partial<Record<ResultCode, number>>>;
  /** Executions whose time was over, by what stopped them. */
  readonly kills: Readonly<Record<KillLayer, number>>;
}

const NS_PER_US = 1000;

/** Running totals of one runtime. Percentiles come from Node's HDR histogram: constant memory, three digits. */
export class Statistics {
  readonly #durations = createHistogram();
  readonly #errors: Partial<Record<ResultCode, number>> = {};
  readonly #kills = { interrupt: 0, jobs: 0, watchdog: 0 };
  #total = 0;

  execution({ code, layer, metrics, executed }: ExecutionObservation): void {
    this.#total++;
    if (executed) this.#durations.record(Math.max(1, Math.round(metrics.durationUs * NS_PER_US)));
    if (layer !== undefined) this.#kills[layer]++;
    if (code !== undefined) this.#errors[code] = (this.#errors[code] ?? 0) + 1;
  }

  snapshot(): ExecutionStatistics {
    const isEmpty = this.#durations.count === 0;
    const percentile = (rank: number) => (isEmpty ? 0 : this.#durations.percentile(rank) / NS_PER_US);
    return {
      totalExecutions: this.#total,
      avgExecutionTimeUs: isEmpty ? 0 : this.#durations.mean / NS_PER_US,
      p50ExecutionTimeUs: percentile(50),
      p95ExecutionTimeUs: percentile(95),
      p99ExecutionTimeUs: percentile(99),
      errors: { ...this.#errors },
      kills: { ...this.#kills },
    };
  }
}
