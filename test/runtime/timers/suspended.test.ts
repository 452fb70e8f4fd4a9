import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Grants } from '#src/capabilities/grants.js';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { ForgedOutcome, readEffects } from '#src/execution/result/effects.js';
import { createRuntime, type WasmResult } from '#src/index.js';
import { createTestRuntime, record, replay, type TestRuntime } from '#src/testing/index.js';
import { rejection } from '../../support/runtime-helpers.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const ALL = { capabilities: ['timer', 'ext:*', 'events:emit:*'] };

let runtime: TestRuntime;
beforeAll(async () => {
  runtime = await createTestRuntime();
  return () => runtime.shutdown();
});

function suspensionOf({ suspension }: WasmResult) {
  if (suspension === undefined) throw new Error('it does not wait');
  return suspension;
}

describe('a handler that waits for a timer', () => {
  it('says when it is due, waits for no call, and outlives its ttl while it is due', async () => {
    const now = runtime.clock.now();
    const result = await runtime.executeHandler('await $sleep("20d"); return 1', ALL);
    const suspension = suspensionOf(result);
    expect(suspension).toMatchObject({ calls: [], extensionName: '$timer', method: 'sleep', args: [] });
    expect(suspension.wakeAt?.getTime()).toBe(now + 20 * DAY_MS);
    expect(suspension.expiresAt.getTime()).toBe(now + 27 * DAY_MS);
    expect(result.unawaitedCalls).toBeUndefined();
    runtime.clock.advance(26 * DAY_MS);
    expect(await runtime.resumeHandler(suspension.suspensionId)).toMatchObject({ status: 'success', returnValue: 1 });
    expect(await runtime.resumeHandler(suspension.suspensionId)).toMatchObject({ replayed: true, returnValue: 1 });
  });

  it('is resumed never early', async () => {
    const suspended = suspensionOf(await runtime.executeHandler('await $sleep(1_000); return 1', ALL));
    runtime.clock.advance(999);
    const error = await rejection(runtime.resumeHandler(suspended.suspensionId));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', context: { wakeAt: suspended.wakeAt } });
    expect(String(error)).toContain(suspended.wakeAt?.toISOString());
    runtime.clock.advance(1);
    expect(await runtime.resumeHandler(suspended.suspensionId, [])).toMatchObject({ status: 'success' });
  });

  it('can be resumed with the answer to a call before, and keeps its time', async () => {
    const handler = `
      const timer = $sleep(1_000).then(() => 'late');
      const first = await Promise.race([$ext.a.b(), timer]);
      return [first, await timer, Date.now()]`;
    const now = runtime.clock.now();
    const first = suspensionOf(await runtime.executeHandler(handler, ALL));
    expect(first.calls.map(({ callId }) => callId)).toEqual(['c2']);
    runtime.clock.advance(400);
    const second = suspensionOf(await runtime.resumeHandler(first.suspensionId, { success: true, value: 'soon' }));
    expect(second).toMatchObject({ calls: [], wakeAt: first.wakeAt });
    runtime.clock.advance(600);
    const end = await runtime.resumeHandler(second.suspensionId);
    expect(end.returnValue).toEqual(['soon', 'late', now + 1_000]);
  });

  it('gets a timer that was due before an answer first', async () => {
    const handler = 'return Promise.race([$ext.a.b(), $sleep("3d").then(() => "late")])';
    const { suspensionId } = suspensionOf(await runtime.executeHandler(handler, ALL));
    runtime.clock.advance(3 * DAY_MS);
    const result = await runtime.resumeHandler(suspensionId, { success: true, value: 'approved' });
    expect(result).toMatchObject({ status: 'success', returnValue: 'late' });
  });

  it('gets all timers that are due, each with its microtasks', async () => {
    const handler = `
      const seen = [];
      for (const ms of [30, 10, 20, 90]) setTimeout(() => { seen.push(ms); Promise.resolve().then(() => seen.push('m' + ms)) }, ms);
      await $sleep(25);
      return [...seen]`;
    const { suspensionId } = suspensionOf(await runtime.executeHandler(handler, ALL));
    runtime.clock.advance(50);
    const result = await runtime.resumeHandler(suspensionId);
    expect(result.returnValue).toEqual([10, 'm10', 20, 'm20']);
  });

  it('makes no storm of an interval after a long time', async () => {
    const handler = 'let n = 0; const t = setInterval(() => { n++ }, 10); await $ext.a.b(); clearInterval(t); return n';
    const { suspensionId } = suspensionOf(await runtime.executeHandler(handler, ALL));
    runtime.clock.advance(DAY_MS);
    expect(await runtime.resumeHandler(suspensionId, { success: true, value: 1 })).toMatchObject({ returnValue: 1 });
  });

  it('cannot be resumed without answers if it has set no timer', async () => {
    const { suspensionId } = suspensionOf(await runtime.executeHandler('await $ext.a.b()', ALL));
    expect(await rejection(runtime.resumeHandler(suspensionId))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    const other = suspensionOf(await runtime.executeHandler('await $sleep(5)', ALL));
    const answered = runtime.resumeHandler(other.suspensionId, [{ callId: 'c1', success: true, value: 1 }]);
    expect(await rejection(answered)).toMatchObject({ code: 'SUSPENSION_SETTLED' });
  });

  it('is an error where nothing may be suspended', async () => {
    const result = await runtime.executeHandler('await $sleep(5)', ALL, { suspensions: false });
    expect(result.error).toMatchObject({ code: 'EXECUTION_ERROR' });
    expect(result.error?.message).toContain('waits for a timer');
  });

  it('goes on in another process', async () => {
    const suspensionDir = await mkdtemp(join(tmpdir(), 'nexus-timers-'));
    const options = { cacheDir: false, maxInstances: 1, suspensionDir } as const;
    const one = await createRuntime(options);
    const handler = 'const seen = []; setTimeout((x) => seen.push(x), 1, "a"); await $sleep(2); return seen';
    const suspension = suspensionOf(await one.executeHandler(handler, ALL));
    await one.shutdown();
    const other = await createRuntime(options);
    // As long as it takes.
    for (;;) {
      const result = await other.resumeHandler(suspension.suspensionId).catch((error: unknown) => error);
      if (result instanceof Error) {
        expect(Date.now()).toBeLessThanOrEqual(suspension.wakeAt?.getTime() as number);
        await new Promise(setImmediate);
        continue;
      }
      const second = (result as WasmResult).suspension;
      if (second === undefined) {
        expect(result).toMatchObject({ returnValue: ['a'] });
        break;
      }
      suspension.suspensionId satisfies string;
      Object.assign(suspension, second);
    }
    await other.shutdown();
  });
});

describe('what the guest reports of timers is checked', () => {
  const { limits } = resolveRuntimeConfig({});
  const read = (calls: unknown[], capabilities = ['timer']) =>
    readEffects([], [], [], [], 0, calls, { grants: Grants.parse(capabilities), limits });
  const sleep = (...args: unknown[]) => ['c1', '$timer', 'sleep', args];

  it.each<[string, unknown[], string]>([
    ['too long', [sleep(limits.maxSleepMs + 1, 0)], 'RESOURCE_LIMIT'],
    ['for ever', [sleep(Number.POSITIVE_INFINITY, 0)], 'RESOURCE_LIMIT'],
    ['negative', [sleep(-1, 0)], 'SERIALIZATION_ERROR'],
    ['no number', [sleep('1', 0)], 'SERIALIZATION_ERROR'],
    ['NaN', [sleep(Number.NaN, 0)], 'SERIALIZATION_ERROR'],
    ['set at no time', [sleep(1, Number.NaN)], 'SERIALIZATION_ERROR'],
    ['without a time', [sleep()], 'SERIALIZATION_ERROR'],
    ['another method', [['c1', '$timer', 'ring', [1, 0]]], 'SERIALIZATION_ERROR'],
    ['too many', Array.from({ length: 101 }, (_, i) => [`c${i + 1}`, '$timer', 'sleep', [1, 0]]), 'RESOURCE_LIMIT'],
  ])('%s', (_, calls, code) => {
    expect(() => read(calls)).toThrow(ForgedOutcome);
    try {
      read(calls);
    } catch (error) {
      expect((error as ForgedOutcome).error.code).toBe(code);
    }
  });

  it('and needs the capability', () => {
    expect(() => read([sleep(1, 0)], ['ext:*'])).toThrow('timer:sleep');
    expect(read([sleep(1, 0)], ['timer:sleep']).calls).toHaveLength(1);
  });
});

describe('in a run', () => {
  it('a timer is a time-out, and waiting has no timeoutMs', async () => {
    await using real = await createRuntime({ cacheDir: false, maxInstances: 1, timeoutMs: 1_000 });
    let reason: unknown;
    const { currentCall } = await import('#src/index.js');
    const never = () => {
      const { signal } = currentCall() as { signal: AbortSignal };
      signal.addEventListener('abort', () => {
        reason = signal.reason;
      });
      return new Promise(() => {});
    };
    const handler = 'return Promise.race([$ext.x.never(), $sleep(20).then(() => "late")])';
    const began = Date.now();
    const result = await real.run(handler, ALL, { extensions: { x: { never } } });
    expect(result).toMatchObject({ status: 'success', returnValue: 'late' });
    expect(Date.now() - began).toBeGreaterThanOrEqual(20);
    expect(result.unawaitedCalls).toHaveLength(1);
    expect(reason).toMatchObject({ message: 'the handler has ended' });
  });

  it('a call that nobody waits for any more is aborted, and timers do not count as calls', async () => {
    await using real = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const handler = 'for (let i = 0; i < 5; i++) await $sleep(0); return $ext.x.y()';
    const result = await real.run(handler, ALL, { maxCalls: 1, extensions: { x: { y: () => 3 } } });
    expect(result).toMatchObject({ status: 'success', returnValue: 3 });
  });

  it('the deadline ends it', async () => {
    await using real = await createRuntime({ cacheDir: false, maxInstances: 1 });
    await real.precompileHandler('$emit("a"); await $sleep("1d")');
    const result = await real.run('$emit("a"); await $sleep("1d")', ALL, { deadlineMs: 500 });
    expect(result).toMatchObject({ status: 'error', error: { code: 'TIMEOUT', context: { limit: 'deadlineMs' } } });
    expect(result.events).toHaveLength(1);
    const controller = new AbortController();
    const running = real.run('await $sleep("1d")', ALL, {
      signal: controller.signal,
      onEffects: () => controller.abort(),
    });
    expect((await running).error).toMatchObject({ code: 'CANCELLED' });
  });
});

describe('the test kit', () => {
  it('moves its clock when a handler waits for nothing but timers', async () => {
    const now = runtime.clock.now();
    const result = await runtime.runHandler('await $sleep("3d"); return Date.now()');
    expect(result.returnValue).toBe(now + 3 * DAY_MS);
    expect(runtime.clock.now()).toBe(now + 3 * DAY_MS);
  });

  it('lets a mock move it, so that a time-out rings', async () => {
    const slow = () => {
      runtime.clock.advance(30_000);
      return new Promise(() => {});
    };
    const handler = 'return Promise.race([$ext.a.slow(), $sleep("30s").then(() => "late")])';
    const result = await runtime.runHandler(handler, { ext: { a: { slow } } });
    expect(result).toMatchObject({ status: 'success', returnValue: 'late' });
  });

  it('steps to a timer', async () => {
    const handler = 'return Promise.race([$ext.a.approve(), $sleep("3d").then(() => "late")])';
    const now = runtime.clock.now();
    const step = await runtime.suspendAt(handler);
    expect(step.waitingFor).toHaveLength(1);
    expect(step.wakeAt?.getTime()).toBe(now + 3 * DAY_MS);
    expect(await step.wake()).toMatchObject({ status: 'success', returnValue: 'late' });
    expect(runtime.clock.now()).toBe(now + 3 * DAY_MS);
    expect(await rejection(step.wake())).toMatchObject({ code: 'INVALID_ARGUMENT' });
    const other = await runtime.suspendAt('await $sleep(5); return $ext.a.b()');
    expect(other.waitingFor).toHaveLength(1);
    expect(await rejection(other.wake())).toMatchObject({ message: expect.stringContaining('has set no timer') });
    expect(await other.resumeWith(4)).toMatchObject({ returnValue: 4 });
  });

  it('records and replays timers', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'nexus-recorded-'));
    await using real = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const recording = await record(real, { directory: dir });
    const handler = `
      const seen = [];
      setTimeout(() => seen.push('t', Date.now()), 1);
      seen.push(await Promise.race([$ext.a.never(), $sleep(4).then(() => 'late')]), Date.now());
      return seen`;
    const ran = await recording.run(handler, ALL, { extensions: { a: { never: () => new Promise(() => {}) } } });
    expect(ran.status).toBe('success');
    await recording.recordingsWritten();
    const files = await readdir(dir);
    expect(files).toHaveLength(1);
    const { same, report } = await replay(join(dir, files[0] as string));
    expect(report).toContain('the same');
    expect(same).toBe(true);
  });
});
