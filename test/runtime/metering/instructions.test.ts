import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import type { WasmContext } from '#src/api/context.js';
import type { NexusRuntime, WasmResult } from '#src/index.js';
import { ENDLESS, withRuntime } from '../../support/runtime-helpers.js';
import { PROGRAMS } from './programs.js';

const CONTEXT: WasmContext = {
  stateSnapshot: { o: {} },
  capabilities: ['state:read:*', 'state:write:n', 'ext:host'],
  extensionRegistry: { host: ['next'] },
};
/** Computes before, between and after what it waits for; no part of it is a multiple of 10,000. */
const WAITING = `
  const spin = (n) => { for (let i = 0; i < n; i++); };
  spin(3_333);
  let sum = 0;
  for (let i = 0; i < 5; i++) { sum += await $ext.host.next(i); spin(7_777); }
  return sum`;

const instructionsOf = ({ metrics }: WasmResult) => metrics.instructionCount;

describe('instructions', () => {
  it('are the same cold and warm, alone and beside others, on any of the workers, whoever listens', async () => {
    for (const options of [{}, { observer: { onLog: () => {}, onExecution: () => {} } }]) {
      await withRuntime({ maxInstances: 2, minInstances: 2, ...options }, async (runtime) => {
        const execute = (code: string, tenant: string) => runtime.executeHandler(code, CONTEXT, { tenant });
        for (const [name, code, instructions] of PROGRAMS) {
          for (let time = 0; time < 5; time++) {
            expect([name, instructionsOf(await execute(code, 'alone'))]).toEqual([name, instructions]);
          }
        }
        const together = PROGRAMS.flatMap((program) => [1, 2, 3].map((tenant) => [program, tenant] as const));
        const results = await Promise.all(together.map(([[, code], tenant]) => execute(code, `${tenant}`)));
        const counts = results.map((result, index) => [together[index]?.[0][0], instructionsOf(result)]);
        expect(counts).toEqual(together.map(([[name, , instructions]]) => [name, instructions]));
      });
    }
  });

  it('of a run are those of its segments, and those of a handler that is suspended and resumed elsewhere', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nexus-metering-'));
    const options = { maxInstances: 1, suspensionDir: directory };
    const extensions = { host: { next: async (i: number) => i } };
    try {
      const live = await withRuntime(options, async (runtime) => {
        const runs = await Promise.all([1, 2, 3].map(() => runtime.run(WAITING, CONTEXT, { extensions })));
        return runs.map(instructionsOf);
      });
      expect(new Set(live).size).toBe(1);

      const first = await withRuntime(options, (runtime) => runtime.executeHandler(WAITING, CONTEXT));
      let sum = instructionsOf(first);
      let last = first;
      while (last.suspension !== undefined) {
        const { suspensionId, args } = last.suspension;
        const answer = { success: true, value: args[0] } as const;
        last = await withRuntime(options, (runtime) => runtime.resumeHandler(suspensionId, answer));
        sum += instructionsOf(last);
      }
      expect(last).toMatchObject({ status: 'success', returnValue: 10 });
      expect([sum]).toEqual([live[0]]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('maxInstructions', () => {
  const limited = (maxInstructions: number) => ({ limits: { maxInstructions } });

  it('ends a handler after the same instructions each time, with its effects and its place', async () => {
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      for (let time = 0; time < 3; time++) {
        const { status, error, stateMutations, metrics } = await runtime.executeHandler(
          '$state.n = 1;\nfor (;;) Math.abs(1);',
          CONTEXT,
          limited(50_000),
        );
        expect({ status, ...error }).toMatchObject({
          status: 'error',
          code: 'RESOURCE_LIMIT',
          location: { line: 2 },
          context: { limit: 'maxInstructions', value: 50_000, used: 60_000, remedy: expect.any(String) },
        });
        expect(stateMutations).toMatchObject([{ key: 'n', value: 1 }]);
        expect(metrics.instructionCount).toBe(60_000);
      }
    });
  });

  it.each([
    ['async code that catches', 'for (;;) { try { await 0; for (;;); } catch {} }'],
    ['a finally block', 'const f = async () => { try { for (;;); } finally { for (;;); } }; await f()'],
    ['jobs', 'const f = () => Promise.resolve().then(f); await f()'],
    ['a regular expression', 'return /(a+)+b/.test("a".repeat(60))'],
    ['an accessor of what it returns', 'return { get x() { for (;;); } }'],
    ['an accessor that catches', 'return { get x() { for (;;) { try { for (;;); } catch {} } } }'],
    ['a feature that its bytecode does not name', 'globalThis["cons" + "ole"].log(1); for (;;);'],
  ])('cannot be evaded by %s', async (_, code) => {
    await withRuntime({ maxInstances: 1, timeoutMs: 60_000 }, async (runtime) => {
      const { error } = await runtime.executeHandler(code, CONTEXT, limited(100_000));
      expect(error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxInstructions' } });
    });
  });

  it('is no error for a handler that stays below it', async () => {
    await withRuntime({ maxInstances: 1, maxInstructions: 5_000_000 }, async (runtime) => {
      for (const [name, code] of PROGRAMS) {
        const { error } = await runtime.executeHandler(code, CONTEXT);
        expect([name, error?.context?.['limit']]).toEqual([name, undefined]);
      }
    });
  });

  it('counts all segments, of a run and of one that is resumed', async () => {
    const code = 'for (;;) { for (let i = 0; i < 7_777; i++); await $ext.host.next(); }';
    const extensions = { host: { next: async () => 1 } };
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const live = await runtime.run(code, CONTEXT, { extensions, ...limited(100_000) });
      expect(live.error).toMatchObject({
        code: 'RESOURCE_LIMIT',
        context: { limit: 'maxInstructions', value: 100_000 },
      });

      const { used, segments } = await resumeToTheEnd(runtime, code, limited(100_000));
      expect(used).toBe(live.error?.context?.['used']);
      expect(used).toBeGreaterThan(100_000);
      expect(used).toBeLessThanOrEqual(110_000);
      expect(segments).toBeGreaterThan(3);
    });
  });

  async function resumeToTheEnd(runtime: NexusRuntime, code: string, options: object) {
    let last = await runtime.executeHandler(code, CONTEXT, options);
    let segments = 1;
    while (last.suspension !== undefined) {
      last = await runtime.resumeHandler(last.suspension.suspensionId, { success: true, value: 1 });
      segments++;
    }
    expect(last.error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit: 'maxInstructions' } });
    return { used: Number(last.error?.context?.['used']), segments };
  }

  it.each([
    [-1, 'a whole number'],
    [1.5, 'a whole number'],
    [Number.NaN, 'a whole number'],
  ])('of %s is an error that names it', async (maxInstructions, expected) => {
    await withRuntime({ maxInstances: 1, maxInstructions: 1_000_000 }, async (runtime) => {
      const rejected = runtime.executeHandler('return 1', {}, limited(maxInstructions));
      await expect(rejected).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        context: { field: 'limits.maxInstructions', expected: expect.stringContaining(expected) },
      });
      // No more than the runtime has.
      await expect(runtime.executeHandler('return 1', {}, limited(2_000_000))).rejects.toThrow('limitCeilings');
    });
  });
});

describe('maxCpuMs', () => {
  it('ends a handler that is stopped by it before its timeoutMs, by each layer', async () => {
    await withRuntime({ maxInstances: 1, maxCpuMs: 50 }, async (runtime) => {
      for (const code of [ENDLESS, 'for (;;) await 0', 'return "a".repeat(2e6).indexOf("a".repeat(1e6) + "b")']) {
        const { error } = await runtime.executeHandler(code);
        expect(error).toMatchObject({
          code: 'TIMEOUT',
          message: expect.stringContaining('maxCpuMs (50 ms)'),
          context: { limit: 'maxCpuMs', value: 50, used: expect.any(Number), layer: expect.any(String) },
        });
      }
    });
  });

  it('counts the segments of a run together and does not count waiting', async () => {
    const code = 'for (;;) { const end = Date.now() + 20; while (Date.now() < end); await $ext.host.next(); }';
    let calls = 0;
    const next = () => new Promise((resolve) => setTimeout(resolve, ++calls === 1 ? 600 : 0));
    await withRuntime({ maxInstances: 1, timeoutMs: 10_000 }, async (runtime) => {
      const result = await runtime.run(code, CONTEXT, { extensions: { host: { next } }, limits: { maxCpuMs: 500 } });
      expect(result.error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'maxCpuMs', value: 500 } });
      // The first call alone took longer.
      expect(calls).toBeGreaterThan(1);
      expect(Number(result.error?.context?.['used'])).toBeGreaterThanOrEqual(500);
    });
  });

  it('is a limit on handlers of many short segments, too: one that has used it up is not resumed', async () => {
    const code = 'for (;;) { const end = Date.now() + 2; while (Date.now() < end); await $ext.host.next(); }';
    await withRuntime({ maxInstances: 1 }, async (runtime) => {
      const result = await runtime.run(code, CONTEXT, {
        extensions: { host: { next: async () => 1 } },
        limits: { maxCpuMs: 20 },
        maxCalls: 1_000,
      });
      expect(result.error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'maxCpuMs', value: 20 } });
    });
  });

  it('leaves a timeoutMs that ends first as it is', async () => {
    await withRuntime({ maxInstances: 1, maxCpuMs: 60_000, timeoutMs: 30 }, async (runtime) => {
      const { error } = await runtime.executeHandler(ENDLESS);
      expect(error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'timeoutMs', value: 30 } });
    });
  });
});
