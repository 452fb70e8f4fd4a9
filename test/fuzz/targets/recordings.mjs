// Edited files of recordings: decoded, and replayed as far as they decode.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createTestRuntime, record, replay } from 'nexus-runtime/testing';

import { mutateBytes } from '../lib/mutate.mjs';
import { withoutParts } from '../lib/shrink.mjs';

export const cases = 50_000;
export const short = 30;

const DIGEST_BYTES = 32;
/** A replay executes the handler in the calling thread, up to its own time limit. */
const REPLAY_MS = 500;
const HANDLERS = [
  ['return $args.a + 1', { args: { a: 1 } }],
  [
    '$state.n = new Map([[1, $state.n]]); throw new TypeError("t", { cause: $args })',
    { stateSnapshot: { n: [1, 'x'] }, capabilities: ['state:read:*', 'state:write:*'] },
  ],
  [
    'const a = await $ext.http.get("/a"); $emit("e", a); return { a, t: Date.now(), r: Math.random() }',
    { capabilities: ['ext:*', 'events:emit:*'] },
  ],
];
const recorded = await recordings();

async function recordings() {
  const directory = await mkdtemp(join(tmpdir(), 'nexus-fuzz-recordings-'));
  const runtime = await createTestRuntime({ timeoutMs: 100 });
  const recording = await record(runtime, { directory });
  for (const [source, context] of HANDLERS) {
    const result = await recording.executeHandler(source, context);
    if (result.status === 'suspended')
      await recording.resumeHandler(result.suspension.suspensionId, { success: true, value: { b: [1n] } });
  }
  await recording.shutdown?.();
  const names = (await readdir(directory)).sort();
  const files = await Promise.all(names.map((name) => readFile(join(directory, name))));
  await rm(directory, { recursive: true });
  return files;
}

export async function open() {
  return mkdtemp(join(tmpdir(), 'nexus-fuzz-recordings-'));
}

export async function close(directory) {
  await rm(directory, { recursive: true });
}

/** A case: the bytes of a file. Most have a valid digest, because anyone can compute it. */
export function generate(random) {
  const base = random.pick(recorded);
  const content = mutateBytes(random, base.subarray(0, -DIGEST_BYTES), recorded);
  return random.chance(0.95) ? withDigest(content) : mutateBytes(random, base);
}

function withDigest(content) {
  return Buffer.concat([content, createHash('sha256').update(content).digest()]);
}

export async function run(bytes, directory) {
  const file = join(directory, 'edited.nxrec');
  await writeFile(file, bytes);
  try {
    const replayed = await replay(file);
    return typeof replayed === 'object' ? undefined : { kind: 'result', message: `${replayed}` };
  } catch (error) {
    return error?.name === 'NexusError' ? undefined : { kind: 'threw', message: error?.stack ?? String(error) };
  }
}

export function* smaller(bytes) {
  for (const part of withoutParts(bytes.subarray(0, -DIGEST_BYTES))) yield withDigest(part);
}

export function describe(bytes) {
  return `${bytes.length} bytes: ${JSON.stringify(Buffer.from(bytes).toString('latin1')).slice(0, 800)}`;
}

export function maxHoldMs() {
  return REPLAY_MS;
}
