// The cost of a durable run: from start to end, one at a time and many at once, with the processor's time beside it; what a waiting run takes
// at rest; and what it takes to find what is due among very many.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createRuntime, later } from '../../build/index.js';
import { newRunId } from '../../build/support/run-ids.js';
import { FileStore } from '../../build/suspension/file-store/file-store.js';
import { MemoryStore } from '../../build/suspension/memory-store/memory-store.js';
import { ms } from '../harness/format.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printTable } from '../harness/table.mjs';

/** Begin, three calls in turn, two at once, a timer, the end. */
const STEPS = 7;
const CODE = `
  for (let i = 0; i < 3; i++) await $ext.s.get(i);
  await Promise.all([$ext.s.get('a'), $ext.s.get('b')]);
  await $sleep(1);
  $emit('done');
  return 1;`;
const CAPABILITIES = ['ext:s.get', 'events:emit:done', 'timer'];
const ALONE = isShort ? 5 : 60;
const TOGETHER = isShort ? 30 : 600;
const AT_ONCE = 32;
const WAITING = isShort ? { memory: 5_000, files: 300 } : { memory: 100_000, files: 20_000 };
const PUT_AT_ONCE = 64;
const DAY_MS = 24 * 60 * 60 * 1000;

async function runs(title, options) {
  const runtime = await createRuntime({ cacheDir: false, metrics: false, ...options });
  await runtime.work({ extensions: { s: { get: (value) => value } }, concurrency: AT_ONCE });
  const one = async () => {
    const run = await runtime.start(CODE, { capabilities: CAPABILITIES });
    const { status } = await run.result();
    if (status !== 'success') throw new Error(`A run ended with ${status}`);
  };
  await one();
  const times = [];
  for (let i = 0; i < ALONE; i++) {
    const begunAt = performance.now();
    await one();
    times.push(performance.now() - begunAt);
  }
  const cpuBefore = process.cpuUsage();
  const begunAt = performance.now();
  await Promise.all(Array.from({ length: TOGETHER }, one));
  const seconds = (performance.now() - begunAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  const steps = TOGETHER * STEPS;
  await runtime.shutdown();
  times.sort((a, b) => a - b);
  return [title, ms(times[times.length >> 1]), `${Math.round(steps / seconds)}/s`, ms((user + system) / 1000 / steps)];
}

async function atRest() {
  const suspensionStore = new MemoryStore();
  const runtime = await createRuntime({ cacheDir: false, metrics: false, suspensionStore });
  await runtime.work({ extensions: { s: { get: () => later } } });
  const run = await runtime.start(CODE, { capabilities: CAPABILITIES, args: { order: 7 } });
  const sizes = [];
  for (;;) {
    const { suspensions } = await suspensionStore.list({ limit: 10, states: ['suspended'] });
    const [found] = suspensions;
    if (found !== undefined) sizes.push(found.envelopeBytes);
    if (found !== undefined && (await run.describe()).calls.length === 1 && found.dueAtMs === undefined) break;
    if (sizes.length > 3 && (await run.describe()).calls.length === 1) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await runtime.shutdown();
  await suspensionStore.close();
  return sizes.at(-1);
}

async function timed(use) {
  const begunAt = performance.now();
  const result = await use();
  return { result, tookMs: performance.now() - begunAt };
}

/** Of those that wait, one in a thousand is due. */
async function waiting(title, open, count) {
  const store = open();
  const nowMs = Date.now();
  const envelope = Buffer.alloc(5 * 1024, 7);
  for (let from = 0; from < count; from += PUT_AT_ONCE) {
    const some = Array.from({ length: Math.min(PUT_AT_ONCE, count - from) }, (_, index) => ({
      id: `${newRunId()}.1`,
      envelope,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + 60 * DAY_MS,
      dueAtMs: (from + index) % 1_000 === 0 ? nowMs : nowMs + Math.ceil(Math.random() * 30 * DAY_MS),
      deployment: 'this',
      tenant: `tenant-${index % 10}`,
      info: { runId: 'x' },
    }));
    await Promise.all(some.map((one) => store.put(one)));
  }
  await store.close();
  // A new process finds them.
  const used = open();
  const due = await timed(() => used.due(nowMs + 1, { limit: 100, deployment: 'this' }));
  const again = await timed(() => used.due(nowMs + 1, { limit: 100, deployment: 'this' }));
  const listed = await timed(() => used.list({ limit: 1_000, states: ['suspended'], tenant: 'tenant-3' }));
  const swept = await timed(() => used.sweep(nowMs, { limit: 1_000 }));
  await used.close();
  return [title, count.toLocaleString('en'), ms(due.tookMs), ms(again.tookMs), ms(listed.tookMs), ms(swept.tookMs)];
}

/** A store in memory does not outlive its closing: it is asked by who filled it. */
async function waitingInMemory(count) {
  const store = new MemoryStore();
  const close = store.close.bind(store);
  store.close = async () => {};
  const row = await waiting('in memory, filled', () => store, count);
  await close();
  return row;
}

printMachine();
const scratch = mkdtempSync(join(tmpdir(), 'nexus-durable-'));
try {
  printTable(
    [`runs of ${STEPS} steps`, 'one, median', `steps, ${AT_ONCE} runs at once`, 'processor time a step'],
    [await runs('in memory', {}), await runs('in files', { suspensionDir: join(scratch, 'runs') })],
  );
  console.log(`\nat rest, waiting for an answer: ${((await atRest()) / 1024).toFixed(1)} KiB\n`);
  const files = join(scratch, 'waiting');
  printTable(
    ['runs that wait, 0.1 % due', 'runs', 'due, 100, first', 'again', 'list a page of 1,000, by tenant', 'sweep'],
    [
      await waitingInMemory(WAITING.memory),
      await waiting('in files, a new process', () => new FileStore(files), WAITING.files),
    ],
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
