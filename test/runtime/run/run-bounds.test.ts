import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { createRuntime, currentCall, type RunOptions } from '#src/index.js';

import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { ANYTHING } from '../../suspension/resume-helpers.js';

/** An extension that answers when it is told to. */
function answering() {
  const resolvers: (() => void)[] = [];
  const later = () => new Promise<string>((resolve) => resolvers.push(() => resolve('later')));
  return { options: { extensions: { a: { later, calls: () => 1 } } } satisfies RunOptions, resolvers };
}
const WAITS = '$emit("begun"); return await $ext.a.later()';

const begunRuns = async (resolvers: readonly unknown[], count: number) => {
  while (resolvers.length < count) await new Promise(setImmediate);
};

describe('a run that waits', () => {
  it('takes a place among all runs that wait: one more ends with RESOURCE_LIMIT and its effects', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1, maxSuspensions: 3 });
    const { options, resolvers } = answering();
    const waiting = [1, 2, 3].map(() => runtime.run(WAITS, ANYTHING, options));
    await begunRuns(resolvers, 3);

    const refused = await runtime.run(WAITS, ANYTHING, options);
    expect(refused).toMatchObject({ status: 'error', partial: true, events: [{ name: 'begun' }] });
    expect(refused.error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxSuspensions', value: 3 } });
    expect(refused.error?.context?.['remedy']).toContain('begin fewer runs');

    for (const resolve of resolvers.splice(0)) resolve();
    for (const result of await Promise.all(waiting)) expect(result).toMatchObject({ returnValue: 'later' });
    const after = runtime.run(WAITS, ANYTHING, options);
    await begunRuns(resolvers, 1);
    resolvers[0]?.();
    expect((await after).status).toBe('success');
  });

  it('is bounded by itself: not by what a store keeps', async () => {
    await using runtime = await createRuntime({
      cacheDir: false,
      maxInstances: 1,
      maxSuspensions: 1,
      suspensionStore: new MemoryStore(),
    });
    expect((await runtime.executeHandler(WAITS, ANYTHING)).status).toBe('suspended');
    const { options, resolvers } = answering();
    const waiting = [1, 2].map(() => runtime.run(WAITS, ANYTHING, options));
    await begunRuns(resolvers, 2);
    for (const resolve of resolvers) resolve();
    for (const result of await Promise.all(waiting)) expect(result.status).toBe('success');
  });

  it('has its place until its end: at its next wait nobody else has taken it', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1, maxSuspensions: 1 });
    const { options, resolvers } = answering();
    const run = runtime.run('await $ext.a.later(); await $ext.a.later(); return 1', ANYTHING, options);
    await begunRuns(resolvers, 1);
    resolvers[0]?.();
    const refused = await runtime.run(WAITS, ANYTHING, options);
    expect(refused.error?.code).toBe('RESOURCE_LIMIT');
    await begunRuns(resolvers, 2);
    resolvers[1]?.();
    expect((await run).returnValue).toBe(1);
  });

  it('gives its place back however it ends', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1, maxSuspensions: 1 });
    const { options, resolvers } = answering();
    const stop = new AbortController();
    const cancelled = runtime.run(WAITS, ANYTHING, { ...options, signal: stop.signal });
    await begunRuns(resolvers, 1);
    stop.abort();
    expect((await cancelled).error?.code).toBe('CANCELLED');
    const late = await runtime.run(WAITS, ANYTHING, { ...options, deadlineMs: 50 });
    expect(late.error?.code).toBe('TIMEOUT');
    const failed = await runtime.run('await $ext.a.calls(); throw new Error("no")', ANYTHING, options);
    expect(failed.error?.code).toBe('EXECUTION_ERROR');
    const last = await runtime.run('return await $ext.a.calls()', ANYTHING, options);
    expect(last.returnValue).toBe(1);
  });

  it('has its extensions called in the async context of its own caller, whatever else is under way', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 2 });
    const user = new AsyncLocalStorage<string>();
    const wrong: unknown[] = [];
    const runAs = (name: string) =>
      user.run(name, async () => {
        const who = () => {
          if (user.getStore() !== name) wrong.push([name, user.getStore()]);
          return new Array(300).fill(name);
        };
        const source = 'const all = await Promise.all(Array.from({ length: 40 }, () => $ext.a.who())); return all';
        await runtime.run(source, ANYTHING, { extensions: { a: { who } } });
      });
    await Promise.all(Array.from({ length: 12 }, (_, i) => runAs(`user ${i}`)));
    expect(wrong).toEqual([]);
  });

  it('a run that waits that is called off aborts no call that has answered', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const answered = new Set<number>();
    const aborted: number[] = [];
    const stop = new AbortController();
    const call = async (n: number) => {
      currentCall()?.signal.addEventListener('abort', () => {
        if (answered.has(n)) aborted.push(n);
        // The others answer while they are being aborted.
        for (let other = 0; other < 2000; other++) settle.get(other)?.();
      });
      await new Promise<void>((resolve) => settle.set(n, resolve));
      answered.add(n);
      return n;
    };
    const settle = new Map<number, () => void>();
    const source = 'return await Promise.all(Array.from({ length: 2000 }, (_, i) => $ext.a.call(i)))';
    const run = runtime.run(source, ANYTHING, { extensions: { a: { call } }, maxCalls: 2000, signal: stop.signal });
    while (settle.size < 2000) await new Promise(setImmediate);
    stop.abort();
    expect((await run).error?.code).toBe('CANCELLED');
    while (answered.size < 2000) await new Promise(setImmediate);
    expect(aborted).toEqual([]);
  });

  it('a run that waits with thousands of calls lets the event loop turn while they are begun, and gets every answer', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    let turns = 0;
    let isOver = false;
    let begunAt = 0;
    let lastAt = 0;
    const call = (n: number) => {
      if (n === 0) begunAt = turns;
      lastAt = turns;
      return n;
    };
    const turn = () => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    turn();
    const source =
      'const all = await Promise.all(Array.from({ length: 9000 }, (_, i) => $ext.a.call(i))); return all.reduce((a, b) => a + b, 0)';
    const { returnValue, error } = await runtime.run(source, ANYTHING, {
      extensions: { a: { call } },
      timeoutMs: 30_000,
      maxCalls: Number.POSITIVE_INFINITY,
    });
    isOver = true;
    expect(error).toBeUndefined();
    expect(returnValue).toBe((9000 * 8999) / 2);
    expect(lastAt - begunAt).toBeGreaterThan(1);
  });
});
