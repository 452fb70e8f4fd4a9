import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CapabilityToken, createRuntime, type NexusRuntime, type SuspensionSummary } from '#src/index.js';

import { ANYTHING, answer, rejection, suspensionOf } from './resume-helpers.js';

const FOREVER = { success: true, value: 'loop' } as const;
/** Ends unless it is told to loop. */
const CODE = '$emit("before"); const a = await $ext.a.b(); $emit("after"); while (a === "loop"); return a';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, killGraceMs: 50 });
});
afterAll(() => runtime.shutdown());
afterEach(() => {
  vi.useRealTimers();
});

async function suspend(code = CODE): Promise<string> {
  return suspensionOf(await runtime.executeHandler(code, ANYTHING)).suspensionId;
}

async function all(suspensions: AsyncIterable<SuspensionSummary>): Promise<SuspensionSummary[]> {
  const found: SuspensionSummary[] = [];
  for await (const one of suspensions) found.push(one);
  return found;
}

async function stateOf(id: string): Promise<string | undefined> {
  return (await runtime.inspectSuspension(id))?.state;
}

describe('a handler that is suspended', () => {
  it('has the capabilities with which it was called, whatever becomes of the list', async () => {
    const capabilities: CapabilityToken[] = ['ext:*', 'events:emit:*'];
    const begun = runtime.executeHandler('await $ext.a.b(); $emit("e")', { capabilities });
    capabilities.length = 0;
    const { suspensionId } = suspensionOf(await begun);
    expect(await runtime.resumeHandler(suspensionId, answer())).toMatchObject({ events: [{ name: 'e' }] });
  });
});

describe('a suspension that was resumed', () => {
  it('gives its outcome again, whatever the answer, and executes nothing', async () => {
    const id = await suspend();
    const first = await runtime.resumeHandler(id, answer(1));
    const { totalExecutions } = runtime.getStats();
    expect(await runtime.resumeHandler(id, answer(2))).toEqual({ ...first, replayed: true });
    expect(await runtime.resumeHandler(id, [])).toEqual({ ...first, replayed: true });
    expect(runtime.getStats().totalExecutions).toBe(totalExecutions);
  });

  it('a suspension that was resumed and waits again gives the same next suspension again', async () => {
    const id = await suspend('const a = await $ext.a.b(); return a + (await $ext.a.c({ a, at: new Date(5) }))');
    const first = await runtime.resumeHandler(id, answer(1));
    expect(await runtime.resumeHandler(id, answer(2))).toEqual({ ...first, replayed: true });
    expect(await stateOf(id)).toBe('continued');
    const next = suspensionOf(first).suspensionId;
    expect((await runtime.resumeHandler(next, answer(10))).returnValue).toBe(11);
    expect(await runtime.resumeHandler(id, answer(3))).toEqual({ ...first, replayed: true });
  });

  it('a suspension that was resumed by an error gives the same error again', async () => {
    const id = await suspend('await $ext.a.b(); throw new TypeError("bad")');
    const first = await runtime.resumeHandler(id, answer());
    expect(first.error?.message).toBe('TypeError: bad');
    expect(await runtime.resumeHandler(id, answer())).toEqual({ ...first, replayed: true });
    expect(await stateOf(id)).toBe('failed');
  });

  it('gives again whatever can leave a VM', async () => {
    const id = await suspend(
      'await $ext.a.b(); let deep = []; for (let i = 0; i < 500; i++) deep = [deep]; return [new Map([[1n, new Set([undefined, NaN, -0])]]), new Date(NaN), new Error("e", { cause: 1 }), new Uint8Array(2), "\\ud800", deep]',
    );
    const first = await runtime.resumeHandler(id, answer());
    expect(first.status).toBe('success');
    expect(await runtime.resumeHandler(id, answer())).toEqual({ ...first, replayed: true });
  });

  const nested = (levels: number) => `let v = 1; for (let i = 0; i < ${levels}; i++) v = [v];`;
  it.each(
    [990, 995, 996, 997, 998, 999, 1000].flatMap((levels) =>
      ['throw v', 'return v', '$emit("e", v)', '$state.x = v', 'await $ext.a.c(v)', '$ext.a.c(v)'].map(
        (end) => [levels, end] as const,
      ),
    ),
  )('gives its outcome again, however deep: %i levels, %s', async (levels, end) => {
    const id = await suspend(`await $ext.a.b(); ${nested(levels)} ${end}`);
    const first = await runtime.resumeHandler(id, answer());
    expect(await runtime.resumeHandler(id, answer())).toEqual({ ...first, replayed: true });
    expect(['completed', 'failed', 'continued']).toContain(await stateOf(id));
  });

  it('gives all of an outcome with as many values as can leave the VM, however often it is asked', async () => {
    await using roomy = await createRuntime({ cacheDir: false, maxInstances: 1, memoryLimitBytes: 256 * 1024 ** 2 });
    // A few values fewer than can leave the VM.
    const code = 'await $ext.a.b(); return new Array(1_999_980).fill(1)';
    const { suspensionId } = suspensionOf(await roomy.executeHandler(code, ANYTHING));
    const first = await roomy.resumeHandler(suspensionId, answer());
    expect(first.status).toBe('success');
    expect(first.returnValue).toHaveLength(1_999_980);
    const again = await roomy.resumeHandler(suspensionId, answer());
    expect(again.status).toBe('success');
    expect(again.returnValue).toEqual(first.returnValue);
    expect((await roomy.inspectSuspension(suspensionId))?.state).toBe('completed');
  });

  it('a suspension that was resumed at the same time by many is executed once, and all get its outcome', async () => {
    const id = await suspend();
    const { totalExecutions } = runtime.getStats();
    const results = await Promise.all(Array.from({ length: 20 }, (_, n) => runtime.resumeHandler(id, answer(n))));
    expect(runtime.getStats().totalExecutions).toBe(totalExecutions + 1);
    const executed = results.filter(({ replayed }) => !replayed);
    expect(executed).toMatchObject([{ status: 'success', events: [{ name: 'after' }] }]);
    for (const result of results) {
      expect(result).toEqual(result.replayed ? { ...executed[0], replayed: true } : executed[0]);
    }
  });
});

describe('a suspension that is cancelled', () => {
  it('gives CANCELLED from then on, and is cancelled once', async () => {
    const id = await suspend();
    const before = runtime.getStats().suspendedExecutions;
    expect(await runtime.cancelSuspension(id)).toBe(true);
    expect(await runtime.cancelSuspension(id)).toBe(false);
    expect(runtime.getStats().suspendedExecutions).toBe(before - 1);
    const result = await runtime.resumeHandler(id, answer());
    expect(result).toMatchObject({ status: 'error', error: { code: 'CANCELLED' }, events: [] });
    expect(await stateOf(id)).toBe('cancelled');
  });

  it('a suspension that is cancelled while it is resumed gives CANCELLED to who resumes it', async () => {
    const id = await suspend();
    const resumed = runtime.resumeHandler(id, FOREVER, 300);
    while ((await stateOf(id)) !== 'resuming') await nextTurn();
    expect(await runtime.cancelSuspension(id)).toBe(true);
    expect((await resumed).error?.code).toBe('CANCELLED');
    expect((await runtime.resumeHandler(id, answer())).error?.code).toBe('CANCELLED');
  });

  it('a suspension that is cancelled after its end stays as it ended', async () => {
    const id = await suspend();
    const ended = await runtime.resumeHandler(id, answer(1));
    expect(await runtime.cancelSuspension(id)).toBe(false);
    expect(await runtime.resumeHandler(id, answer())).toEqual({ ...ended, replayed: true });
  });
});

describe('an AbortSignal', () => {
  it('an AbortSignal during a resume gives CANCELLED, and the handler can be resumed again', async () => {
    const id = await suspend();
    const controller = new AbortController();
    const resumed = runtime.resumeHandler(id, FOREVER, { signal: controller.signal });
    while (runtime.getStats().activeInstances === 0) await nextTurn();
    controller.abort(new Error('enough'));
    expect(await resumed).toMatchObject({
      status: 'error',
      error: { code: 'CANCELLED', message: expect.stringContaining('enough') },
      events: [],
    });
    expect(await stateOf(id)).toBe('suspended');
    expect(await runtime.resumeHandler(id, answer(3))).toMatchObject({ returnValue: 3, events: [{ name: 'after' }] });
  });

  it('an AbortSignal before a resume gives CANCELLED at once', async () => {
    const id = await suspend();
    const signal = AbortSignal.abort('no');
    expect((await runtime.resumeHandler(id, answer(), { signal })).error).toMatchObject({ code: 'CANCELLED' });
    expect(await stateOf(id)).toBe('suspended');
  });

  it('an AbortSignal in the queue, or while another resumes it, gives CANCELLED and leaves the other alone', async () => {
    const [id, other] = [await suspend(), await suspend()];
    const controller = new AbortController();
    const { signal } = controller;
    const running = runtime.resumeHandler(id, FOREVER, 500);
    while (runtime.getStats().activeInstances === 0) await nextTurn();
    const given = [runtime.resumeHandler(id, answer(), { signal }), runtime.resumeHandler(other, answer(), { signal })];
    while (runtime.getStats().queuedExecutions === 0) await nextTurn();
    controller.abort();
    expect((await Promise.all(given)).map(({ error }) => error?.code)).toEqual(['CANCELLED', 'CANCELLED']);
    expect((await running).error?.code).toBe('TIMEOUT');
    expect((await runtime.resumeHandler(other, answer(4))).returnValue).toBe(4);
  });
});

describe('a full queue', () => {
  it('is POOL_SATURATED for a resume, and the handler waits on', async () => {
    await using busy = await createRuntime({ cacheDir: false, maxInstances: 1, maxQueue: 0 });
    const { suspensionId } = suspensionOf(await busy.executeHandler(CODE, ANYTHING));
    const running = busy.executeHandler('while (true);', {}, 300);
    while (busy.getStats().activeInstances === 0) await nextTurn();
    expect((await rejection(busy.resumeHandler(suspensionId, answer()))).code).toBe('POOL_SATURATED');
    await running;
    expect((await busy.resumeHandler(suspensionId, answer(5))).returnValue).toBe(5);
  });
});

describe('a suspension past its time', () => {
  const options = { cacheDir: false, maxInstances: 1, suspensionTtlMs: 30_000 } as const;

  it('is SUSPENSION_EXPIRED, before and after a sweep, which tells of it once', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    const told: string[] = [];
    const observer = { onExpired: ({ suspensionId }: { suspensionId: string }) => void told.push(suspensionId) };
    await using brief = await createRuntime({ ...options, observer });
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push(suspensionOf(await brief.executeHandler(CODE, ANYTHING)).suspensionId);
    const [first = '', second = '', third = ''] = ids;
    const begun = suspensionOf(await brief.executeHandler(CODE, ANYTHING));
    expect(begun.expiresAt.getTime()).toBe(Date.now() + 30_000);
    expect((await brief.resumeHandler(third, answer(1))).status).toBe('success');
    expect(brief.getStats().suspendedExecutions).toBe(3);

    vi.setSystemTime(Date.now() + 30_000);
    expect((await rejection(brief.resumeHandler(first, answer()))).code).toBe('SUSPENSION_EXPIRED');
    expect(told).toEqual([]);
    vi.advanceTimersByTime(120_000);
    while (told.length < 3) await nextTurn();
    expect([...told].sort()).toEqual([first, second, begun.suspensionId].sort());
    expect(brief.getStats().suspendedExecutions).toBe(0);
    expect((await rejection(brief.resumeHandler(first, answer()))).code).toBe('SUSPENSION_EXPIRED');
    expect((await brief.inspectSuspension(first))?.state).toBe('expired');
    expect(await brief.cancelSuspension(first)).toBe(false);
    expect((await brief.resumeHandler(third, answer())).status).toBe('success');
  });

  it('has an outcome for a day, and is forgotten then', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    await using kept = await createRuntime(options);
    const { suspensionId } = suspensionOf(await kept.executeHandler(CODE, ANYTHING));
    const ended = await kept.resumeHandler(suspensionId, answer(1));
    vi.advanceTimersByTime(23 * 60 * 60 * 1000);
    expect(await kept.resumeHandler(suspensionId, answer(2))).toEqual({ ...ended, replayed: true });
    vi.advanceTimersByTime(2 * 60 * 60 * 1000);
    // One sweep at a time: the next minute's sweep finds what was not yet due in the current one.
    while ((await kept.inspectSuspension(suspensionId)) !== undefined) {
      await nextTurn();
      vi.advanceTimersByTime(60_000);
    }
    expect((await rejection(kept.resumeHandler(suspensionId, answer()))).code).toBe('SUSPENSION_NOT_FOUND');
  });
});

describe('a listing', () => {
  it('shows what waits, where it came from, and nothing of its data', async () => {
    await using listed = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const code =
      'const secret = "s3cret"; await Promise.all(Array.from({ length: 500 }, (_, i) => $ext["x".repeat(300)].b(secret)))';
    const context = { ...ANYTHING, handlerName: 'mine', panelId: 'p'.repeat(50_000) };
    const begun = suspensionOf(await listed.executeHandler(code, context));
    expect(begun.calls).toHaveLength(500);
    const found = await all(listed.listSuspensions());
    expect(found).toMatchObject([
      { id: begun.suspensionId, state: 'suspended', info: { handlerName: 'mine', callCount: 500 } },
    ]);
    expect(JSON.stringify(found)).not.toContain('s3cret');
    const answers = begun.calls.map(({ callId }) => ({ callId, success: true }) as const);
    expect((await listed.resumeHandler(begun.suspensionId, answers)).status).toBe('success');
  });
});

describe('a runtime that was shut down', () => {
  it('is RUNTIME_CLOSED to all about suspensions', async () => {
    const closed = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const { suspensionId } = suspensionOf(await closed.executeHandler(CODE, ANYTHING));
    await closed.shutdown();
    for (const call of [
      () => closed.resumeHandler(suspensionId, answer()),
      () => closed.cancelSuspension(suspensionId),
      () => closed.inspectSuspension(suspensionId),
      () => all(closed.listSuspensions()),
    ]) {
      expect((await rejection(call())).code).toBe('RUNTIME_CLOSED');
    }
  });

  it('a runtime that was shut down while it resumes for too long gives the handler back to others', async () => {
    const suspensionDir = await mkdtemp(join(tmpdir(), 'nexus-closing-'));
    const options = { cacheDir: false, maxInstances: 1, suspensionDir } as const;
    const closing = await createRuntime(options);
    const { suspensionId } = suspensionOf(await closing.executeHandler(CODE, ANYTHING));
    const resumed = rejection(closing.resumeHandler(suspensionId, FOREVER, 20_000));
    while (closing.getStats().activeInstances === 0) await nextTurn();
    await closing.shutdown({ drainTimeoutMs: 0 });
    expect((await resumed).code).toBe('RUNTIME_CLOSED');
    {
      await using other = await createRuntime(options);
      expect((await other.inspectSuspension(suspensionId))?.state).toBe('suspended');
      expect((await other.resumeHandler(suspensionId, answer(1))).returnValue).toBe(1);
    }
    await rm(suspensionDir, { recursive: true });
  });

  it('a runtime that was shut down while it resumes waits for that', async () => {
    const closing = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const { suspensionId } = suspensionOf(await closing.executeHandler(CODE, ANYTHING));
    const resumed = closing.resumeHandler(suspensionId, answer(1));
    await closing.shutdown();
    expect((await resumed).returnValue).toBe(1);
  });
});
