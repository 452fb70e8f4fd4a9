import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';

import { createRuntime, type RuntimeOptions, type SuspensionStore } from '#src/index.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { ANYTHING, answer, rejection, suspensionOf } from './resume-helpers.js';

const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false } as const satisfies RuntimeOptions;

/** Counts how often it is asked, and tells the time of another machine. */
class WatchedStore extends MemoryStore {
  claims = 0;
  readonly aheadMs: number;
  constructor(aheadMs = 0) {
    super();
    this.aheadMs = aheadMs;
  }
  override claim(...given: Parameters<SuspensionStore['claim']>) {
    this.claims++;
    return super.claim(...given);
  }
  async time() {
    return Date.now() + this.aheadMs;
  }
}

/** A handler that executes for ever when it is resumed. */
const ENDLESS = 'await $ext.a.b(); $emit("on"); for (;;);';

describe('claims', () => {
  it('callers of one process wait for the one that resumes, without asking the store again and again', async () => {
    const store = new WatchedStore();
    await using runtime = await createRuntime({ ...OPTIONS, suspensionStore: store });
    const code = 'await $ext.a.b(); for (let i = 0; i < 3e6; i++); return "done"';
    const { suspensionId } = suspensionOf(await runtime.executeHandler(code, ANYTHING));
    const callers = 50;
    const results = await Promise.all(
      Array.from({ length: callers }, () => runtime.resumeHandler(suspensionId, answer())),
    );
    expect(results.map((result) => result.returnValue)).toEqual(Array.from({ length: callers }, () => 'done'));
    expect(results.filter(({ replayed }) => replayed !== true)).toHaveLength(1);
    expect(store.claims).toBe(callers);
  });

  it('a caller that does not wait is told at once, in this process and in others, and its answers are not used', async () => {
    const suspensionStore = new MemoryStore();
    await using one = await createRuntime({ ...OPTIONS, suspensionStore });
    await using other = await createRuntime({ ...OPTIONS, suspensionStore });
    const { suspensionId } = suspensionOf(await one.executeHandler('return await $ext.a.b()', ANYTHING));
    const claimed = await suspensionStore.claim(suspensionId, { owner: 'me', leaseUntilMs: 1e15 }, Date.now());
    for (const runtime of [one, other]) {
      const busy = await rejection(runtime.resumeHandler(suspensionId, answer('unused'), { wait: false }));
      expect(busy.code).toBe('SUSPENSION_BUSY');
    }
    const fence = claimed.kind === 'claimed' ? claimed.fence : 0;
    await suspensionStore.release(suspensionId, fence);
    const first = one.resumeHandler(suspensionId, answer('used'));
    const busy = await rejection(one.resumeHandler(suspensionId, answer('unused'), { wait: false }));
    expect(busy.code).toBe('SUSPENSION_BUSY');
    expect((await first).returnValue).toBe('used');
    const wrong = await rejection(one.resumeHandler(suspensionId, answer(), { wait: 'no' as never }));
    expect(wrong).toMatchObject({ code: 'INVALID_ARGUMENT', context: { field: 'wait' } });
  });

  it('a caller whose deadline passes while it waits for another of its process is told so', async () => {
    await using runtime = await createRuntime(OPTIONS);
    const { suspensionId } = suspensionOf(await runtime.executeHandler(ENDLESS, ANYTHING));
    const stop = new AbortController();
    const first = runtime.resumeHandler(suspensionId, answer(), { timeoutMs: 600_000, signal: stop.signal });
    const late = await rejection(runtime.resumeHandler(suspensionId, answer(), { deadlineMs: 20 }));
    expect(late.code).toBe('SUSPENSION_BUSY');
    stop.abort();
    expect((await first).error?.code).toBe('CANCELLED');
  });

  it('a segment whose lease was lost is ended, and nothing of it is delivered', async () => {
    const suspensionStore = new MemoryStore();
    await using runtime = await createRuntime({ ...OPTIONS, suspensionStore, leaseMs: 300 });
    const { suspensionId } = suspensionOf(await runtime.executeHandler(ENDLESS, ANYTHING));
    const resumed = rejection(runtime.resumeHandler(suspensionId, answer(), { timeoutMs: 600_000 }));
    const steal = async () => {
      const claimed = await suspensionStore.claim(suspensionId, { owner: 'thief', leaseUntilMs: 1e15 }, 1e14);
      if (claimed.kind !== 'expired') throw new Error(`it is ${claimed.kind}`);
    };
    // It is past its time then, and so is its lease: whoever sweeps takes it away.
    await vi.waitFor(async () => expect((await suspensionStore.read(suspensionId))?.state).toBe('resuming'));
    await steal();
    await suspensionStore.sweep(1e14);
    expect((await resumed).code).toBe('SUSPENSION_EXPIRED');
  });

  it('what other processes resume is no longer counted as waiting here', async () => {
    const suspensionDir = mkdtempSync(join(tmpdir(), 'nexus-claims-'));
    try {
      await using one = await createRuntime({ ...OPTIONS, suspensionDir, suspensionSweepMs: 100 });
      await using other = await createRuntime({ ...OPTIONS, suspensionDir });
      const begun = await Promise.all([1, 2, 3].map(() => one.executeHandler('return await $ext.a.b()', ANYTHING)));
      expect(one.getStats().suspendedExecutions).toBe(3);
      for (const result of begun) await other.resumeHandler(suspensionOf(result).suspensionId, answer());
      expect(other.getStats().suspendedExecutions).toBe(0);
      await vi.waitFor(() => expect(one.getStats().suspendedExecutions).toBe(0), { timeout: 60_000 });
    } finally {
      await rm(suspensionDir, { recursive: true, force: true });
    }
  });

  it('a store that was given is closed by who made it', async () => {
    const suspensionStore = new MemoryStore();
    const one = await createRuntime({ ...OPTIONS, suspensionStore });
    await using other = await createRuntime({ ...OPTIONS, suspensionStore });
    const { suspensionId } = suspensionOf(await one.executeHandler('return await $ext.a.b()', ANYTHING));
    await one.shutdown();
    expect((await other.resumeHandler(suspensionId, answer(1))).returnValue).toBe(1);
    await suspensionStore.close();
  });

  it('times in a store are by its clock, and timers are due when they are by ours', async () => {
    const hourMs = 60 * 60 * 1000;
    const suspensionStore = new WatchedStore(hourMs);
    await using runtime = await createRuntime({ ...OPTIONS, suspensionStore });
    const before = Date.now();
    const { suspensionId, wakeAt } = suspensionOf(
      await runtime.executeHandler('await $sleep(5); return 1', { capabilities: ['timer'] }),
    );
    const summary = await runtime.inspectSuspension(suspensionId);
    expect(summary?.createdAtMs).toBeGreaterThanOrEqual(before + hourMs);
    expect(wakeAt?.getTime()).toBeLessThan(before + hourMs);
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThanOrEqual(wakeAt?.getTime() ?? 0));
    expect((await runtime.resumeHandler(suspensionId)).returnValue).toBe(1);
  });

  it('outcomes are kept as long as the option says', async () => {
    const suspensionStore = new MemoryStore();
    await using runtime = await createRuntime({ ...OPTIONS, suspensionStore, outcomeRetentionMs: 1_000 });
    const { suspensionId } = suspensionOf(await runtime.executeHandler('return await $ext.a.b()', ANYTHING));
    await runtime.resumeHandler(suspensionId, answer());
    const { outcome } = (await suspensionStore.read(suspensionId)) ?? {};
    expect((outcome?.keepUntilMs ?? 0) - (outcome?.settledAtMs ?? 0)).toBe(1_000);
  });

  it('are listed by state and by tenant', async () => {
    await using runtime = await createRuntime(OPTIONS);
    const suspend = async (tenant: string) =>
      suspensionOf(await runtime.executeHandler('return await $ext.a.b()', ANYTHING, { tenant })).suspensionId;
    const long = 'x'.repeat(200);
    const [mine, theirs, ended] = [await suspend('me'), await suspend(long), await suspend('me')];
    await runtime.resumeHandler(ended, answer());
    const listed = async (filter: Parameters<typeof runtime.listSuspensions>[0]) =>
      (await idsOf(runtime.listSuspensions(filter))).sort();
    expect(await listed({ states: ['suspended'] })).toEqual([mine, theirs].sort());
    expect(await listed({ tenant: 'me' })).toEqual([mine, ended].sort());
    expect(await listed({ tenant: long })).toEqual([theirs]);
    expect(await listed({ states: ['completed'], tenant: 'me' })).toEqual([ended]);
    const refused = { code: 'INVALID_ARGUMENT', context: { argument: 'states' } };
    expect(await rejection(listed({ states: ['waiting' as never] }))).toMatchObject(refused);
    expect(() => runtime.listSuspensions({ state: [] } as never)).toThrow('state');
  });
});

async function idsOf(suspensions: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of suspensions) ids.push(id);
  return ids;
}
