// The cost of keeping suspended handlers: putting, claiming and settling one in each store; the memory of
// 100,000; and the time that a starting process takes to find and claim 10,000 in files.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newRunId } from '../../build/support/run-ids.js';
import { FileStore } from '../../build/suspension/file-store/file-store.js';
import { MemoryStore } from '../../build/suspension/memory-store/memory-store.js';
import { openEnvelope, sealEnvelope } from '../../build/suspension/sealed/envelope.js';
import { envelopeKeys } from '../../build/suspension/sealed/envelope-keys.js';

import { measure } from '../harness/batches.mjs';
import { us } from '../harness/format.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printTable } from '../harness/table.mjs';

/** The size of a handler that was suspended in the middle of a loop, compressed. */
const ENVELOPE_BYTES = 9 * 1024;
const SAMPLES = isShort ? 20 : 300;
const [NOW_MS, LATER_MS] = [1_000, 1e12];
const LEASE = { owner: 'the bench', leaseUntilMs: NOW_MS + 30_000 };
const KEPT_IN_MEMORY = isShort ? 5_000 : 100_000;
const KEPT_IN_MEMORY_BYTES = 16 * 1024;
const KEPT_IN_FILES = isShort ? 300 : 10_000;
const PAGE = 1_000;
const AT_ONCE = 64;
const TMPFS_MAGIC = 0x01021994;

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
const newId = () => `${newRunId()}.1`;
const info = { handlerName: 'approve-order', calls: [{ callId: 'c1', extensionName: 'approvals', method: 'ask' }] };
const suspensionOf = (id, bytes = ENVELOPE_BYTES) => ({
  id,
  envelope: randomBytes(bytes),
  createdAtMs: NOW_MS,
  expiresAtMs: LATER_MS,
  info,
});
const outcomeOf = (state) => ({
  state,
  content: randomBytes(500),
  settledAtMs: NOW_MS,
  keepUntilMs: LATER_MS,
});

async function timed(run) {
  const start = performance.now();
  const result = await run();
  return { result, tookUs: (performance.now() - start) * 1000 };
}

async function operations(store) {
  const times = { put: [], claim: [], renew: [], continued: [], completed: [], again: [] };
  const note = async (name, run) => {
    const { result, tookUs } = await timed(run);
    times[name].push(tookUs);
    return result;
  };
  for (let i = 0; i < SAMPLES; i++) {
    const suspension = suspensionOf(newId());
    const next = suspensionOf(suspension.id.replace(/1$/, '2'));
    await note('put', () => store.put(suspension));
    const { fence } = await note('claim', () => store.claim(suspension.id, LEASE, NOW_MS));
    await note('renew', () => store.renew(suspension.id, fence, NOW_MS + 60_000));
    await note('continued', () => store.settle(suspension.id, fence, outcomeOf('continued'), next));
    const second = await store.claim(next.id, LEASE, NOW_MS);
    await note('completed', () => store.settle(next.id, second.fence, outcomeOf('completed')));
    await note('again', () => store.claim(next.id, LEASE, NOW_MS));
  }
  return Object.values(times).map((each) => us(median(each)));
}

async function stores(directories) {
  const rows = [];
  for (const [name, store] of [
    ['memory', new MemoryStore()],
    ...directories.map(([medium, directory]) => [`files, ${medium}`, new FileStore(join(directory, 'operations'))]),
  ]) {
    rows.push([name, ...(await operations(store))]);
    await store.close();
  }
  printTable(['', 'put', 'claim', 'renew', 'settle, with next', 'settle, last', 'claim of a settled one'], rows);
}

async function envelopes() {
  const id = newId();
  const payload = randomBytes(ENVELOPE_BYTES);
  const header = { engine: 'e', capabilities: ['state:read:*', 'ext:approvals.ask'], ...info };
  const rows = [];
  for (const [name, secrets] of [
    ['HMAC-SHA256, with the store’s key', []],
    ['AES-256-GCM, with a secret', [randomBytes(32)]],
  ]) {
    const keys = await envelopeKeys(secrets, async () => randomBytes(32));
    const sealed = await sealEnvelope(id, header, payload, keys);
    const seal = await measure(() => sealEnvelope(id, header, payload, keys));
    const open = await measure(() => openEnvelope(id, sealed, keys));
    rows.push([name, us(seal.medianUs), us(open.medianUs)]);
  }
  printTable(['an envelope of 9 KiB', 'seal', 'open'], rows);
}

async function memory() {
  const store = new MemoryStore();
  for (let i = 0; i < KEPT_IN_MEMORY; i++) await store.put(suspensionOf(newId(), KEPT_IN_MEMORY_BYTES));
  const mib = process.memoryUsage.rss() / 2 ** 20;
  const data = (KEPT_IN_MEMORY * KEPT_IN_MEMORY_BYTES) / 2 ** 20;
  const listed = await timed(() => store.list({ limit: PAGE }));
  const swept = await timed(() => store.sweep(NOW_MS));
  console.log(
    `${KEPT_IN_MEMORY.toLocaleString('en')} of 16 KiB in memory: ${mib.toFixed(0)} MiB RSS, ${data.toFixed(0)} of them envelopes; ` +
      `first page of ${PAGE} ${us(listed.tookUs)}, sweep with nothing to do ${us(swept.tookUs)}`,
  );
  await store.close();
}

/** Runs a function for each item, many at the same time. */
async function forEach(items, run) {
  const rest = items.values();
  const next = async () => {
    for (const item of rest) await run(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
}

async function restart(medium, directory) {
  const path = join(directory, 'restart');
  const first = new FileStore(path);
  const ids = Array.from({ length: KEPT_IN_FILES }, newId);
  const put = await timed(() => forEach(ids, (id) => first.put(suspensionOf(id))));
  await first.close();

  const second = new FileStore(path);
  const swept = await timed(() => second.sweep(NOW_MS));
  const listed = await timed(async () => {
    const found = [];
    for (let after; ; ) {
      const page = await second.list({ limit: PAGE, ...(after && { after }) });
      found.push(...page.suspensions);
      after = page.next;
      if (after === undefined) return found;
    }
  });
  const claimed = await timed(async () => {
    let count = 0;
    await forEach(listed.result, async ({ id }) => {
      if ((await second.claim(id, LEASE, NOW_MS)).kind === 'claimed') count++;
    });
    return count;
  });
  await second.close();
  const ms = ({ tookUs }) => `${(tookUs / 1000).toFixed(0)} ms`;
  const all = listed.result.length === KEPT_IN_FILES && claimed.result === KEPT_IN_FILES;
  return [`files, ${medium}`, ms(put), ms(swept), ms(listed), ms(claimed), all ? 'all' : 'NOT ALL'];
}

function isTmpfs(path) {
  try {
    return statfsSync(path).type === TMPFS_MAGIC;
  } catch {
    return false;
  }
}

printMachine();
const directories = [['on disk', mkdtempSync(join(tmpdir(), 'nexus-bench-suspension-'))]];
if (isTmpfs('/dev/shm')) directories.push(['on a tmpfs', mkdtempSync('/dev/shm/nexus-bench-suspension-')]);
try {
  await stores(directories);
  console.log();
  await envelopes();
  console.log();
  const rows = [];
  for (const [medium, directory] of directories) rows.push(await restart(medium, directory));
  printTable(
    [
      `${KEPT_IN_FILES.toLocaleString('en')} of 9 KiB`,
      'put, 64 at once',
      'restart: sweep',
      'list',
      'claim, 64 at once',
      'found',
    ],
    rows,
  );
  console.log();
  await memory();
} finally {
  for (const [, directory] of directories) rmSync(directory, { recursive: true, force: true });
}
