import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { NexusError } from '#src/errors/nexus-error.js';
import { createRuntime } from '#src/runtime/runtime.js';
import { createTestRuntime, TestClock } from '#src/testing/index.js';
import { testRuntime } from './runtime.js';

const runtime = await testRuntime();

describe('a test runtime', () => {
  it('is a runtime: compiles, caches, counts', async () => {
    const own = await testRuntime();
    const results = [await own.executeHandler('return 7'), await own.executeHandler('return 7')];
    expect(results.map(({ returnValue, metrics }) => [returnValue, metrics.cacheHit])).toEqual([
      [7, false],
      [7, true],
    ]);
    expect(own.getStats()).toMatchObject({ totalExecutions: 2, availableInstances: 1, activeInstances: 0 });
    expect(await own.getPrometheusMetrics()).toContain('nexus_handler_executions_total{status="success"} 2');
    expect(await own.warmup(['return 1', 'return ('])).toMatchObject({
      instances: 1,
      loaded: 1,
      failures: [{ index: 1 }],
    });
  });

  it('finds on disk what a runtime with workers compiled, and the other way round', async () => {
    const cacheDir = await mkdtemp(join(tmpdir(), 'nexus-testing-'));
    try {
      for (const [create, cacheHit] of [
        [createRuntime, false],
        [createTestRuntime, true],
        [createRuntime, true],
      ] as const) {
        const own = await create({ cacheDir });
        expect((await own.executeHandler('return 1 + 1')).metrics.cacheHit).toBe(cacheHit);
        await own.shutdown();
      }
      expect((await readdir(join(cacheDir, 'v2'))).filter((name) => name.endsWith('.qjsc'))).toHaveLength(1);
    } finally {
      await rm(cacheDir, { recursive: true, force: true });
    }
  });

  it('has real time, randomness and ids with deterministic: false, and takes neither now nor seed then', async () => {
    const before = Date.now();
    const own = await createTestRuntime({ cacheDir: false, deterministic: false });
    const ask = async () => (await own.executeHandler('return [Date.now(), Math.random()]')).returnValue as number[];
    const [[now = 0, first], [, second]] = [await ask(), await ask()] as const;
    expect(now).toBeGreaterThanOrEqual(before);
    expect(first).not.toBe(second);
    const { suspension } = await own.executeHandler('await $ext.a.b()', { capabilities: ['ext:a'] });
    expect(suspension?.suspensionId).not.toContain('run-0000');
    await own.shutdown();
    for (const option of [{ now: 0 }, { seed: 1 }]) {
      await expect(createTestRuntime({ deterministic: false, ...option })).rejects.toMatchObject({
        code: 'INVALID_CONFIG',
      });
    }
  });

  it('gives the results of a runtime with workers', async () => {
    const other = await createRuntime({ cacheDir: false });
    const sources = [
      'return [$args, new Date(0), new Set([1]), 10n]',
      'throw new TypeError("no")',
      'Promise.reject(new Error("nobody"))',
      'await new Promise(() => {})',
      'return () => {}',
      'return (',
      '$state.n++; $emit("x", $state.n); $log("n", $state.n)',
      'const deep = (n) => n === 0 ? 0 : deep(n - 1); return deep(1e6)',
      'return new Uint8Array(33 * 1024 * 1024)',
    ];
    try {
      for (const source of sources) {
        const context = {
          args: { a: -0 },
          stateSnapshot: { n: 1 },
          capabilities: ['state:read:*', 'events:emit:*'],
        } as const;
        const [ours, theirs] = await Promise.all(
          [runtime, other].map((each) => each.executeHandler(source, context, { seed: 1, now: 0 })),
        );
        const { metrics: _, ...here } = ours ?? {};
        const { metrics: __, ...there } = theirs ?? {};
        expect([source, here]).toEqual([source, there]);
      }
    } finally {
      await other.shutdown();
    }
  });

  it('has libraries, artifacts and suspensions', async () => {
    const own = await testRuntime({ libraries: { twice: { source: 'module.exports = (n) => n * 2' } } });
    expect((await own.runHandler('return $lib.twice(4)')).returnValue).toBe(8);
    const artifact = await own.precompileHandler('return $args + (await $ext.x.y())');
    const capabilities = ['ext:x.y'] as const;
    const waiting = await own.executeCompiledHandler(artifact, { args: 1, capabilities }, 1_000);
    const id = waiting.suspension?.suspensionId ?? '';
    expect((await own.resumeHandler(id, { success: true, value: 2 }, 1_000)).returnValue).toBe(3);
    const run = await own.run(artifact, { args: 3, capabilities }, { extensions: { x: { y: () => 4 } } });
    expect(run.returnValue).toBe(7);
  });

  it('says what is wrong with a library', async () => {
    const broken = createTestRuntime({ cacheDir: false, libraries: { broken: { source: 'throw new Error("no")' } } });
    await expect(broken).rejects.toMatchObject({ code: 'INVALID_CONFIG', context: { option: 'libraries.broken' } });
  });

  it('lets its own options be checked', async () => {
    await expect(createTestRuntime({ now: 'today' as never })).rejects.toThrow('now is "today"');
    await expect(createTestRuntime({ seed: 'x' as never })).rejects.toBeInstanceOf(NexusError);
    await expect(createTestRuntime({ cachDir: '.' } as never)).rejects.toThrow('Did you mean cacheDir?');
  });

  it('is cancelled by a signal before it executes, and by one that an observer of the handler fires', async () => {
    const early = await runtime.executeHandler('return 1', {}, { signal: AbortSignal.abort(new Error('early')) });
    expect(early.error).toMatchObject({ code: 'CANCELLED' });
    const controller = new AbortController();
    const late = runtime.executeHandler('return 1', {}, { signal: controller.signal });
    controller.abort(new Error('late'));
    expect((await late).error?.message).toContain('late');
  });

  it('does nothing more when it is shut down', async () => {
    const own = await createTestRuntime({ cacheDir: false });
    const running = own.executeHandler('return 1');
    await own.shutdown();
    expect((await running).returnValue).toBe(1);
    await expect(own.runHandler('return 1')).rejects.toMatchObject({ code: 'RUNTIME_CLOSED' });
    await expect(own.warmup()).rejects.toMatchObject({ code: 'RUNTIME_CLOSED' });
  });

  it('ends the worker that it needed for its stack', async () => {
    const own = await createTestRuntime({ cacheDir: false });
    const code = 'let depth = 0; const go = () => { depth++; go(); }; try { go(); } catch {} return depth;';
    const depths = [await own.runHandler(code), await own.runHandler(code)].map(({ returnValue }) => returnValue);
    expect(depths[0]).toBe(depths[1]);
    expect(own.getStats().retirements).toMatchObject({ poisoned: 2 });
    await own.shutdown();
  });
});

describe('the clock', () => {
  it('stands until it is moved', () => {
    const clock = new TestClock(new Date(5));
    clock.advance(10);
    expect(clock.now()).toBe(15);
    clock.set(3);
    expect(clock.now()).toBe(3);
  });

  it('does not go back by itself, and takes times only', () => {
    const clock = new TestClock();
    expect(() => clock.advance(-1)).toThrow('ms is -1; it must be a number of milliseconds from 0');
    expect(() => clock.set(new Date(Number.NaN))).toThrow('a valid Date');
  });
});
