import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';

import type { StoredSuspension } from '#src/api/suspension-store.js';
import { createRuntime, type NexusRuntime, type RuntimeOptions } from '#src/index.js';
import { KNOWN_ABIS } from '#src/protocol/guest-abis.js';
import { sealImage } from '#src/suspension/images/image-envelope.js';
import { MemoryStore } from '#src/suspension/memory-store.js';
import { envelopeKeys } from '#src/suspension/sealed/envelope-keys.js';

const FOLDER = new URL('./older/', import.meta.url);
const FAR_MS = 1e15;

interface Stored extends Omit<StoredSuspension, 'envelope'> {
  readonly envelope: string;
}

/** What `scripts/older-fixture.mjs` wrote. */
interface Fixture {
  readonly abi: number;
  readonly engine: string;
  readonly deployment: string;
  readonly secret: string;
  readonly handlers: readonly {
    readonly name: string;
    readonly suspension: Stored;
    readonly answers: readonly { readonly callId: string; readonly success: boolean }[];
    readonly results: readonly { readonly status: string }[];
  }[];
  readonly runs: readonly { readonly runId: string; readonly generations: readonly Stored[] }[];
}

const read = (name: string) => readFileSync(new URL(name, FOLDER));
const older = KNOWN_ABIS.slice(1).map((abi) => JSON.parse(read(`abi-${abi}.json`).toString()) as Fixture);
const bytesOf = ({ envelope, ...rest }: Stored): StoredSuspension => ({
  ...rest,
  envelope: Buffer.from(envelope, 'base64'),
});
/** As the fixture has it. */
const shown = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? `bigint ${item}` : item)));

const opened: NexusRuntime[] = [];
const openOn = async (store: MemoryStore, { secret }: Fixture, options: RuntimeOptions = {}) => {
  const runtime = await createRuntime({
    suspensionStore: store,
    suspensionSecret: secret,
    minInstances: 1,
    maxInstances: 2,
    ...options,
  });
  opened.push(runtime);
  return runtime;
};
afterAll(() => Promise.all(opened.map((runtime) => runtime.shutdown())));

/** A store with what the older version left in it. */
async function storeOf({ abi, deployment, engine, secret, handlers, runs }: Fixture, { hasImage = true } = {}) {
  const store = new MemoryStore();
  for (const { suspension } of handlers) await store.put(bytesOf(suspension));
  for (const { generations } of runs) {
    const [first, ...rest] = generations.map(bytesOf);
    await store.put(first as StoredSuspension);
    let id = first?.id as string;
    for (const next of rest) {
      const claim = await store.claim(id, { owner: 'older', leaseUntilMs: FAR_MS }, 0);
      if (claim.kind !== 'claimed') throw new Error(claim.kind);
      const outcome = { state: 'continued', content: Buffer.alloc(0), settledAtMs: 0, keepUntilMs: FAR_MS } as const;
      await store.settle(id, claim.fence, outcome, next);
      id = next.id;
    }
  }
  if (hasImage) {
    const packed = brotliDecompressSync(read(`abi-${abi}.image`));
    const keys = await envelopeKeys([Buffer.from(secret)], async () => Buffer.alloc(32));
    await store.images.put(deployment, await sealImage(deployment, { engine, abi }, packed, keys), Date.now());
  }
  return store;
}

const LIBRARIES = {
  'with its libraries': { greeting: { source: 'var greeting = { of: (name) => "hello " + name };' } },
  'with another library': { other: { source: 'var other = { of: (name) => "good-bye " + name };' } },
  'without libraries': {},
};

it('there is a fixture of each ABI that is spoken', () => {
  expect(older.map(({ abi }) => abi)).toEqual(KNOWN_ABIS.slice(1));
});

describe.each(older)('what was suspended under ABI $abi', (fixture) => {
  describe.each(Object.entries(LIBRARIES))('%s', (_, libraries) => {
    it('goes on as it would have there, whatever it waits for', async () => {
      const runtime = await openOn(await storeOf(fixture), fixture, { libraries });
      expect(await runtime.deployments()).toEqual([runtime.deployment, fixture.deployment]);
      for (const { name, suspension, answers, results } of fixture.handlers) {
        let { id } = suspension;
        for (const [step, expected] of results.entries()) {
          const result = await runtime.resumeHandler(id, [answers[step] as never]);
          const { returnValue = null, ...rest } = shown(result);
          expect({ name, returnValue, ...rest }).toMatchObject({ name, ...expected });
          id = result.suspension?.suspensionId ?? '';
        }
        expect(id).toBe('');
      }
    });
  });

  it('runs go on, those that wait and those that nobody has begun, and their steps stay with their deployment', async () => {
    const store = await storeOf(fixture);
    const runtime = await openOn(store, fixture);
    const told: unknown[] = [];
    await using _worker = await runtime.work({ onEffects: (effects) => void told.push(...effects.stateMutations) });
    expect((await runtime.getRun('never-begun').result()).returnValue).toBe(2);
    const waiting = runtime.getRun('waits');
    const [call] = (await waiting.describe()).calls;
    expect(await runtime.completeCall(`waits:${call?.callId}`, { success: true, value: 'yes' })).toBe('accepted');
    expect((await waiting.result()).returnValue).toEqual(['yes', 'hello Ada']);
    expect(told).toEqual([{ operation: 'set', key: 'begun', value: 1 }]);
    const { suspensions } = await store.list({ limit: 1_000 });
    const steps = suspensions.filter(({ info }) => info['runId'] === 'waits' && info['codeHash'] !== undefined);
    // The last one is its end, which anybody can tell.
    expect(new Set(steps.slice(0, -1).map(({ deployment }) => deployment))).toEqual(new Set([fixture.deployment]));
  });

  it('is kept untouched, and named, if its image is not there', async () => {
    const store = await storeOf(fixture, { hasImage: false });
    const runtime = await openOn(store, fixture);
    const [{ suspension, answers }] = fixture.handlers as [Fixture['handlers'][number]];
    const resumed = runtime.resumeHandler(suspension.id, [answers[0] as never]);
    await expect(resumed).rejects.toMatchObject({
      code: 'SUSPENSION_INCOMPATIBLE',
      context: { problem: 'image', suspensionId: suspension.id },
      message: expect.stringMatching(/whose image is not in the store.*kept, untouched.*npm alias/s),
    });
    expect((await store.read(suspension.id))?.state).toBe('suspended');
    const { deployment } = fixture;
    const listed: unknown[] = [];
    for await (const { runId } of runtime.listRuns({ state: 'waiting', deployment })) listed.push(runId);
    expect(listed.sort()).toEqual(['never-begun', 'waits']);
    // Nor is it taken.
    await using _worker = await runtime.work();
    await expect(runtime.getRun('never-begun').result({ timeoutMs: 300 })).rejects.toMatchObject({ code: 'TIMEOUT' });
    const [waits] = fixture.runs as [Fixture['runs'][number]];
    expect((await store.current(waits.generations[0]?.id.split('.')[0] as string))?.state).toBe('suspended');
  });

  it('takes fewer capabilities, of which the host knows, and no state', async () => {
    const runtime = await openOn(await storeOf(fixture), fixture);
    const [first] = fixture.handlers as [Fixture['handlers'][number]];
    const answer = first.answers.map((one) => one as never);
    const fresh = runtime.resumeHandler(first.suspension.id, answer, { stateSnapshot: { count: 2 } });
    await expect(fresh).rejects.toMatchObject({
      code: 'SUSPENSION_INCOMPATIBLE',
      context: { field: 'stateSnapshot', abi: fixture.abi },
    });
    const fewer = await runtime.resumeHandler(first.suspension.id, answer, { capabilities: ['ext:ask'] });
    expect(fewer).toMatchObject({ status: 'error', error: { code: 'PERMISSION_DENIED' }, events: [] });
  });
});
