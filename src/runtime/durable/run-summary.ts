import type { FoundSuspension } from '../../api/suspension-store.js';
import { storedRunId } from '../../suspension/durable/durable-store.js';
import type { RunSummary } from './run-types.js';

/** One line of a listing; undefined for what is no run, or not its last step. */
export function summaryOf(
  found: Pick<FoundSuspension, 'id' | 'state' | 'info' | 'tenant' | 'deployment' | 'expiresAtMs'>,
): (RunSummary & { readonly state: 'waiting' | 'ended' }) | undefined {
  const { id, state, info, tenant, deployment, expiresAtMs } = found;
  const { runId, handlerName, hasFailed } = info;
  // Suspensions of executeHandler have none. An edited one is another's: it names a run that is elsewhere.
  if (typeof runId !== 'string' || !id.startsWith(`${storedRunId(runId)}.`) || state === 'continued') return undefined;
  // One that failed is kept as it was, to be tried again.
  const isWaiting = (state === 'suspended' || state === 'resuming') && hasFailed !== true;
  const outcome = hasFailed === true ? 'failed' : (state as Exclude<RunSummary['outcome'], undefined>);
  return {
    runId,
    state: isWaiting ? 'waiting' : 'ended',
    ...(!isWaiting && { outcome }),
    suspensionId: id,
    ...(deployment !== undefined && { deployment }),
    ...(tenant !== undefined && { tenant }),
    ...(typeof handlerName === 'string' && { handlerName }),
    expiresAt: new Date(expiresAtMs),
  };
}
