import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type SegmentEffects } from '#src/index.js';

import { ANYTHING, rejection } from '../../suspension/resume-helpers.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 2, killGraceMs: 50 });
});
afterAll(() => runtime.shutdown());

describe('run', () => {
  it('answers the calls of a handler until it ends, with all effects in order', async () => {
    const extensions = { math: { double: async (n: number) => n * 2, add: (a: number, b: number) => a + b } };
    const told: SegmentEffects[] = [];
    const result = await runtime.run(
      '$log("start"); let n = 1; for (let i = 0; i < 3; i++) { n = await $ext.math.double(n); $state.n = n; $emit("n", n) } return $ext.math.add(n, 1)',
      ANYTHING,
      { extensions, onEffects: (effects) => void told.push(effects) },
    );
    expect(result).toMatchObject({ status: 'success', returnValue: 9, logs: [{ message: 'start' }] });
    expect(result.stateMutations.map(({ value }) => value)).toEqual([2, 4, 8]);
    expect(told.map(({ events }) => events.map(({ payload }) => payload))).toEqual([[], [2], [4], [8], []]);
    expect(told.flatMap(({ events }) => events)).toEqual(result.events);
    expect(result.suspension).toBeUndefined();
    expect(result.unawaitedCalls).toBeUndefined();
  });

  it('takes an artifact as well, and stores no suspension', async () => {
    const artifact = await runtime.precompileHandler('return $ext.a.b()');
    const before = runtime.getStats().suspendedExecutions;
    const extensions = { a: { b: () => runtime.getStats().suspendedExecutions } };
    expect((await runtime.run(artifact, ANYTHING, { extensions })).returnValue).toBe(before);
  });

  it('makes calls at the same time at the same time, and goes on with whichever is answered', async () => {
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const begun: string[] = [];
    const extensions = {
      a: {
        first: async () => {
          begun.push('first');
          await gate;
          return 1;
        },
        second: () => {
          begun.push('second');
          return 2;
        },
        release: () => {
          begun.push('release');
          open();
        },
      },
    };
    const code =
      'const order = []; const a = $ext.a.first().then((x) => order.push(x)); order.push(await $ext.a.second()); await $ext.a.release(); await a; return order';
    expect((await runtime.run(code, ANYTHING, { extensions })).returnValue).toEqual([2, 1]);
    expect(begun).toEqual(['first', 'second', 'release']);
  });

  it('makes each call once, though it waits through many segments, and warns of no leak', async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => void warnings.push(message);
    process.on('warning', onWarning);
    let made = 0;
    const extensions = {
      a: {
        b: async (turns: number) => {
          made++;
          for (let i = 0; i < turns; i++) await new Promise(setImmediate);
          return turns;
        },
      },
    };
    const code =
      'const all = await Promise.all(Array.from({ length: 40 }, (_, i) => $ext.a.b(i * 3))); return all.length';
    const result = await runtime.run(code, ANYTHING, { extensions });
    await new Promise(setImmediate);
    process.off('warning', onWarning);
    expect(result.returnValue).toBe(40);
    expect(made).toBe(40);
    expect(warnings).toEqual([]);
  });

  it('keeps as many effects as one segment may have', async () => {
    const limits = { maxEvents: 200_000, maxHostCalls: 200_000 };
    await using roomy = await createRuntime({ cacheDir: false, maxInstances: 1, ...limits });
    const result = await roomy.run('for (let i = 0; i < 150_000; i++) $emit("e", i)', ANYTHING);
    expect(result.events).toHaveLength(150_000);
  });

  it('counts time, memory and calls over all segments', async () => {
    const busy = 'for (const end = Date.now() + 30; Date.now() < end;);';
    const durations: number[] = [];
    await using observed = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const code = `${busy} await $ext.a.b(); ${busy} await $ext.a.b(); ${busy} return 1`;
    await observed.executeHandler('return 1');
    await observed.precompileHandler(code);
    const { metrics } = await observed.run(code, ANYTHING, {
      extensions: { a: { b: () => {} } },
      onEffects: () => void durations.push(0),
    });
    expect(durations).toHaveLength(3);
    // The handler itself saw to it that each of the three took that long.
    expect(metrics.durationUs).toBeGreaterThanOrEqual(3 * 29_000);
    expect(metrics).toMatchObject({ hostCalls: 2, cacheHit: true, cacheTier: 'memory' });
    expect(metrics.instructionCount).toBeGreaterThan(0);
  });
});

describe('options of run', () => {
  it.each([
    ['extensions', { extensions: 5 }],
    ['extensions.a', { extensions: { a: () => 1 } }],
    ['onEffects', { onEffects: 5 }],
    ['deadlineMs', { deadlineMs: 0 }],
    ['deadlineMs', { deadlineMs: Number.NaN }],
    ['callTimeoutMs', { callTimeoutMs: Number.POSITIVE_INFINITY }],
    ['timeoutMs', { timeoutMs: -1 }],
    ['signal', { signal: {} }],
  ])('options of run that are wrong are INVALID_ARGUMENT: %s', async (field, options) => {
    const error = await rejection(runtime.run('return 1', {}, options as object));
    expect([error.code, error.context['field']]).toEqual(['INVALID_ARGUMENT', field]);
  });

  it('options of run that are unknown are INVALID_ARGUMENT', async () => {
    expect((await rejection(runtime.run('return 1', {}, { deadlineMS: 5 } as object))).code).toBe('INVALID_ARGUMENT');
  });
});
