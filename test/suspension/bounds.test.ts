import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createRuntime,
  type NexusRuntime,
  type RuntimeOptions,
  type SuspensionSummary,
  type WasmResult,
} from '#src/index.js';

import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { seriesOf } from '../metrics/exposition.js';
import { ANYTHING, answer, suspensionOf } from './resume-helpers.js';

const WAITS = '$state.n = $args; const value = await $ext.a.b(); $emit("went on"); return value';
const TWICE = 'await $ext.a.b(); return await $ext.a.b()';

const open: NexusRuntime[] = [];
const directories: string[] = [];
const start = async (options: RuntimeOptions) => {
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, ...options });
  open.push(runtime);
  return runtime;
};
const newDirectory = () => {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-bounds-'));
  directories.push(directory);
  return directory;
};
afterEach(async () => {
  for (const runtime of open.splice(0)) await runtime.shutdown();
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

/** An application's store with only the required methods. */
class PlainStore extends MemoryStore {
  override readonly forget = undefined as never;
}

/** Each way to keep suspended handlers. */
const PLACES: readonly (readonly [string, () => RuntimeOptions])[] = [
  ['in memory', () => ({})],
  ['in a directory', () => ({ suspensionDir: newDirectory() })],
  ['in a store of the application', () => ({ suspensionStore: new MemoryStore() })],
  ['in a store that cannot forget', () => ({ suspensionStore: new PlainStore() })],
];

const suspend = (runtime: NexusRuntime, tenant?: string, code = WAITS) =>
  runtime.executeHandler(code, { ...ANYTHING, args: 1 }, tenant === undefined ? {} : { tenant });
const idOf = (result: WasmResult) => suspensionOf(result).suspensionId;

async function listed(runtime: NexusRuntime): Promise<SuspensionSummary[]> {
  const all: SuspensionSummary[] = [];
  for await (const one of runtime.listSuspensions()) all.push(one);
  return all;
}

function expectRefused(result: WasmResult, limit: string, scope: string, value: number): void {
  expect(result).toMatchObject({
    status: 'error',
    partial: true,
    stateMutations: [{ operation: 'set', key: 'n', value: 1 }],
    error: { code: 'RESOURCE_LIMIT', context: { limit, scope, value } },
  });
  expect(result.error?.context?.['remedy']).toContain(`raise ${limit}.${scope}`);
  expect(result.suspension).toBeUndefined();
}

describe.each(PLACES)('handlers that wait %s', (_title, place) => {
  it('are bounded in number: one more is a RESOURCE_LIMIT with its effects, until one has ended', async () => {
    const runtime = await start({ ...place(), maxSuspensions: 2 });
    const [first, second] = [idOf(await suspend(runtime)), idOf(await suspend(runtime))];
    expectRefused(await suspend(runtime), 'maxSuspensions', 'total', 2);
    expect((await runtime.resumeHandler(first, answer(7))).returnValue).toBe(7);
    const third = idOf(await suspend(runtime));
    expectRefused(await suspend(runtime), 'maxSuspensions', 'total', 2);
    expect(await runtime.cancelSuspension(second)).toBe(true);
    idOf(await suspend(runtime));
    expect((await runtime.resumeHandler(third, answer(8))).returnValue).toBe(8);
    expect(runtime.getStats().suspensionStore).toMatchObject({ waiting: 1, rejections: 2 });
  });

  it('are bounded for each tenant, and harm no other', async () => {
    const runtime = await start({ ...place(), maxSuspensions: { total: 10, perTenant: 1 } });
    idOf(await suspend(runtime, 'one'));
    const refused = await suspend(runtime, 'one');
    expectRefused(refused, 'maxSuspensions', 'perTenant', 1);
    expect(refused.error?.context?.['tenant']).toBe('one');
    idOf(await suspend(runtime, 'two'));
    for (let i = 0; i < 3; i++) idOf(await suspend(runtime));
  });

  it('are counted exactly when many come at once', async () => {
    const runtime = await start({ ...place(), maxSuspensions: 5 });
    const results = await Promise.all(Array.from({ length: 20 }, () => suspend(runtime)));
    expect(results.filter(({ status }) => status === 'suspended')).toHaveLength(5);
    expect(results.filter(({ error }) => error?.code === 'RESOURCE_LIMIT')).toHaveLength(15);
    expect(runtime.getStats().suspensionStore).toMatchObject({ waiting: 5, rejections: 15 });
  });

  it('go on from one generation to the next however full it is', async () => {
    const runtime = await start({ ...place(), maxSuspensions: { total: 1, perTenant: 1 } });
    const first = idOf(await suspend(runtime, 'one', TWICE));
    const second = idOf(await runtime.resumeHandler(first, answer(1)));
    expectRefused(await suspend(runtime, 'two'), 'maxSuspensions', 'total', 1);
    expect((await runtime.resumeHandler(second, answer(2))).returnValue).toBe(2);
    expect(runtime.getStats().suspensionStore.waiting).toBe(0);
    idOf(await suspend(runtime, 'two'));
  });

  it('are bounded in bytes', async () => {
    const sizes: number[] = [];
    const observer = { onSuspension: ({ bytes }: { bytes: number }) => sizes.push(bytes) };
    const probe = await start({ observer });
    await suspend(probe);
    const most = Math.floor((sizes[0] as number) * 2.5);
    const runtime = await start({ ...place(), maxSuspendedBytes: most });
    idOf(await suspend(runtime));
    idOf(await suspend(runtime));
    expectRefused(await suspend(runtime), 'maxSuspendedBytes', 'total', most);
    expect(runtime.getStats().suspensionStore.waitingBytes).toBeLessThanOrEqual(most);
  });

  it('belong to the tenant that began them, whoever resumes them', async () => {
    const runtime = await start({ ...place(), maxSuspensions: { total: 10, perTenant: 1 } });
    const first = idOf(await suspend(runtime, 'one', TWICE));
    idOf(await runtime.resumeHandler(first, answer(1)));
    expectRefused(await suspend(runtime, 'one'), 'maxSuspensions', 'perTenant', 1);
    const waiting = (await listed(runtime)).find(({ state }) => state === 'suspended');
    expect(waiting?.tenant).toBe('one');
  });
});

describe('a directory that several runtimes share', () => {
  it('is counted whoever filled it, after a restart and while it is used', async () => {
    const options = { suspensionDir: newDirectory(), maxSuspensions: { total: 10, perTenant: 2 } };
    const first = await start(options);
    const ids = [idOf(await suspend(first, 'one')), idOf(await suspend(first, 'one'))];
    const second = await start(options);
    expectRefused(await suspend(second, 'one'), 'maxSuspensions', 'perTenant', 2);
    await first.shutdown();
    const third = await start(options);
    expectRefused(await suspend(third, 'one'), 'maxSuspensions', 'perTenant', 2);
    expect((await third.resumeHandler(ids[0] as string, answer(1))).status).toBe('success');
    idOf(await suspend(third, 'one'));
    expect(third.getStats().suspensionStore).toMatchObject({ waiting: 2, outcomes: 1 });
  });

  it('lets outcomes go when their room is needed, and then knows nothing of them', async () => {
    const sizes: number[] = [];
    const observer = { onSuspension: ({ bytes }: { bytes: number }) => sizes.push(bytes) };
    const probe = await start({ observer });
    await suspend(probe);
    const runtime = await start({ suspensionDir: newDirectory(), maxSuspendedBytes: (sizes[0] as number) * 3 });
    const ids: string[] = [];
    for (let i = 0; i < 6; i++) {
      const id = idOf(await suspend(runtime));
      expect((await runtime.resumeHandler(id, answer(i))).returnValue).toBe(i);
      ids.push(id);
    }
    const { suspensionStore } = runtime.getStats();
    expect(suspensionStore.outcomeBytes).toBeLessThanOrEqual((sizes[0] as number) * 3);
    expect(suspensionStore.evictedOutcomes).toBeGreaterThan(0);
    expect((await runtime.resumeHandler(ids.at(-1) as string, answer(9))).returnValue).toBe(5);
    await expect(runtime.resumeHandler(ids[0] as string, answer(9))).rejects.toMatchObject({
      code: 'SUSPENSION_NOT_FOUND',
    });
    expect(await listed(runtime)).toHaveLength(suspensionStore.outcomes);
  });
});

describe('what is kept', () => {
  it('is in the metrics, with what was refused', async () => {
    const runtime = await start({ maxSuspensions: { total: 3, perTenant: 1 } });
    const first = idOf(await suspend(runtime));
    idOf(await suspend(runtime, 'one'));
    await suspend(runtime, 'one');
    await runtime.resumeHandler(first, answer(1));
    const series = seriesOf(await runtime.getPrometheusMetrics());
    const { waiting, waitingBytes, outcomes, outcomeBytes } = runtime.getStats().suspensionStore;
    expect([waiting, outcomes]).toEqual([1, 1]);
    expect(series.get('nexus_suspension_store_handlers{state="waiting"}')).toBe(1);
    expect(series.get('nexus_suspension_store_handlers{state="outcome"}')).toBe(1);
    expect(series.get('nexus_suspension_store_bytes{state="waiting"}')).toBe(waitingBytes);
    expect(series.get('nexus_suspension_store_bytes{state="outcome"}')).toBe(outcomeBytes);
    expect(series.get('nexus_suspension_rejections_total{reason="tenant"}')).toBe(1);
    expect(series.get('nexus_suspension_rejections_total{reason="total"}')).toBe(0);
    expect(series.get('nexus_suspension_outcome_evictions_total')).toBe(0);
  });

  it('a place that the store failed to give is given back', async () => {
    class Failing extends MemoryStore {
      isFailing = true;
      override async put(...given: Parameters<MemoryStore['put']>) {
        if (this.isFailing) throw new Error('no');
        return super.put(...given);
      }
    }
    const store = new Failing();
    const runtime = await start({ suspensionStore: store, maxSuspensions: 1 });
    expect((await suspend(runtime)).error?.code).toBe('EXECUTION_ERROR');
    store.isFailing = false;
    idOf(await suspend(runtime));
  });

  it.each([
    [{ maxSuspensions: -1 }, 'maxSuspensions'],
    [{ maxSuspensions: 1.5 }, 'maxSuspensions'],
    [{ maxSuspensions: null }, 'maxSuspensions'],
    [{ maxSuspensions: { totl: 1 } }, 'total'],
    [{ maxSuspensions: { total: 1, perTenant: 2 } }, 'maxSuspensions.perTenant'],
    [{ maxSuspendedBytes: { perTenant: '1' } }, 'maxSuspendedBytes.perTenant'],
    [{ maxSuspendedBytes: Number.POSITIVE_INFINITY }, 'maxSuspendedBytes'],
  ])('is not bounded by %j: INVALID_CONFIG names %s', async (options, named) => {
    await expect(createRuntime(options as RuntimeOptions)).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining(named),
    });
  });
});
