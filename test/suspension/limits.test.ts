import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type ExecutionLimits, type NexusRuntime, type WasmResult } from '#src/index.js';

import { ANYTHING, answer, finish, type Pace, rejection, suspensionOf } from './resume-helpers.js';

const MIB = 1024 ** 2;

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, killGraceMs: 50 });
});
afterAll(() => runtime.shutdown());

async function limited(
  code: string,
  limits: Partial<Omit<ExecutionLimits, 'timeoutMs'>>,
  pace: Pace = 'all at once',
): Promise<WasmResult[]> {
  return finish(runtime, await runtime.executeHandler(code, ANYTHING, { limits }), () => answer(1), pace);
}

describe('counted limits go on over a suspension', () => {
  it.each([
    ['maxEvents', 3, '$emit("e")'],
    ['maxStateMutations', 3, '$state["k" + i] = i'],
    ['maxViewCommands', 3, '$view.focus("c")'],
    ['maxHostCalls', 4, '$log("x")'],
  ] as const)('%s', async (limit, value, effect) => {
    const code = (before: number, after: number) =>
      `let i = 0; for (; i < ${before}; i++) ${effect}; await $ext.a.b(); for (; i < ${before + after}; i++) ${effect}`;
    const within = await limited(code(2, 1), { [limit]: value });
    expect(within.at(-1)?.error).toBeUndefined();
    const beyond = await limited(code(2, 2), { [limit]: value });
    expect(beyond.map(({ status }) => status)).toEqual(['suspended', 'error']);
    expect(beyond.at(-1)?.error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { limit, value } });
    const effects = beyond.map(({ events, stateMutations, viewCommands, logs }) =>
      [events, stateMutations, viewCommands, logs].reduce((sum, { length }) => sum + length, 0),
    );
    expect(effects).toEqual([2, 1]);
  });

  it('maxStateMutations, for what is changed inside', async () => {
    const code = '$state.a = [1]; $state.b = [1]; const { a, b } = $state; await $ext.a.b(); a.push(2); b.push(2)';
    expect((await limited(code, { maxStateMutations: 4 })).at(-1)?.error).toBeUndefined();
    expect((await limited(code, { maxStateMutations: 3 })).at(-1)?.error).toMatchObject({
      code: 'RESOURCE_LIMIT',
      context: { limit: 'maxStateMutations', value: 3 },
    });
  });

  it('a call counts once, however often it is suspended with', async () => {
    const code = 'await Promise.all(Array.from({ length: 6 }, (_, i) => $ext.a.b(i))); return "all"';
    for (const pace of ['one by one', 'last first'] satisfies Pace[]) {
      const results = await limited(code, { maxHostCalls: 6 }, pace);
      expect(results.at(-1)).toMatchObject({ status: 'success', returnValue: 'all' });
      expect(results.map(({ metrics }) => metrics.hostCalls)).toEqual([6, 0, 0, 0, 0, 0, 0]);
    }
    const beyond = await limited(`${code.replace('return', 'await $ext.a.b(7); return')}`, { maxHostCalls: 6 });
    expect(beyond.at(-1)?.error).toMatchObject({ code: 'RESOURCE_LIMIT', location: { line: 1 } });
  });
});

describe('capabilities', () => {
  it('go on over a suspension, and no further', async () => {
    const begun = await runtime.executeHandler(
      'await $ext.a.b(); $state.own = 1; try { $state.other = 1 } catch (e) { $log(e.code) } await $ext.a.c()',
      { capabilities: ['ext:a.b', 'state:write:own'] },
    );
    const ended = await runtime.resumeHandler(suspensionOf(begun).suspensionId, answer());
    expect(ended).toMatchObject({
      status: 'error',
      error: { code: 'PERMISSION_DENIED', context: { capability: 'ext:a.c' } },
      stateMutations: [{ operation: 'set', key: 'own', value: 1 }],
      logs: [{ message: 'PERMISSION_DENIED' }],
    });
  });

  it('are told to the audit, each call in the segment that makes it', async () => {
    const told: unknown[] = [];
    const observer = {
      onAudit: ({ capability, uses }: { capability: string; uses: number }) => told.push(capability, uses),
    };
    await using audited = await createRuntime({ cacheDir: false, maxInstances: 1, observer });
    const begun = await audited.executeHandler('await Promise.all([$ext.a.b(), $ext.a.c()]); $emit("e")', ANYTHING);
    await finish(audited, begun, () => answer(), 'one by one');
    expect(told).toEqual(['ext:a.b', 1, 'ext:a.c', 1, 'events:emit:e', 1]);
  });
});

describe('time', () => {
  it('is counted for each segment', async () => {
    const busy = (ms: number) => `for (const end = Date.now() + ${ms}; Date.now() < end;);`;
    const code = `${busy(400)} await $ext.a.b(); ${busy(400)} await $ext.a.b(); ${busy(400)} return 1`;
    const results = await finish(runtime, await runtime.executeHandler(code, ANYTHING, 1_100), () => answer());
    expect(results.at(-1)?.returnValue).toBe(1);
  });

  it('can be given anew, for one segment', async () => {
    const code = 'await $ext.a.b(); if ($args) while (true); await $ext.a.b(); while (true);';
    const begun = suspensionOf(await runtime.executeHandler(code, ANYTHING, 60_000));
    const second = suspensionOf(await runtime.resumeHandler(begun.suspensionId, answer()));
    const ended = await runtime.resumeHandler(second.suspensionId, answer(), 50);
    expect(ended.error).toMatchObject({ code: 'TIMEOUT', context: { value: 50 } });
  });

  it.each([
    0,
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ])('cannot be %s, and the handler waits on', async (timeoutMs) => {
    const { suspensionId } = suspensionOf(await runtime.executeHandler('return await $ext.a.b()', ANYTHING));
    const error = await rejection(runtime.resumeHandler(suspensionId, answer(1), timeoutMs));
    expect([error.code, error.context['field']]).toEqual(['INVALID_ARGUMENT', 'timeoutMs']);
    expect((await runtime.resumeHandler(suspensionId, answer(2))).returnValue).toBe(2);
  });

  it('is all of them that a resume can change', async () => {
    const { suspensionId } = suspensionOf(await runtime.executeHandler('return await $ext.a.b()', ANYTHING));
    const options = { limits: { maxEvents: 5 } } as object;
    expect((await rejection(runtime.resumeHandler(suspensionId, answer(), options))).code).toBe('INVALID_ARGUMENT');
    expect((await runtime.inspectSuspension(suspensionId))?.state).toBe('suspended');
  });

  it('a native loop that takes too long ends the worker, and the handler has failed', async () => {
    const code = 'await $ext.a.b(); const a = "a".repeat(3e6) + "b"; return ("a".repeat(6e6)).indexOf(a)';
    const { suspensionId } = suspensionOf(await runtime.executeHandler(code, ANYTHING));
    const ended = await runtime.resumeHandler(suspensionId, answer(), 100);
    expect(ended.error).toMatchObject({ code: 'TIMEOUT', context: { layer: 'watchdog' } });
    expect((await runtime.inspectSuspension(suspensionId))?.state).toBe('failed');
    expect(await runtime.resumeHandler(suspensionId, answer())).toEqual({ ...ended, replayed: true });
    expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
  });
});

describe('memory and stack', () => {
  it('are bounded after a suspension as before', async () => {
    const hog = await limited('await $ext.a.b(); const all = []; for (;;) all.push(new Array(10000).fill(1))', {
      memoryLimitBytes: 16 * MIB,
    });
    expect(hog.at(-1)?.error).toMatchObject({ code: 'MEMORY_LIMIT' });
    const deep = await limited('await $ext.a.b(); const f = () => f() + 1; return f()', { stackSizeBytes: 64 * 1024 });
    expect(deep.at(-1)?.error).toMatchObject({ code: 'STACK_OVERFLOW', context: { value: 64 * 1024 } });
  });

  it('memory and stack of a handler with a large heap come back whole', async () => {
    const code =
      'const big = Array.from({ length: 60000 }, (_, i) => ({ i, text: "text " + i })); await $ext.a.b(); return big.reduce((sum, { i, text }) => sum + (text === "text " + i ? 1 : 0), 0)';
    const results = await limited(code, {});
    expect(results.at(-1)?.returnValue).toBe(60000);
  });

  it('memory beyond maxSuspensionBytes is a RESOURCE_LIMIT, with the effects', async () => {
    await using small = await createRuntime({ cacheDir: false, maxInstances: 1, maxSuspensionBytes: 20_000 });
    const noise = 'let x = 1; const noise = Array.from({ length: 20000 }, () => (x = (x * 48271) % 2147483647));';
    const context = { ...ANYTHING, handlerName: 'refresh' };
    const begun = await small.executeHandler(`$state.n = 1; ${noise} await $ext.a.b(); return noise`, context);
    const refused = {
      status: 'error',
      partial: true,
      error: {
        code: 'RESOURCE_LIMIT',
        context: { limit: 'maxSuspensionBytes', value: 20_000, handlerName: 'refresh' },
      },
      stateMutations: [{ operation: 'set', key: 'n', value: 1 }],
    };
    expect(begun).toMatchObject(refused);
    expect(begun.suspension).toBeUndefined();
    const later = await small.executeHandler(`await $ext.a.b(); $state.n = 1; ${noise} await $ext.a.b()`, context);
    const { suspensionId } = suspensionOf(later);
    expect(await small.resumeHandler(suspensionId, answer())).toMatchObject(refused);
    expect((await small.inspectSuspension(suspensionId))?.state).toBe('failed');
    expect(small.getStats().suspendedExecutions).toBe(0);
  });
});
