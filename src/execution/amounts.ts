import type { SegmentAmounts } from '../metrics/telemetry.js';
import type { Execution } from '../pool/handler-pool.js';
import type { PreparedRequest } from './request/build-request.js';
import { type KnownCalls, newCalls } from './result/effects.js';
import type { Segment } from './result/result.js';

export const NO_AMOUNTS: SegmentAmounts = { bytesIn: 0, bytesOut: 0, calls: 0 };

/** The bytes that enter the VM with a call. */
export function bytesOf({ input, packed }: PreparedRequest['request']): number {
  if (packed === undefined) return input.length;
  const { state, args, scope } = packed;
  return input.length + (state?.length ?? 0) + (args?.length ?? 0) + (scope?.length ?? 0);
}

/** What a segment is billed for beside its instructions and its time. */
export function amountsOf(
  bytesIn: number,
  execution: Execution,
  { outcome }: Segment,
  knownCalls: KnownCalls | undefined,
): SegmentAmounts {
  const bytesOut = 'executed' in execution ? (execution.executed.outcome?.length ?? 0) : 0;
  return { bytesIn, bytesOut, calls: outcome === undefined ? 0 : newCalls(outcome.calls, knownCalls).length };
}
