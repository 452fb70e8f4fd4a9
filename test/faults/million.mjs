// Many runs that wait: `node --expose-gc test/faults/million.mjs [--files N] [--memory N] [--put N] [--seconds N]`. Stores them directly, and prints time
// and memory of listing by a filter, sweeping, what is due, and the first use after a restart. In files, only the first `--put` are stored by the
// store; the others are written in its format at once, without waiting for the disk: what is timed is the use of a full store.
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { FileStore } from '#build/suspension/file-store/file-store.js';
import { encodeRecord } from '#build/suspension/file-store/record.js';
import { pathOf } from '#build/suspension/file-store/record-paths.js';
import { MemoryStore } from '#build/suspension/memory-store/memory-store.js';
import { factsOf } from '#build/suspension/views.js';

const number = (value) => ({ type: 'string', default: value });
const { values } = parseArgs({
  options: { files: number('1000000'), memory: number('100000'), put: number('10000'), seconds: number('3000') },
});
const ENVELOPE_BYTES = 1_000;
const AT_ONCE = 64;
/** As the store has them. */
const FORMAT = 'v2';
const BUCKET_MS = 10 * 60 * 1000;
const MAX_FILE_TIME_MS = (2 ** 31 - 1) * 1000;
const PAGE = 1_000;
const NOW = 1_000_000;
const LATER = 1e12;
const DUE_EVERY = 1_000;
const EXPIRED_EVERY = 500;
const TENANT_EVERY = 100;

const mebibytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;

function suspensionOf(index) {
  return {
    id: `${randomBytes(16).toString('base64url')}.1`,
    envelope: Buffer.alloc(ENVELOPE_BYTES, index),
    createdAtMs: 1,
    expiresAtMs: index % EXPIRED_EVERY === 1 ? NOW + 1 : LATER,
    dueAtMs: index % DUE_EVERY === 0 ? NOW : LATER,
    tenant: index % TENANT_EVERY === 0 ? 'rare' : 'many',
    deployment: 'one',
    info: { runId: `run-${index}` },
  };
}

/** Time, the longest that the thread was held, and the most memory, of one task. */
async function measured(title, task) {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  let most = before;
  let heldMs = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    heldMs = Math.max(heldMs, now - last - 10);
    last = now;
    most = Math.max(most, process.memoryUsage().rss);
  };
  const timer = setInterval(look, 10);
  const startedAt = performance.now();
  const figure = await task();
  const ms = performance.now() - startedAt;
  // A task that never let it fire held the thread until now.
  look();
  clearInterval(timer);
  const memory = `${mebibytes(before)} + ${mebibytes(most - before)}`;
  console.log(
    `  ${title.padEnd(30)} ${ms.toFixed(0).padStart(8)} ms, held ${heldMs.toFixed(0)} ms, ${memory}  ${figure}`,
  );
}

/** Writes what the store would write for a suspension that is due at some time. */
async function writeDirectly(root, key, suspension) {
  const { id, envelope, dueAtMs, expiresAtMs, deployment } = suspension;
  const path = pathOf(root, id, 0);
  const parts = await encodeRecord({ beginning: { facts: factsOf(suspension), envelope } }, key);
  writeFileSync(path, Buffer.concat(parts), { mode: 0o600 });
  utimesSync(path, new Date(), new Date(Math.min(expiresAtMs, MAX_FILE_TIME_MS)));
  const bucket = join(root, 'due', String(Math.floor(dueAtMs / BUCKET_MS)));
  const hint = join(bucket, `${dueAtMs}~${id}~${randomBytes(4).toString('hex')}~${deployment}`);
  closeSync(openSync(hint, 'wx', 0o600));
}

/** @returns how many it stored, which is fewer than `count` if there was no time; they are numbered from `first` */
async function fill(put, count, untilMs, first = 0) {
  let stored = 0;
  let nextReport = 1_000;
  const startedAt = performance.now();
  const one = async () => {
    while (stored < count && performance.now() < untilMs) {
      await put(suspensionOf(first + stored++));
      if (stored === nextReport) {
        const perSecond = (1_000 * stored) / (performance.now() - startedAt);
        console.log(`  ${stored} stored, ${perSecond.toFixed(0)} a second, ${mebibytes(process.memoryUsage().rss)}`);
        nextReport *= 10;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return stored;
}

async function use(store) {
  await measured(
    'due, the first 100',
    async () => `${(await store.due(NOW, { limit: 100, deployment: 'one' })).length}`,
  );
  await measured('due again', async () => `${(await store.due(NOW, { limit: 100, deployment: 'one' })).length}`);
  await measured('list a tenant, one page', async () => {
    const { suspensions } = await store.list({ tenant: 'rare', limit: PAGE });
    return `${suspensions.length} of a page of ${PAGE}`;
  });
  await measured('list a tenant, all pages', async () => {
    let found = 0;
    let pages = 0;
    for (let after; ; pages++) {
      const page = await store.list({ tenant: 'rare', limit: 10_000, ...(after && { after }) });
      found += page.suspensions.length;
      after = page.next;
      await nextTurn();
      if (after === undefined) return `${found} in ${pages + 1} pages`;
    }
  });
  await measured('sweep in parts of 1,000', async () => {
    let expired = 0;
    for (let after; ; ) {
      const swept = await store.sweep(NOW + 2, { limit: 1_000, ...(after !== undefined && { after }) });
      expired += swept.expired.length;
      after = swept.next;
      await nextTurn();
      if (after === undefined) return `${expired} expired`;
    }
  });
}

const untilMs = performance.now() + 1_000 * Number(values.seconds);
if (Number(values.memory) > 0) {
  const memory = new MemoryStore();
  console.log(`memory store: ${await fill((one) => memory.put(one), Number(values.memory), untilMs)} runs wait`);
  await use(memory);
  await memory.close();
}
const directory = mkdtempSync(join(tmpdir(), 'nexus-million-'));
try {
  if (Number(values.files) > 0) {
    const files = new FileStore(directory);
    const count = Number(values.files);
    const put = await fill((one) => files.put(one), Math.min(count, Number(values.put)), untilMs);
    const root = join(directory, FORMAT);
    const key = readFileSync(join(root, 'key'));
    const written = await fill((one) => writeDirectly(root, key, one), count - put, untilMs, put);
    console.log(`file store: ${put + written} runs wait`);
    await files.close();
    const again = new FileStore(directory);
    await measured('start after a restart', async () => {
      const suspension = suspensionOf(2);
      await again.put(suspension);
      const { kind } = await again.claim(suspension.id, { owner: 'one', leaseUntilMs: NOW + 1 }, NOW);
      return kind;
    });
    await use(again);
    await again.close();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
console.log(`at most ${mebibytes(1_024 * process.resourceUsage().maxRSS)} of memory`);
