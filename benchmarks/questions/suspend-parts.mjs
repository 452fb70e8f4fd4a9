// The cost of suspending and resuming a handler as data: each part, and by size of the guest's heap.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetUnused } from '../../build/engine/free-memory.js';
import { captureDelta, FINE } from '../../build/engine/image/delta.js';
import { restoreImage } from '../../build/engine/image/restore.js';
import { ABI_VERSION } from '../../build/guest/abi.js';
import { compress, decompress } from '../../build/support/compression.js';
import { formatSuspensionId, newRunId } from '../../build/support/run-ids.js';
import { FileStore } from '../../build/suspension/file-store/file-store.js';
import { MemoryStore } from '../../build/suspension/memory-store/memory-store.js';
import { envelopeKeys } from '../../build/suspension/sealed/envelope-keys.js';
import { openRun, sealRun } from '../../build/suspension/sealed/run-envelope.js';
import { packSnapshot, unpackSnapshot } from '../../build/worker/snapshot.js';
import { measure } from '../harness/batches.mjs';
import { us } from '../harness/format.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printTable } from '../harness/table.mjs';
import { fingerprint, GROWN, image, prepare, REFERENCE, vm } from '../suspension/prepared.mjs';

const TTL_MS = 7 * 24 * 60 * 60 * 1000;
const LEASE_MS = 30_000;
const MEMORY_LIMIT_BYTES = 32 * 1024 * 1024;

async function parts(scratch) {
  const { execute, resume, run, resumption } = await prepare(REFERENCE, { id: 7 });
  const delta = unpackSnapshot(resumption, run.imageHash, vm.layout);
  const keys = await envelopeKeys([Buffer.alloc(32, 1)], () => Promise.reject(new Error('there is a secret')));
  const runId = newRunId();
  const id = formatSuspensionId({ runId, generation: 1 });
  const envelope = await sealRun(id, run, keys);
  restoreImage(vm, image, delta);

  const nowMs = Date.now();
  const suspension = () => ({
    id: formatSuspensionId({ runId: newRunId(), generation: 1 }),
    envelope,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + TTL_MS,
    info: run.origin,
  });
  const memory = new MemoryStore();
  const files = new FileStore(join(scratch, 'parts'));
  const load = (store) => async () => {
    const answer = await store.claim(id, { owner: 'bench', leaseUntilMs: nowMs + LEASE_MS }, nowMs);
    await store.release(id, answer.fence);
  };
  await memory.put({ ...suspension(), id });
  await files.put({ ...suspension(), id });

  const table = [
    ['execute to suspension, all of it', execute],
    ['  leave out what is free', () => forgetUnused(vm, image)],
    ['  capture the delta', () => captureDelta(vm, image, FINE), 'counts'],
    ['  encode', () => packSnapshot(delta), 'counts'],
    ['deflate and seal (AES-256-GCM)', () => sealRun(id, run, keys), 'counts'],
    ['store in memory', () => memory.put(suspension())],
    ['store in a file', () => files.put(suspension())],
    ['claim and give back, in memory', load(memory)],
    ['claim and give back, in a file', load(files)],
    [
      'open and inflate',
      () =>
        openRun(id, envelope, keys, { abi: ABI_VERSION, engine: fingerprint, memoryLimitBytes: MEMORY_LIMIT_BYTES }),
      'counts',
    ],
    ['  decode', () => unpackSnapshot(resumption, run.imageHash, vm.layout)],
    ['  restore', () => restoreImage(vm, image, delta)],
    ['resume to the end, all of it', resume, 'counts'],
  ];
  table[1].push('counts');
  const rows = [];
  const sums = { lowestUs: 0, medianUs: 0 };
  for (const [title, part, counts] of table) {
    const { lowestUs, medianUs } = await measure(part);
    if (counts) {
      sums.lowestUs += lowestUs;
      sums.medianUs += medianUs;
    }
    rows.push([title, us(lowestUs), us(medianUs), counts ? 'yes' : '']);
  }
  await memory.close();
  await files.close();
  rows.push(['capture and resume, all that counts (aim: 400 µs)', us(sums.lowestUs), us(sums.medianUs), '']);
  printTable(['one thread, one await', 'lowest', 'median', 'counts'], rows);
  console.log(
    `\nruns ${delta.addresses.length}, raw ${delta.bytes.length} B, snapshot ${run.snapshot.length} B, ` +
      `envelope ${envelope.length} B (aim: 16,384 B)\n`,
  );
}

async function growth() {
  const rows = [];
  for (const megabytes of isShort ? [0.1, 1] : [0.1, 1, 5, 20]) {
    const { execute, resume, run, resumption, memoryUsedBytes } = await prepare(GROWN, { bytes: megabytes * 1e6 });
    const delta = unpackSnapshot(resumption, run.imageHash, vm.layout);
    restoreImage(vm, image, delta);
    const compressed = await compress(run.snapshot);
    const times = [
      execute,
      () => captureDelta(vm, image, FINE),
      () => compress(packSnapshot(delta)),
      async () =>
        unpackSnapshot(
          { ...resumption, snapshot: await decompress(compressed, MEMORY_LIMIT_BYTES) },
          run.imageHash,
          vm.layout,
        ),
      resume,
    ];
    const medians = [];
    for (const time of times) medians.push(ms(await medianMs(time)));
    const size = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
    rows.push([size(memoryUsedBytes), ...medians, size(delta.bytes.length), size(compressed.length)]);
  }
  const header = ['heap', 'to suspension', 'capture', 'deflate', 'inflate', 'resume', 'delta', 'snapshot'];
  printTable(header, rows);
  console.log();
}

async function medianMs(run) {
  const times = [];
  for (let i = 0; i < (isShort ? 2 : 11); i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

const ms = (value) => `${value.toFixed(2)} ms`;

const scratch = mkdtempSync(join(tmpdir(), 'nexus-suspend-'));
printMachine();
try {
  await parts(scratch);
  await growth();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
