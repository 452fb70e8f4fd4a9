// What does it cost to suspend a handler as data and to go on with it: each part, by size of the guest's heap, and for very many.
// `--short` takes a tenth of the time and of the handlers.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { resolveRuntimeConfig } from '../build/config/resolve.js';
import { wrapHandler } from '../build/contract/wrapper.js';
import { buildBaseImage, createExecutionVm } from '../build/engine/base-image.js';
import { forgetUnused } from '../build/engine/free-memory.js';
import { captureDelta, FINE, restoreImage } from '../build/engine/image.js';
import { encodeAnswers } from '../build/pool/answers.js';
import { prepareRequest } from '../build/pool/build-request.js';
import { readOutcome } from '../build/pool/outcome.js';
import { packSnapshot, unpackSnapshot } from '../build/pool/snapshot.js';
import { addUsage, NO_USAGE } from '../build/pool/usage.js';
import { compress, decompress } from '../build/suspension/compression.js';
import { envelopeKeys } from '../build/suspension/envelope-keys.js';
import { FileStore } from '../build/suspension/file-store.js';
import { formatSuspensionId, newRunId } from '../build/suspension/ids.js';
import { MemoryStore } from '../build/suspension/memory-store.js';
import { openRun, sealRun } from '../build/suspension/suspended-run.js';
import { measure, printMachine, printTable, us } from './harness.mjs';
import { referenceExecutor } from './reference-executor.mjs';

const isShort = process.argv.includes('--short');
const MIB = 1024 * 1024;
const TTL_MS = 7 * 24 * 60 * 60 * 1000;
const LEASE_MS = 30_000;

// One call that waits for the application, as of HTTP.
const REFERENCE = `
const user = await $ext.http.get('/users/' + $args.id);
$state.name = user.name;
return user.name;
`;
/** Keeps records until its heap has grown by \`$args.bytes\`: some 140 bytes each, strings of their own in them. */
const GROWN = `
const kept = [];
for (let i = 0; i < $args.bytes / 140; i++) kept.push({ id: i, name: 'customer ' + i * 7919, total: i * 12.5 });
const user = await $ext.http.get('/users/' + kept.length);
return user.name;
`;
const ANSWER = { name: 'Ada' };
const CONTEXT = {
  stateSnapshot: { count: 5, user: { name: 'Ada', roles: ['admin', 'author'] } },
  args: { id: 7 },
  scope: {},
  capabilities: ['state:read:*', 'state:write:*', 'ext:http.get'],
};

const config = resolveRuntimeConfig({});
const vmLimits = { memoryLimitBytes: 256 * MIB, stackSizeBytes: 512 * 1024 };
const { engine, prelude, executor } = await referenceExecutor(vmLimits);
/** A VM of our own, to take the parts of an execution one by one. */
const vm = await createExecutionVm(engine, vmLimits, 64 * MIB);
const { image } = await buildBaseImage(vm, prelude, [], () => Promise.reject(new Error('there are no libraries')));

/** A handler, what it takes to suspend it, and what it is then. */
async function prepare(source, args) {
  const { bytecode } = await executor.compileScript(wrapHandler(source), 'handler.js');
  const handler = { key: source, filename: 'handler.js', source, bytecode };
  const { request, grants } = prepareRequest({ ...CONTEXT, args }, { timeoutMs: 60_000 }, config);
  const limits = { ...request.limits, memoryLimitBytes: vmLimits.memoryLimitBytes };
  const execute = () => executor.execute({ key: source, ...request, limits }, bytecode);

  const executed = await execute();
  const outcome = readOutcome(executed, handler, { grants, limits });
  if (outcome.status !== 'suspended') throw new Error(`expected a suspended handler: ${JSON.stringify(outcome)}`);
  const { snapshot, imageHash, features, memoryUsedBytes } = executed;
  const { capabilities } = CONTEXT;
  const origin = { handlerName: 'reference' };
  const usage = addUsage(NO_USAGE, outcome);
  const calls = outcome.calls.map(({ callId, extensionName, method }) => ({ callId, extensionName, method }));
  const described = { key: source, filename: handler.filename, source };
  const common = { imageHash, features, snapshot, limits };
  const run = { engine: engine.fingerprint, ...common, handler: described, capabilities, usage, calls, origin };
  const answers = encodeAnswers([{ callId: calls[0].callId, success: true, value: ANSWER }], usage, limits);
  const resumption = { key: source, ...common, answers };
  const resume = () => executor.resume(resumption);
  const resumed = readOutcome(await resume(), handler, { grants, limits });
  if (resumed.returnValue !== ANSWER.name) throw new Error(`expected ${ANSWER.name}: ${JSON.stringify(resumed)}`);
  return { execute, resume, run, resumption, memoryUsedBytes };
}

async function parts(scratch) {
  const { execute, resume, run, resumption } = await prepare(REFERENCE, { id: 7 });
  const delta = unpackSnapshot(resumption, run.imageHash);
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
    ['open and inflate', () => openRun(id, envelope, keys, engine.fingerprint), 'counts'],
    ['  decode', () => unpackSnapshot(resumption, run.imageHash)],
    ['  restore', () => restoreImage(vm, image, delta, true)],
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
  for (const megabytes of [0.1, 1, 5, 20]) {
    const { execute, resume, run, resumption, memoryUsedBytes } = await prepare(GROWN, { bytes: megabytes * 1e6 });
    const delta = unpackSnapshot(resumption, run.imageHash);
    restoreImage(vm, image, delta);
    const compressed = await compress(run.snapshot);
    const times = [
      execute,
      () => captureDelta(vm, image, FINE),
      () => compress(packSnapshot(delta)),
      async () => unpackSnapshot({ ...resumption, snapshot: await decompress(compressed) }, run.imageHash),
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
  for (let i = 0; i < (isShort ? 3 : 11); i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1];
}

/** Each in a process of its own: RSS tells of nothing else, and a restart is one. */
function many(scratch) {
  const program = fileURLToPath(new URL('suspend-program.mjs', import.meta.url));
  const start = (...args) =>
    JSON.parse(execFileSync(process.execPath, [program, ...args.map(String)], { encoding: 'utf8' }));
  const directory = join(scratch, 'many');
  const rate = (count, millis) => `${Math.round(count / (millis / 1000)).toLocaleString('en')}/s`;

  const inMemory = start('suspend', isShort ? 10_000 : 100_000);
  const onDisk = start('suspend', isShort ? 1_000 : 10_000, directory);
  const resumed = start('resume', directory);
  if (resumed.count !== onDisk.count) throw new Error(`${onDisk.count} were suspended, ${resumed.count} resumed`);
  const row = (title, { count, elapsedMs, rssBytes }) => [
    title,
    count.toLocaleString('en'),
    rate(count, elapsedMs),
    `${Math.round(rssBytes / MIB)} MiB`,
  ];
  printTable(
    ['whole runtime, 2 workers', 'handlers', 'rate', 'RSS'],
    [
      row('suspended, kept in memory', inMemory),
      row('suspended, kept in files', onDisk),
      row('resumed from the files by another process', resumed),
    ],
  );
  const perHandler = (inMemory.rssBytes - inMemory.idleRssBytes) / inMemory.count;
  console.log(`\nin memory: ${(perHandler / 1024).toFixed(1)} KiB per handler (aim for 100,000: 2048 MiB)`);
}

const ms = (value) => `${value.toFixed(2)} ms`;

const scratch = mkdtempSync(join(tmpdir(), 'nexus-suspend-'));
printMachine();
try {
  await parts(scratch);
  await growth();
  many(scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
