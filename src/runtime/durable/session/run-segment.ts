import { NexusError } from '../../../errors/nexus-error.js';
import { eventOriginOf } from '../../../execution/origin.js';
import type { SegmentRun } from '../../../execution/segment-runner.js';
import type { SuspendedRun } from '../../../execution/suspended-run.js';
import { parseSuspensionId } from '../../../support/run-ids.js';
import { performance } from '../../../support/timers.js';
import { eitherSignal } from '../../../support/waiting.js';
import type { HeldGeneration } from '../../../suspension/durable/durable-store.js';
import { checkRenewed, type Renewed } from '../work-options.js';
import { originIn } from './run-ends.js';
import type { SessionParts } from './session-parts.js';

/**
 * Executes a segment of a run, within the quotas of its tenant.
 *
 * @returns undefined if it was stopped, and does not count
 * @throws NexusError RESOURCE_LIMIT if a quota is used up
 */
export async function executeSegment(
  { stopping, telemetry, quotas, histories }: SessionParts,
  held: HeldGeneration,
  execute: (signal: AbortSignal) => Promise<SegmentRun>,
): Promise<SegmentRun | undefined> {
  const origin = eventOriginOf(originIn(held), held.content.facts.tenant);
  const refusal = await quotas?.begin('run', origin);
  if (refusal !== undefined)
    throw new NexusError('RESOURCE_LIMIT', refusal.message, { context: refusal.context ?? {} });
  const within = eitherSignal(stopping, held.lost);
  const startedAt = performance.now();
  try {
    const executed = await execute(within.signal);
    telemetry.execution(executed.result, executed.began, origin);
    const isFirst = held.content.kind === 'begin';
    if (executed.began) telemetry.usage(executed.result, executed.amounts, isFirst, origin, quotas?.usageOf(origin));
    if (!within.signal.aborted) {
      const step = parseSuspensionId(held.id)?.generation ?? 1;
      histories?.segment(held.content.facts, step, executed, startedAt);
      return executed;
    }
    executed.waiting?.letGo();
    return undefined;
  } finally {
    within.release();
    quotas?.end(origin);
  }
}

/** What the application gives a run anew. */
export async function renewalOf(
  { options: { renew } }: SessionParts,
  { content }: HeldGeneration,
  run: SuspendedRun,
): Promise<Renewed | undefined> {
  if (renew === undefined) return undefined;
  const { runId, tenant, handlerName } = content.facts;
  const info = {
    ...{ runId, capabilities: run.capabilities },
    ...(tenant !== undefined && { tenant }),
    ...(handlerName !== undefined && { handlerName }),
  };
  return checkRenewed(await renew(info));
}

/** Whether answers are together too large for the handler. */
export function isTooLarge(error: unknown): boolean {
  return (
    error instanceof NexusError && error.code === 'INVALID_ARGUMENT' && error.context['limit'] === 'maxContextBytes'
  );
}
