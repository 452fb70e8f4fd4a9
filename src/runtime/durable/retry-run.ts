import { NexusError } from '../../errors/nexus-error.js';
import { performance } from '../../support/timers.js';
import type { DurableContent } from '../../suspension/durable/durable-envelope.js';
import type { DurableStore, HeldGeneration } from '../../suspension/durable/durable-store.js';
import { PollPauses, sleep } from '../../suspension/store-calls.js';
import { noRun } from './run-ids.js';

/** Who has claimed a run that failed tells its end. */
const PATIENCE_MS = 30_000;

/**
 * Lets a run that failed go on from the generation before.
 *
 * @param onAccepted called with the tenant of the run, if it goes on
 * @throws NexusError SUSPENSION_NOT_FOUND, TIMEOUT
 */
export async function retryRun(
  store: DurableStore,
  runId: string,
  onAccepted: (tenant: string | undefined) => void,
): Promise<'accepted' | 'waiting' | 'ended'> {
  const until = performance.now() + PATIENCE_MS;
  const pauses = new PollPauses();
  for (;;) {
    const found = await store.current(runId);
    if (found === undefined || found.info['runId'] !== runId) throw noRun(runId);
    const content = await store.open(found);
    if (content === undefined) return 'ended';
    if (content.kind !== 'end') return 'waiting';
    if (content.again === undefined) return 'ended';
    // Only when its end was told: then nobody has it.
    const held = found.dueAtMs === content.arrivalMs ? undefined : await store.claim(found.id);
    if (held?.isArrival === true) await held.release();
    else if (held !== undefined && (await goOn(store, held, found.deployment ?? ''))) {
      onAccepted(held.content.facts.tenant);
      return 'accepted';
    }
    if (performance.now() > until) {
      const message = `The run ${runId} has failed, and its end is still being told. Try it again later.`;
      throw new NexusError('TIMEOUT', message, { context: { runId } });
    }
    await sleep(pauses.next());
  }
}

/** @returns false if the claim was lost */
async function goOn(store: DurableStore, held: HeldGeneration, deployment: string): Promise<boolean> {
  const { again, inner, innerId, later, carried, notes, retries = 0 } = held.content;
  if (again === undefined) return false;
  const { kind, document } = again;
  const content: Omit<DurableContent, 'facts' | 'arrivalMs'> = {
    ...{ kind, document, retries: retries + 1 },
    ...(inner && { inner }),
    ...(innerId !== undefined && { innerId }),
    ...(later && { later }),
    ...(carried && { carried }),
    ...(notes !== undefined && { notes }),
  };
  const next = await store
    .lastTimerMs(held)
    .then((untilMs) => store.advance(held, content, [], deployment, { untilMs }))
    .catch(async (error: unknown) => {
      await held.release();
      throw error;
    });
  if (typeof next !== 'object') return next !== undefined;
  await held.release();
  throw new NexusError('RESOURCE_LIMIT', next.error.message, { context: next.error.context ?? {} });
}
