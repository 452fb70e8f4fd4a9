import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WORKER_URL } from '#src/assets.js';
import { type RuntimeConfig, resolveRuntimeConfig } from '#src/config/resolve.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { NO_TENANT } from '#src/pool/job.js';
import { ThreadStarter } from '#src/pool/thread-starter.js';
import { UNSEALED_BYTES, Unsealed } from '#src/pool/unsealed.js';
import { WorkerPool } from '#src/pool/worker-pool.js';
import { NexusRuntime, type RuntimeParts } from '#src/runtime/nexus-runtime.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { ANYTHING, answer, suspensionOf } from '../suspension/resume-helpers.js';

describe('snapshots that wait to be compressed', () => {
  it('hold back their tenant from its share on, and everybody when they are too many in all', () => {
    let fewer = 0;
    const unsealed = new Unsealed(() => fewer++);
    const { total, perTenant } = UNSEALED_BYTES;
    const full = () => ['a', 'b', NO_TENANT].map((tenant) => unsealed.isFull(tenant));
    const almost = unsealed.add('a', perTenant - 1);
    expect(full()).toEqual([false, false, false]);
    const one = unsealed.add('a', 1);
    expect(full()).toEqual([true, false, false]);
    const others = unsealed.add(NO_TENANT, total - perTenant - 1);
    expect(full()).toEqual([true, false, false]);
    const last = unsealed.add('b', 1);
    expect(full()).toEqual([true, true, true]);
    last();
    last();
    expect([full(), fewer]).toEqual([[true, false, false], 1]);
    for (const end of [almost, one, others]) end();
    expect([full(), fewer]).toEqual([[false, false, false], 4]);
  });
});

/** A store that fails when it is told to. */
class FailingStore extends MemoryStore {
  fails = false;

  override async put(...given: Parameters<MemoryStore['put']>): Promise<void> {
    if (this.fails) throw new Error('the disk is full');
    return super.put(...given);
  }
}

/** Counts the snapshots that somebody told of, and those that are still to be compressed. */
class WatchedPool extends WorkerPool {
  noted = 0;
  left = 0;

  override noteUnsealed(tenant: string | undefined, bytes: number): () => void {
    const end = super.noteUnsealed(tenant, bytes);
    this.noted++;
    this.left++;
    let isOver = false;
    return () => {
      if (!isOver) this.left--;
      isOver = true;
      end();
    };
  }
}

/** The constructor is internal: its types are in no declaration. */
const Runtime = NexusRuntime as unknown as new (
  config: RuntimeConfig,
  engine: string,
  parts: RuntimeParts,
) => NexusRuntime;

describe('a pool', () => {
  let store: FailingStore;
  let runtime: NexusRuntime;
  let pool: WatchedPool;

  beforeEach(async () => {
    store = new FailingStore();
    const config = resolveRuntimeConfig({ cacheDir: false, maxInstances: 1, suspensionStore: store });
    const engine = await loadEngine();
    const threads = new ThreadStarter(config.pool, WORKER_URL);
    const { memoryLimitBytes, stackSizeBytes, isolation, maxPreparedBytes } = config.pool;
    threads.initialize({ engine, libraries: [], memoryLimitBytes, stackSizeBytes, isolation, maxPreparedBytes });
    runtime = new Runtime(config, engine.fingerprint, {
      createPool: (onRetired) => {
        pool = new WatchedPool(threads, config.pool, onRetired);
        return pool;
      },
    });
  });
  afterEach(() => runtime.shutdown());

  it('begins nothing of a tenant that has too many, and all of it when there are fewer', async () => {
    const execute = (tenant: string) => runtime.executeHandler('return 1', {}, { tenant });
    await execute('a');
    const end = pool.noteUnsealed('a', UNSEALED_BYTES.perTenant);
    const held = execute('a');
    expect(await execute('b')).toMatchObject({ returnValue: 1 });
    expect(await execute('b')).toMatchObject({ returnValue: 1 });
    expect(pool.stats).toMatchObject({ queued: 1, busy: 0 });
    end();
    expect(await held).toMatchObject({ returnValue: 1 });
  });

  it('is told of each snapshot, and when it is done with, however its handler fares', async () => {
    const once = 'await $ext.a.b(); return 1';
    const execute = () => runtime.executeHandler(once, ANYTHING, { tenant: 'a' });
    const resume = (id: string) => runtime.resumeHandler(id, answer());
    const [first, twice] = [await execute(), await runtime.executeHandler(`await $ext.a.b(); ${once}`, ANYTHING)];
    expect([pool.noted, pool.left]).toEqual([2, 0]);
    expect((await resume(suspensionOf(first).suspensionId)).returnValue).toBe(1);
    suspensionOf(await resume(suspensionOf(twice).suspensionId));
    expect([pool.noted, pool.left]).toEqual([3, 0]);
    store.fails = true;
    expect((await execute()).status).toBe('error');
    expect([pool.noted, pool.left]).toEqual([4, 0]);
    const extensions = { a: { b: () => 1 } };
    // One that waits in a run is a checkpoint.
    expect((await runtime.run(once, ANYTHING, { extensions })).returnValue).toBe(1);
    expect([pool.noted, pool.left]).toEqual([4, 0]);
  });
});
