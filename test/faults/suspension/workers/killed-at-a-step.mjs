// Performs every operation on suspensions, and is killed before, after or in the middle of one file operation.
import { namesOfSteps, watchFileSteps } from '../../lib/file-steps.mjs';
import { sayReady, startArguments } from '../../lib/serve.mjs';

const [{ directory, journals, name, killAt, when }] = startArguments();
const die = (_operation, step) => {
  if (step === killAt) process.kill(process.pid, 'SIGKILL');
};
const isNow = (_operation, step) => step === killAt;
watchFileSteps({ before: { before: die }, after: { after: die }, during: { during: isNow } }[when] ?? {});

const { openStore } = await import('../../lib/suspensions.mjs');
const { Journal } = await import('../../lib/ledger.mjs');
const { JournaledStore } = await import('../../lib/journaled-store.mjs');
const { nextIdOf } = await import('../../lib/suspensions.mjs');

const LEASE_MS = 100;
const KEEP_MS = 1_000;
const files = openStore(directory);
const store = new JournaledStore(files, new Journal(journals, name));

const id = await store.put();
const fence = await store.claim(id, name, 1_000, LEASE_MS);
await store.renew(id, fence, 1_200);
await store.settle(id, fence, 'continued', 1_000, KEEP_MS);
const next = nextIdOf(id);
const released = await store.claim(next, name, 1_000, LEASE_MS);
await store.release(next, released);
await store.settle(next, await store.claim(next, name, 1_000, LEASE_MS), 'completed', 1_000, KEEP_MS);
await store.settle(await store.put(), undefined, 'cancelled', 1_000, KEEP_MS);
await store.put({ expiresAtMs: 1_500 });
await store.list({ limit: 10 });
await store.sweep(1_600);
await store.sweep(2_000);
process.send({ id: 'steps', result: namesOfSteps() });
sayReady();
process.on('disconnect', () => process.exit());
