import type { SuspensionSummary } from '../../api/suspension-store.js';
import { invalidArgument } from '../../config/check.js';
import { idAfter, parseSuspensionId, runIdOf } from '../../support/run-ids.js';
import { type DurableStore, type HeldGeneration, storedRunId } from '../../suspension/durable/durable-store.js';
import { isSealedNewly, resealEnvelope } from '../../suspension/sealed/envelope.js';
import { storedTenant } from '../../suspension/sealed/run-envelope.js';
import { isRunId, requireRunId } from './run-ids.js';
import type { ErasedRuns } from './run-types.js';
import { readInbox } from './session/run-inbox.js';

const AT_ONCE = 1_000;
/** Runs of a tenant may begin while they are erased. */
const MAX_PASSES = 10;

/** @returns how many runs were erased */
export async function eraseRuns(store: DurableStore, which: ErasedRuns): Promise<number> {
  const fields = typeof which === 'object' && which !== null ? Object.keys(which) : [];
  if (fields.length !== 1) throw invalidArgument('which', which, '{ tenant }, { runId } or { suspensionId }');
  if ('runId' in which) {
    requireRunId(which.runId);
    return eraseOne(store, storedRunId(which.runId));
  }
  if ('suspensionId' in which) {
    const runId = parseSuspensionId(String(which.suspensionId))?.runId;
    if (runId === undefined) throw invalidArgument('suspensionId', which.suspensionId, 'an id of listRuns');
    return eraseOne(store, runId);
  }
  const { tenant } = which;
  if (typeof tenant !== 'string' || tenant === '') throw invalidArgument('tenant', tenant, 'the name of a tenant');
  const erased = new Set<string>();
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const before = erased.size;
    await eraseOfTenant(store, storedTenant(tenant) as string, erased);
    if (erased.size === before) break;
  }
  return erased.size;
}

async function eraseOne(store: DurableStore, runId: string): Promise<number> {
  const id = await store.idOfCurrent(runId);
  await store.erase([runId], id === undefined || id === 'damaged' ? [] : [id]);
  return id === undefined ? 0 : 1;
}

async function eraseOfTenant(store: DurableStore, tenant: string, erased: Set<string>): Promise<void> {
  let after: string | undefined;
  do {
    const from = after === undefined ? {} : { after };
    const page = await store.list({ tenant, ...from, limit: AT_ONCE });
    const ids = page.suspensions.map(({ id }) => id);
    const runIds = new Set(ids.map((id) => runIdOf(id)));
    await store.erase([...runIds], ids);
    for (const runId of runIds) erased.add(runId);
    after = page.next;
  } while (after !== undefined);
}

/**
 * Seals what waits with the first of the secrets.
 *
 * @returns how many are sealed anew, and how many are still sealed with another one
 */
export async function resealRuns(store: DurableStore): Promise<{ readonly resealed: number; readonly left: number }> {
  let resealed = 0;
  let left = 0;
  let after: string | undefined;
  do {
    const from = after === undefined ? {} : { after };
    const page = await store.list({ states: ['suspended', 'resuming'], ...from, limit: AT_ONCE });
    for (const summary of page.suspensions) {
      const done = await resealOne(store, summary);
      if (done === 'resealed') resealed++;
      else if (done === 'left') left++;
    }
    left += page.unreadable.length;
    after = page.next;
  } while (after !== undefined);
  return { resealed, left };
}

async function resealOne(
  store: DurableStore,
  summary: SuspensionSummary,
): Promise<'resealed' | 'current' | 'left' | 'gone'> {
  const { id, info, deployment = '', expiresAtMs } = summary;
  const keys = await store.keys();
  const found = await store.read(id).catch(() => undefined);
  if (found?.envelope === undefined) return found === undefined ? 'left' : 'gone';
  const isNew = isSealedNewly(found.envelope, keys);
  // Those of executeHandler are known by the ids that their callers have: these end with their TTL.
  if (!isRunId(info['runId'])) return isNew ? 'current' : 'left';
  let held: HeldGeneration | undefined;
  try {
    const content = await store.open(found);
    if (content === undefined) return 'gone';
    const messages = await store.messagesOf(id);
    const parts = [...(content.inner ? [content.inner] : []), ...messages.map((message) => message.content)];
    if (isNew && parts.every((part) => isSealedNewly(part, keys))) return 'current';
    held = await store.claim(id);
    if (held === undefined) return 'left';
    const { kind, inner, innerId = id, ...rest } = held.content;
    // Its effects are not told yet. The worker that tells them records the next step, and seals that with the first secret.
    if (held.isArrival && kind !== 'begin') {
      await held.release();
      return 'left';
    }
    const inbox = await readInbox(store, held, held.messages);
    const newId = idAfter(id) as string;
    const next = await store.advance(
      held,
      {
        ...rest,
        kind,
        ...(inner && { inner: await resealEnvelope(innerId, newId, inner, keys), innerId: newId }),
        carried: inbox.messages,
      },
      [...inbox.inMailbox],
      deployment,
      {
        // A message that nobody has looked at makes it due.
        dueAtMs: held.messages.length > 0 ? store.clock.now() : (held.dueAtMs ?? 'never'),
        keptMs: Math.max(1, expiresAtMs - store.clock.now()),
      },
    );
    if (typeof next === 'string') return 'resealed';
    if (next !== undefined) await held.release();
    return 'left';
  } catch {
    // A damaged one is named by listRuns. Its lease would be renewed as long as this process lives.
    await held?.release();
    return 'left';
  }
}
