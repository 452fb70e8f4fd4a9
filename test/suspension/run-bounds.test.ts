import { createRuntime, type RunOptions } from 'nexus-runtime';
import { describe, expect, it } from 'vitest';

import { ANYTHING } from './driving.js';

/** An extension that answers when it is told to. */
function answering() {
  const resolvers: (() => void)[] = [];
  const later = () => new Promise<string>((resolve) => resolvers.push(() => resolve('later')));
  return { options: { extensions: { a: { later, calls: () => 1 } } } satisfies RunOptions, resolvers };
}
const WAITS = '$emit("begun"); return await $ext.a.later()';

describe('a run that waits', () => {
  it('takes a place among all that wait: one more ends with RESOURCE_LIMIT and its effects', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1, maxSuspensions: 3 });
    const { options, resolvers } = answering();
    const waiting = [1, 2, 3].map(() => runtime.run(WAITS, ANYTHING, options));
    while (resolvers.length < 3) await new Promise(setImmediate);
    expect(runtime.getStats().suspensionStore.waiting).toBe(3);

    const refused = await runtime.run(WAITS, ANYTHING, options);
    expect(refused).toMatchObject({ status: 'error', events: [{ name: 'begun' }] });
    expect(refused.error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxSuspensions', value: 3 } });

    for (const resolve of resolvers.splice(0)) resolve();
    for (const result of await Promise.all(waiting)) expect(result).toMatchObject({ returnValue: 'later' });
    expect(runtime.getStats().suspensionStore.waiting).toBe(0);
  });

  it('gives its place back however it ends', async () => {
    await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1, maxSuspensions: 1 });
    const { options } = answering();
    const stop = new AbortController();
    const cancelled = runtime.run(WAITS, ANYTHING, { ...options, signal: stop.signal });
    while (runtime.getStats().suspensionStore.waiting === 0) await new Promise(setImmediate);
    stop.abort();
    expect((await cancelled).error?.code).toBe('CANCELLED');
    const late = await runtime.run(WAITS, ANYTHING, { ...options, deadlineMs: 50 });
    expect(late.error?.code).toBe('TIMEOUT');
    const failed = await runtime.run('await $ext.a.later2()', ANYTHING, options);
    expect(failed.status).toBe('error');
    expect(runtime.getStats().suspensionStore.waiting).toBe(0);
  });

  it('with thousands of calls lets the event loop turn while they are begun, and gets every answer', async () => {
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
    });
    isOver = true;
    expect(error).toBeUndefined();
    expect(returnValue).toBe((9000 * 8999) / 2);
    expect(lastAt - begunAt).toBeGreaterThan(1);
  });
});
