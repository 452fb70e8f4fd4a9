import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type WasmResult } from '#src/index.js';
import { runHandler } from '#src/testing/index.js';

import { ANYTHING, suspensionOf } from './resume-helpers.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
});
afterAll(() => runtime.shutdown());

const extensions = {
  a: {
    ok: async (value: unknown) => value,
    fail: async () => {
      throw new Error('it failed');
    },
    slow: (value: unknown) => new Promise((resolve) => setImmediate(() => setImmediate(() => resolve(value)))),
  },
};

/** What a program does, and what comes of it, in whichever way it is executed. */
interface Case {
  readonly name: string;
  readonly source: string;
  readonly value?: unknown;
  readonly events?: readonly unknown[];
  readonly error?: RegExp;
  readonly unawaited?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: 'callbacks of forEach run to their end',
    source:
      '[1, 2].forEach(async (x) => { const v = await $ext.a.ok(x); $emit("e", v); $emit("e", await $ext.a.ok(v + 10)) }); return 5',
    value: 5,
    events: [1, 2, 11, 12],
  },
  { name: 'a then runs', source: '$ext.a.ok(1).then((v) => $emit("e", v)); return 5', value: 5, events: [1] },
  {
    name: 'a handler that is no async function is waited for as well',
    source: '[3].map((x) => $ext.a.ok(x).then((v) => { $emit("e", v) })); return "ended"',
    value: 'ended',
    events: [3],
  },
  {
    name: 'a rejection without a handler is an error',
    source: '$ext.a.fail().then((v) => v); return 5',
    error: /it failed/,
  },
  {
    name: 'a rejection that is handled before the handler has ended is not an error',
    source: 'const p = $ext.a.fail(); await $ext.a.ok(1); p.catch((e) => $emit("e", e.message)); return 5',
    value: 5,
    events: ['it failed'],
  },
  {
    name: 'what a finished generator awaits runs before what follows',
    source:
      'async function* g() { try { yield 1 } finally { await $ext.a.ok(1); $emit("e", "closed") } } for await (const x of g()) break; $emit("e", "after"); return 1',
    value: 1,
    events: ['closed', 'after'],
  },
  {
    name: 'the loser of a race that was begun in an earlier segment is left behind',
    source:
      'const r = await Promise.race([$ext.a.ok(1), $ext.a.slow(2).then((x) => $emit("e", x))]); $ext.a.ok(3).then((x) => $emit("e", x)); return r',
    value: 1,
    events: [3],
    unawaited: ['c2'],
  },
  {
    name: 'a handler that fails leaves its calls behind',
    source: '$ext.a.ok(1).then((v) => $emit("e", v)); throw new Error("it threw")',
    error: /it threw/,
    unawaited: ['c1'],
  },
];

/** The loop that an application writes around executeHandler: answers to one call after the other. */
async function byHand(source: string): Promise<WasmResult> {
  const events: WasmResult['events'][number][] = [];
  let result = await runtime.executeHandler(source, { ...ANYTHING, extensionRegistry: extensions });
  for (;;) {
    events.push(...result.events);
    if (result.status !== 'suspended') return { ...result, events };
    const { suspensionId, calls } = suspensionOf(result);
    const [{ callId, method, args }] = calls as [(typeof calls)[number]];
    const answer = await extensions.a[method as keyof typeof extensions.a](args[0]).then(
      (value) => ({ callId, success: true, value }) as const,
      (error: unknown) => ({ callId, success: false, error }) as const,
    );
    result = await runtime.resumeHandler(suspensionId, [answer]);
  }
}

describe.each([
  ['run', (source: string) => runtime.run(source, ANYTHING, { extensions })],
  ['executeHandler and resumeHandler', byHand],
  ['the test kit', (source: string): Promise<WasmResult> => runHandler(source, { ...ANYTHING, ext: extensions })],
])('work that a handler does not await, with %s', (_, execute) => {
  it.each(CASES)('$name', async ({ source, value, events = [], error, unawaited }) => {
    const result = await execute(source);
    if (error === undefined) expect(result).toMatchObject({ status: 'success', returnValue: value });
    else expect(result.error?.message).toMatch(error);
    expect(result.events.map(({ payload }) => payload)).toEqual(events);
    expect(result.unawaitedCalls?.map(({ callId }) => callId)).toEqual(unawaited);
  });
});

it('a call that a race left behind is listed as soon as the handler has ended, and an answer to it is refused', async () => {
  const source =
    'const r = await Promise.race([$ext.a.ok(1), $ext.a.slow(2)]); $ext.a.ok(3).then((x) => $emit("e", x)); return r';
  const begun = await runtime.executeHandler(source, ANYTHING);
  expect(begun.unawaitedCalls).toBeUndefined();
  const { suspensionId } = suspensionOf(begun);
  const ended = await runtime.resumeHandler(suspensionId, [{ callId: 'c1', success: true, value: 1 }]);
  const left = [{ callId: 'c2', extensionName: 'a', method: 'slow', args: [2] }];
  expect(ended).toMatchObject({ status: 'suspended', unawaitedCalls: left });
  const next = suspensionOf(ended);
  expect(next.calls.map(({ callId }) => callId)).toEqual(['c3']);
  expect(await runtime.resumeHandler(suspensionId, [])).toMatchObject({ replayed: true, unawaitedCalls: left });
  for (const id of [suspensionId, next.suspensionId]) {
    const late = runtime.resumeHandler(id, [{ callId: 'c2', success: true, value: 2 }]);
    await expect(late).rejects.toMatchObject({ code: 'SUSPENSION_SETTLED', context: { settledCallIds: ['c2'] } });
  }
  const last = await runtime.resumeHandler(next.suspensionId, [{ callId: 'c3', success: true, value: 3 }]);
  expect(last).toMatchObject({ status: 'success', returnValue: 1, events: [{ payload: 3 }], unawaitedCalls: left });
});

describe("unawaited: 'wait'", () => {
  it('waits for calls of earlier segments as well', async () => {
    const source = 'const r = await Promise.race([$ext.a.ok(1), $ext.a.slow(2).then((x) => $emit("e", x))]); return r';
    const result = await runtime.run(source, ANYTHING, { extensions, unawaited: 'wait' });
    expect(result).toMatchObject({ status: 'success', returnValue: 1, events: [{ payload: 2 }] });
    expect(result.unawaitedCalls).toBeUndefined();
  });

  it('is refused with another value, by name', async () => {
    const given = { extensions, unawaited: 'always' as 'wait' };
    await expect(runtime.run('return 1', {}, given)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('a run without bounds of its own', () => {
  it('ends after 1,000 calls', async () => {
    const result = await runtime.run('$emit("e"); while (true) await $ext.a.ok()', ANYTHING, { extensions });
    expect(result).toMatchObject({
      status: 'error',
      error: { code: 'RESOURCE_LIMIT', context: { limit: 'maxCalls', value: 1_000 } },
      events: [{ name: 'e' }],
    });
    expect(result.metrics.hostCalls).toBeGreaterThanOrEqual(1_000);
  });

  it('makes none of the calls that are one too many together', async () => {
    let made = 0;
    const counting = { a: { b: () => made++ } };
    const source = 'await $ext.a.b(); await Promise.all([$ext.a.b(), $ext.a.b(), $ext.a.b()])';
    const result = await runtime.run(source, ANYTHING, { extensions: counting, maxCalls: 3 });
    expect(result.error).toMatchObject({ code: 'RESOURCE_LIMIT', context: { value: 3 } });
    expect(made).toBe(1);
  });

  it.each([-1, 1.5, 'many', Number.NaN])('refuses maxCalls %s', async (maxCalls) => {
    const given = { extensions, maxCalls: maxCalls as number };
    await expect(runtime.run('return 1', {}, given)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('a handler that waits where the caller keeps none', () => {
  it('is an error that names the method and the remedy, with the effects', async () => {
    const options = { suspensions: false };
    const result = await runtime.executeHandler('$emit("e"); await $ext.a.ok(1)', ANYTHING, options);
    expect(result).toMatchObject({
      status: 'error',
      error: { code: 'EXECUTION_ERROR', context: { option: 'suspensions', methods: ['a.ok'] } },
      events: [{ name: 'e' }],
    });
    expect(result.suspension).toBeUndefined();
  });

  it('does not disturb one that waits for nothing', async () => {
    const result = await runtime.executeHandler('return 1', ANYTHING, { suspensions: false });
    expect(result.returnValue).toBe(1);
  });
});

describe('a first suspension', () => {
  it('is warned of once, where the caller names no extensions', async () => {
    const warnings: string[] = [];
    const observer = { onWarning: ({ code }: { code: string }) => void warnings.push(code) };
    await using fresh = await createRuntime({ cacheDir: false, maxInstances: 1, observer });
    await fresh.executeHandler('await $ext.a.b()', { ...ANYTHING, extensionRegistry: { a: ['b'] } });
    expect(warnings).toEqual([]);
    await fresh.executeHandler('await $ext.a.b()', ANYTHING);
    await fresh.executeHandler('await $ext.a.b()', ANYTHING);
    expect(warnings).toEqual(['NEXUS_SUSPENDED']);
  });
});
