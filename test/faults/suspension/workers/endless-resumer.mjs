// Suspends, claims, settles and sweeps until it is killed, several at the same time as other processes do.
import { randomInt } from 'node:crypto';

import { JournaledStore } from '../../lib/journaled-store.mjs';
import { Journal } from '../../lib/ledger.mjs';
import { sayReady, startArguments } from '../../lib/serve.mjs';
import { openStore } from '../../lib/suspensions.mjs';

const [{ directory, journals, name, nowMs, keepMs, open, lanes }] = startArguments();
process.on('disconnect', () => process.exit());

/** Leases lapse under their owners: clocks differ by up to twice as much. */
const LEASE_MS = 1_000;
const CLOCKS_DIFFER_MS = 2_000;
const MOST_GENERATIONS = 4;
const store = new JournaledStore(openStore(directory), new Journal(journals, name));
const now = () => nowMs + randomInt(CLOCKS_DIFFER_MS);
const chance = (share) => Math.random() < share;

async function work() {
  for (;;) {
    const { suspensions } = await store.list({ limit: 1_000 });
    const waiting = suspensions.filter(({ state }) => state === 'suspended' || state === 'resuming');
    if (waiting.length < open) await store.put();
    if (chance(0.05)) await store.sweep(now());
    if (waiting.length > 0) await resume(waiting[randomInt(waiting.length)].id);
  }
}

async function resume(id) {
  if (chance(0.05)) {
    await store.settle(id, undefined, 'cancelled', now(), keepMs);
    return;
  }
  const fence = await store.claim(id, name, now(), LEASE_MS);
  if (fence === undefined) return;
  if (chance(0.2)) await store.renew(id, fence, now() + LEASE_MS);
  if (chance(0.1)) {
    await store.release(id, fence);
    return;
  }
  const mayContinue = Number(id.split('.')[1]) < MOST_GENERATIONS;
  await store.settle(id, fence, mayContinue && chance(0.6) ? 'continued' : 'completed', now(), keepMs);
}

await store.list({ limit: 1 });
sayReady();
await Promise.all(Array.from({ length: lanes }, work));
