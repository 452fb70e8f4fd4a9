import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type WasmResult } from '#src/index.js';

import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { ANYTHING, rejection, suspensionOf } from './resume-helpers.js';

const RUNTIMES = 3;
/** More: `ANSWER_RACES=200 npx vitest run test/suspension/answer-races.test.ts`, and `npm run test:faults`. */
const RACES = Number(process.env['ANSWER_RACES'] ?? 14);

let runtimes: NexusRuntime[];
beforeAll(async () => {
  const suspensionStore = new MemoryStore();
  const options = { cacheDir: false, maxInstances: 1, suspensionStore } as const;
  runtimes = await Promise.all(Array.from({ length: RUNTIMES }, () => createRuntime(options)));
});
afterAll(() => Promise.all(runtimes.map((runtime) => runtime.shutdown())));

const SOURCE =
  'const answers = await Promise.all(Array.from({ length: $args }, (_, i) => $ext.a.b(i).then((v) => { $emit("used", v); return v }))); return answers';

/** Gives an answer to whichever suspension the run waits at, until it is used. */
async function deliver(runtime: NexusRuntime, suspensionId: string, callId: string, value: string) {
  let at = suspensionId;
  for (;;) {
    try {
      return await runtime.resumeHandler(at, [{ callId, success: true, value }]);
    } catch (error) {
      const { code, context } = error as { code: string; context: { currentSuspensionId?: string } };
      expect(code).toBe('SUSPENSION_SETTLED');
      expect(context).toMatchObject({ callIds: [callId], currentSuspensionId: expect.any(String) });
      at = context.currentSuspensionId as string;
    }
  }
}

it('answers to different calls of one suspension at the same time: each is used exactly once, from whichever runtime', async () => {
  for (let race = 0; race < RACES; race++) {
    const count = 2 + (race % 7);
    const runtime = runtimes[0] as NexusRuntime;
    const begun = await runtime.executeHandler(SOURCE, { ...ANYTHING, args: count, extensionRegistry: { a: ['b'] } });
    const { suspensionId, calls } = suspensionOf(begun);
    const tokens = calls.map(({ callId }, i) => `${race}:${callId}:${i}`);
    const results = await Promise.all(
      calls.map(({ callId }, i) =>
        deliver(runtimes[i % RUNTIMES] as NexusRuntime, suspensionId, callId, tokens[i] as string),
      ),
    );
    // No result is a recorded one: each came of its own answer.
    expect(results.filter(({ replayed }) => replayed)).toEqual([]);
    const used = results.flatMap(({ events }) => events.map(({ payload }) => payload));
    expect(used.sort()).toEqual([...tokens].sort());
    const ended = results.filter(({ status }) => status === 'success') as [WasmResult];
    expect(ended).toMatchObject([{ returnValue: tokens }]);
  }
}, 120_000);

it('the same answer from many: one is executed, all others are marked as replayed', async () => {
  const [runtime] = runtimes as [NexusRuntime];
  const { suspensionId } = suspensionOf(await runtime.executeHandler('$emit("e", await $ext.a.b())', ANYTHING));
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      (runtimes[i % RUNTIMES] as NexusRuntime).resumeHandler(suspensionId, { success: true, value: i }),
    ),
  );
  const executed = results.filter(({ replayed }) => !replayed);
  expect(executed).toHaveLength(1);
  for (const result of results) expect(result.events).toEqual(executed[0]?.events);
});

const ALL = 'return await Promise.all([$ext.a.b(), $ext.a.c(), $ext.a.d()])';
const to = (callId: string, value: unknown) => ({ callId, success: true, value }) as const;

/** A run that was resumed with the answers to c1 and c2, one after the other, and waits for c3. */
async function answeredTwice(runtime: NexusRuntime) {
  const first = suspensionOf(await runtime.executeHandler(ALL, ANYTHING)).suspensionId;
  const second = suspensionOf(await runtime.resumeHandler(first, [to('c1', 1)])).suspensionId;
  const third = suspensionOf(await runtime.resumeHandler(second, [to('c2', 2)])).suspensionId;
  return { first, second, third };
}

it('a duplicate of an answer that was used is told so at every suspension of the run, from whichever runtime', async () => {
  const [runtime, other] = runtimes as [NexusRuntime, NexusRuntime];
  const { first, second, third } = await answeredTwice(runtime);
  const settled = (suspensionId: string, callIds: string[]) => ({
    code: 'SUSPENSION_SETTLED',
    context: { suspensionId, callIds, settledCallIds: callIds },
  });
  // Where it was used.
  expect(await other.resumeHandler(first, [to('c1', 'again')])).toMatchObject({ replayed: true, status: 'suspended' });
  expect(await other.resumeHandler(second, [to('c2', 'again')])).toMatchObject({ replayed: true, status: 'suspended' });
  // Before, and behind.
  for (const [id, callId] of [
    [first, 'c2'],
    [second, 'c1'],
    [third, 'c1'],
    [third, 'c2'],
  ] as const) {
    const error = await rejection(other.resumeHandler(id, [to(callId, 'again')]));
    expect(error).toMatchObject(settled(id, [callId]));
    // There is nowhere to give it.
    expect(error.context).not.toHaveProperty('currentSuspensionId');
  }
  expect((await runtime.resumeHandler(third, [to('c3', 3)])).returnValue).toEqual([1, 2, 3]);
});

it('of several answers, those that are needed no more are named apart, and the others can be given where the run waits', async () => {
  const [runtime, other] = runtimes as [NexusRuntime, NexusRuntime];
  const { first, third } = await answeredTwice(runtime);
  const both = [to('c2', 'again'), to('c3', 3)];
  for (const id of [first, third]) {
    const error = await rejection(other.resumeHandler(id, both));
    expect(error).toMatchObject({
      code: 'SUSPENSION_SETTLED',
      context: { callIds: ['c2', 'c3'], settledCallIds: ['c2'], currentSuspensionId: third },
    });
  }
  expect((await other.resumeHandler(third, [to('c3', 3)])).returnValue).toEqual([1, 2, 3]);
});

it('of several answers to a settled suspension, those that it came of are needed no more', async () => {
  const [runtime, other] = runtimes as [NexusRuntime, NexusRuntime];
  const { first, third } = await answeredTwice(runtime);
  const error = await rejection(other.resumeHandler(first, [to('c1', 1), to('c3', 3)]));
  expect(error).toMatchObject({
    code: 'SUSPENSION_SETTLED',
    context: { callIds: ['c3'], settledCallIds: ['c1'], currentSuspensionId: third },
  });
});

it.each([
  'c4',
  'c0',
  'c01',
  'c99',
  'x',
  '',
  'c1e1',
])('an answer to %j, which was never called, is INVALID_ARGUMENT', async (callId) => {
  const [runtime] = runtimes as [NexusRuntime];
  const { third } = await answeredTwice(runtime);
  expect((await rejection(runtime.resumeHandler(third, [to(callId, 1)]))).code).toBe('INVALID_ARGUMENT');
});

it('an answer that comes when the run has ended is refused, and says so', async () => {
  const [runtime] = runtimes as [NexusRuntime];
  const source = 'return await Promise.race([$ext.a.b(), $ext.a.c()])';
  const { suspensionId } = suspensionOf(await runtime.executeHandler(source, ANYTHING));
  await runtime.resumeHandler(suspensionId, [{ callId: 'c2', success: true, value: 'first' }]);
  const error = await rejection(runtime.resumeHandler(suspensionId, { success: true, value: 'late' }));
  expect(error).toMatchObject({ code: 'SUSPENSION_SETTLED', context: { suspensionId, callIds: ['c1'] } });
  expect(error.message).toContain('The run has ended');
  expect(error.context).not.toHaveProperty('currentSuspensionId');
  expect(await runtime.resumeHandler(suspensionId, [])).toMatchObject({ replayed: true, returnValue: 'first' });
});

it('a call that waits for a resume that takes longer than its deadline is SUSPENSION_BUSY, and its answer is not used', async () => {
  const [one, other] = runtimes as [NexusRuntime, NexusRuntime];
  const source = 'await $ext.a.b(); while (Date.now() < $args); return 1';
  const { suspensionId } = suspensionOf(await one.executeHandler(source, { ...ANYTHING, args: Date.now() + 1_500 }));
  const resumed = one.resumeHandler(suspensionId, { success: true, value: 1 });
  while ((await other.inspectSuspension(suspensionId))?.state !== 'resuming') await new Promise(setImmediate);
  const error = await rejection(other.resumeHandler(suspensionId, { success: true, value: 2 }, { deadlineMs: 50 }));
  expect(error).toMatchObject({ code: 'SUSPENSION_BUSY', context: { suspensionId } });
  expect(await resumed).toMatchObject({ status: 'success', returnValue: 1 });
});
