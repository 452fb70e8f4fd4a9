import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';

import {
  createRuntime,
  currentCall,
  FatalError,
  later,
  type NexusRuntime,
  RetryableError,
  type RuntimeOptions,
  type SegmentEffects,
  type WorkOptions,
} from '#src/index.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { rejection } from '../../suspension/resume-helpers.js';

const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false } as const satisfies RuntimeOptions;
const ALL = { capabilities: ['ext:*', 'events:emit:*', 'timer', 'state:read:*', 'state:write:*'] };

const opened: NexusRuntime[] = [];
const folders: string[] = [];
const open = async (options: RuntimeOptions = {}) => {
  const runtime = await createRuntime({ ...OPTIONS, ...options });
  opened.push(runtime);
  return runtime;
};
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'nexus-runs-'));
  folders.push(made);
  return made;
};
afterEach(async () => {
  for (const runtime of opened.splice(0)) await runtime.shutdown();
});
afterAll(async () => {
  for (const one of folders) await rm(one, { recursive: true, force: true });
});

/** What a worker was told, in order. */
class Told {
  readonly effects: { key: string; names: string[] }[] = [];
  readonly ends: string[] = [];
  get options(): Pick<WorkOptions, 'onEffects' | 'onEnd'> {
    return {
      onEffects: ({ events }: SegmentEffects, { key }) =>
        void this.effects.push({ key, names: events.map(({ name }) => name) }),
      onEnd: ({ status }, { key }) => void this.ends.push(`${key} ${status}`),
    };
  }
}

describe.each([
  ['in memory', (): RuntimeOptions => ({})],
  ['in files', (): RuntimeOptions => ({ suspensionDir: folder() })],
])('runs %s', (_title, makeOptions) => {
  it('are executed to their end by who works, with effects in order and calls made', async () => {
    const runtime = await open(makeOptions());
    const told = new Told();
    const code = `
      $emit('one');
      const [a, b] = await Promise.all([$ext.s.get('a'), $ext.s.get('b')]);
      $emit('two');
      const c = await $ext.s.get('c');
      $emit('three');
      return [a, b, c, $args.x, $state.y];
    `;
    const context = { ...ALL, args: { x: 1 }, stateSnapshot: { y: new Date(7) } };
    const run = await runtime.start(code, context, { runId: 'order-1' });
    expect(run.runId).toBe('order-1');
    expect(told.effects).toEqual([]);
    const keys: (string | undefined)[] = [];
    const get = async (name: string) => {
      keys.push(currentCall()?.key);
      return name.toUpperCase();
    };
    await runtime.work({ extensions: { s: { get } }, ...told.options });
    const result = await run.result();
    expect(result).toMatchObject({ status: 'success', returnValue: ['A', 'B', 'C', 1, new Date(7)] });
    expect('replayed' in result).toBe(false);
    expect(told.effects.flatMap(({ names }) => names)).toEqual(['one', 'two', 'three']);
    expect(told.effects.every(({ key }) => /^order-1\.\d+$/.test(key))).toBe(true);
    expect(told.ends).toHaveLength(1);
    expect(keys).toEqual(['order-1:c1', 'order-1:c2', 'order-1:c3']);
    expect(await run.describe()).toMatchObject({ state: 'ended', outcome: 'completed', calls: [] });
  });

  it('started again are the same, with other code or input they are RUN_EXISTS', async () => {
    const runtime = await open(makeOptions());
    let made = 0;
    const start = (code: string, args: unknown) => runtime.start(code, { ...ALL, args }, { runId: 'same' });
    const both = await Promise.all([
      start('return await $ext.s.n($args)', 1),
      start('return await $ext.s.n($args)', 1),
    ]);
    expect(both.map(({ runId }) => runId)).toEqual(['same', 'same']);
    const codeOf = async (promise: Promise<unknown>) => (await rejection(promise)).code;
    expect(await codeOf(start('return 2', 1))).toBe('RUN_EXISTS');
    const other = await rejection(start('return await $ext.s.n($args)', 2));
    expect(other).toMatchObject({ code: 'RUN_EXISTS', context: { runId: 'same' } });
    expect(other.message).toMatch(/another context or other options.*Use another runId/);
    await runtime.work({ extensions: { s: { n: async (n: number) => ++made + n } } });
    expect((await both[0]?.result())?.returnValue).toBe(2);
    await start('return await $ext.s.n($args)', 1);
    expect(made).toBe(1);
    expect(await codeOf(start('return 2', 1))).toBe('RUN_EXISTS');
  });

  it('wait for answers that come later, from anywhere, and take each once', async () => {
    const runtime = await open(makeOptions());
    const keys: string[] = [];
    const ask = async () => {
      keys.push(currentCall()?.key ?? '');
      return later;
    };
    const told = new Told();
    await runtime.work({ extensions: { people: { ask } }, ...told.options });
    const code =
      'const both = await Promise.all([$ext.people.ask("a"), $ext.people.ask("b")]); $emit("got"); return both';
    const run = await runtime.start(code, ALL, { runId: 'approval' });
    await vi.waitFor(() => expect(keys).toHaveLength(2), { timeout: 30_000 });
    await vi.waitFor(async () => expect((await run.describe()).calls).toHaveLength(2), { timeout: 30_000 });
    expect((await run.describe()).calls[1]).toMatchObject({ callId: 'c2', method: 'ask', args: ['b'] });
    const complete = (key: string, value: unknown) => runtime.completeCall(key, { success: true, value });
    const answers = await Promise.all([
      complete('approval:c1', 'yes'),
      complete('approval:c2', 'no'),
      complete('approval:c2', 'maybe'),
    ]);
    expect(answers[0]).toBe('accepted');
    expect(answers.slice(1).sort()).toEqual(['accepted', 'duplicate']);
    const { returnValue } = await run.result();
    expect(returnValue).toEqual(['yes', expect.stringMatching(/^(no|maybe)$/)]);
    // Whoever went on with the run did not ask again.
    expect(keys.sort()).toEqual(['approval:c1', 'approval:c2']);
    expect(await complete('approval:c1', 'again')).toBe('ended');
    expect(await complete('approval:c9', 'x')).toBe('ended');
    for (const key of ['nobody:c1', 'approval', '', 'approval:1', '../x:c1']) {
      if (key !== '') expect(await complete(key, 1)).toBe('unknown');
    }
    const refused = await rejection(runtime.completeCall('approval:c1', { success: true, value: () => 1 }));
    expect(['INVALID_ARGUMENT', 'SERIALIZATION_ERROR']).toContain(refused.code);
  });

  it('go on in another process, whose worker has the extension', async () => {
    const options = makeOptions();
    const shared = 'suspensionDir' in options ? options : { suspensionStore: new MemoryStore() };
    const one = await open({ ...shared });
    const other = await open({ ...shared });
    const run = await one.start('$emit("begun"); return await $ext.far.away(5)', ALL, { runId: 'r' });
    const told = new Told();
    const first = await one.work(told.options);
    await vi.waitFor(async () => expect((await run.describe()).calls).toHaveLength(1), { timeout: 30_000 });
    await first.close();
    await other.work({ extensions: { far: { away: (n: number) => n + 1 } }, ...told.options });
    await runtimeNudge(other);
    const pending = other.completeCall('r:c1', { success: true, value: 6 });
    expect(['accepted', 'duplicate', 'ended']).toContain(await pending);
    expect((await run.result()).returnValue).toBe(6);
    expect(told.effects.flatMap(({ names }) => names)).toEqual(['begun']);
  });

  it('wake when a timer is due, and race with it', async () => {
    const runtime = await open(makeOptions());
    await runtime.work({ extensions: { people: { ask: () => later } } });
    const code = `
      const answer = await Promise.race([$ext.people.ask(), $sleep(50).then(() => 'too late')]);
      await $sleep(20);
      return answer;
    `;
    const run = await runtime.start(code, ALL);
    expect((await run.result()).returnValue).toBe('too late');
  });

  it('cancelled where they await a call clean up, and their effects are told', async () => {
    const runtime = await open(makeOptions());
    const told = new Told();
    await runtime.work({ extensions: { people: { ask: () => later } }, ...told.options });
    const code =
      'try { await $ext.people.ask() } catch (e) { $emit(e.name) } finally { $emit("clean") } await $ext.people.ask()';
    const run = await runtime.start(code, ALL);
    await vi.waitFor(async () => expect((await run.describe()).calls).toHaveLength(1), { timeout: 30_000 });
    expect(await run.cancel()).toBe(true);
    const result = await run.result();
    expect(result.error).toMatchObject({ code: 'CANCELLED', context: { runId: run.runId } });
    expect(told.effects.flatMap(({ names }) => names)).toEqual(['CancelledError', 'clean']);
    expect(await run.cancel()).toBe(false);
    expect(await run.describe()).toMatchObject({ state: 'ended', outcome: 'cancelled' });
  });

  it('make calls again as the policy and their errors say', async () => {
    const runtime = await open(makeOptions());
    const made: Record<string, number> = {};
    const count = (name: string) => {
      made[name] = (made[name] ?? 0) + 1;
      return made[name];
    };
    const s = {
      busy: async () => {
        if (count('busy') < 3) throw new RetryableError('busy', { retryAfterMs: 1 });
        return 'done';
      },
      broken: async () => {
        count('broken');
        throw new FatalError('broken');
      },
      fails: async () => {
        count('fails');
        throw new TypeError('once');
      },
    };
    await runtime.work({ extensions: { s } });
    const code = `
      const names = [];
      for (const name of ['busy', 'broken', 'fails']) {
        try { names.push(await $ext.s[name]()) } catch (e) { names.push(e.name) }
      }
      return names;
    `;
    const run = await runtime.start(code, ALL);
    expect((await run.result()).returnValue).toEqual(['done', 'FatalError', 'TypeError']);
    expect(made).toEqual({ busy: 3, broken: 1, fails: 1 });
  });

  it('tell effects again when whoever is told throws, under the same key, before anything that follows', async () => {
    const runtime = await open(makeOptions());
    const seen: string[] = [];
    const onEffects = ({ events }: SegmentEffects, { key }: { key: string }) => {
      seen.push(`${key} ${events.map(({ payload }) => String(payload)).join()}`);
      if (seen.length === 1) throw new Error('the database is away');
    };
    await runtime.work({ extensions: { s: { get: () => seen.push('call') } }, onEffects });
    const run = await runtime.start('$emit("a", Math.random()); await $ext.s.get()', ALL, { runId: 'again' });
    await run.result();
    expect(seen).toHaveLength(3);
    expect(seen[1]).toBe(seen[0]);
    expect(seen[2]).toBe('call');
  });

  it('are listed by state, tenant and handler, and told apart from suspensions', async () => {
    const runtime = await open(makeOptions());
    const code = 'return await $ext.a.b()';
    await runtime.executeHandler(code, { ...ALL, extensionRegistry: { a: ['b'] } });
    await runtime.start(code, { ...ALL, handlerName: 'first' }, { runId: 'one', tenant: 'acme' });
    await runtime.start('return 1', { ...ALL, handlerName: 'second' }, { runId: 'two' });
    await runtime.work();
    await runtime.getRun('two').result();
    const listed = async (filter: Parameters<NexusRuntime['listRuns']>[0]) => {
      const ids: unknown[] = [];
      for await (const { runId, state } of runtime.listRuns(filter)) ids.push(`${runId} ${state}`);
      return ids.sort();
    };
    expect(await listed({})).toEqual(['one waiting', 'two ended']);
    expect(await listed({ state: 'waiting', deployment: runtime.deployment })).toEqual(['one waiting']);
    expect(await listed({ state: 'ended' })).toEqual(['two ended']);
    expect(await listed({ tenant: 'acme' })).toEqual(['one waiting']);
    expect(await listed({ handlerName: 'second' })).toEqual(['two ended']);
    expect(await listed({ state: 'damaged' })).toEqual([]);
    expect(await listed({ deployment: 'another' })).toEqual([]);
    expect((await rejection(listed({ state: 'gone' as never }))).code).toBe('INVALID_ARGUMENT');
  });
});

/** Has the worker of a runtime look at once. */
async function runtimeNudge(runtime: NexusRuntime): Promise<void> {
  await runtime.start('return 0', {}, {});
}

describe('runs', () => {
  it('begin at a time, and not before', async () => {
    const runtime = await open();
    await runtime.work();
    const startAt = new Date(Date.now() + 60_000);
    const run = await runtime.start('return 1', {}, { startAt });
    const soon = await runtime.start('return 2', {}, { startAt: new Date(Date.now() - 5) });
    expect((await soon.result()).returnValue).toBe(2);
    const late = await rejection(run.result({ timeoutMs: 50 }));
    expect(late.code).toBe('TIMEOUT');
    const stop = AbortSignal.abort();
    expect((await rejection(run.result({ signal: stop }))).code).toBe('CANCELLED');
    expect(await run.cancel()).toBe(true);
    expect((await run.result()).error?.code).toBe('CANCELLED');
  });

  it('are counted by the metrics', async () => {
    const runtime = await open({ metrics: true });
    let isAway = true;
    const onEnd = () => {
      if (isAway) {
        isAway = false;
        throw new Error('away');
      }
    };
    await runtime.work({ onEnd });
    for (const runId of ['one', 'one']) await (await runtime.start('return 1', {}, { runId })).result();
    await (await runtime.start('throw new Error("no")', {})).result();
    const text = await runtime.getPrometheusMetrics();
    for (const line of [
      'nexus_runs_started_total 2',
      'nexus_runs_ended_total{outcome="completed"} 1',
      'nexus_runs_ended_total{outcome="failed"} 1',
      'nexus_runs_postponed_total 1',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('of a name are resolved when they begin', async () => {
    const named: string[] = [];
    const resolveHandler = (name: string) => {
      named.push(name);
      return 'return `${$args} from a name`';
    };
    const runtime = await open({ resolveHandler });
    const run = await runtime.start({ name: 'greet' }, { args: 'hello' });
    expect(named).toEqual([]);
    await runtime.work();
    expect((await run.result()).returnValue).toBe('hello from a name');
    expect(named).toEqual(['greet']);
    const without = await open();
    expect((await rejection(without.start({ name: 'greet' }))).message).toContain('resolveHandler');
  });

  it('that fail have a result, like those that do not compile and those that call too often', async () => {
    const runtime = await open();
    await runtime.work({ extensions: { a: { b: () => 1 } } });
    const codeOf = async (code: string, options = {}) =>
      (await (await runtime.start(code, ALL, options)).result()).error?.code;
    expect(await codeOf('throw new Error("no")')).toBe('EXECUTION_ERROR');
    expect(await codeOf('return (')).toBe('COMPILATION_ERROR');
    expect(await codeOf('for (;;) await $ext.a.b()', { maxCalls: 5 })).toBe('RESOURCE_LIMIT');
    expect(await codeOf('for (;;);', { timeoutMs: 50 })).toBe('TIMEOUT');
  });

  it('that nobody started are not there', async () => {
    const runtime = await open();
    const run = runtime.getRun('nobody');
    expect((await rejection(run.result())).code).toBe('SUSPENSION_NOT_FOUND');
    expect((await rejection(run.describe())).code).toBe('SUSPENSION_NOT_FOUND');
    expect(await run.cancel()).toBe(false);
    for (const runId of ['', 'a b', '../x', 'a'.repeat(129)]) {
      expect(() => runtime.getRun(runId)).toThrow('runId');
      expect((await rejection(runtime.start('return 1', {}, { runId }))).code).toBe('INVALID_ARGUMENT');
    }
  });

  it.each<[string, object]>([
    ['startAt', { startAt: 5 }],
    ['maxCalls', { maxCalls: -1 }],
    ['extensions', { extensions: {} }],
    ['timeoutMs', { timeoutMs: 'x' }],
    ['limits.maxEvents', { limits: { maxEvents: 1e9 } }],
    ['signal', { signal: AbortSignal.abort() }],
  ])('are refused with a wrong %s', async (name, options) => {
    const runtime = await open();
    const started = runtime.start('return 1', {}, options);
    expect((await rejection(started)).message).toContain(name);
  });

  it.each<[string, object]>([
    ['concurrency', { concurrency: 0 }],
    ['maxCrashes', { maxCrashes: 0 }],
    ['extensions', { extensions: { 'a.b': {} } }],
    ['onEffects', { onEffects: 5 }],
    ['retry.retries', { retry: { retries: -1 } }],
    ['callTimeoutMs', { callTimeoutMs: 0 }],
  ])('are not worked on with a wrong %s', async (name, options) => {
    const runtime = await open();
    expect((await rejection(runtime.work(options))).message).toContain(name);
  });

  it('of which the process was lost again and again fail, and others go on', async () => {
    const store = new MemoryStore();
    const runtime = await open({ suspensionStore: store });
    const run = await runtime.start('return 1', {}, { runId: 'deadly' });
    const [{ id } = { id: '' }] = await store.due(Date.now(), { limit: 1 });
    for (let lost = 0; lost < 3; lost++) {
      const nowMs = Date.now();
      expect((await store.claim(id, { owner: 'lost', leaseUntilMs: nowMs }, nowMs)).kind).toBe('claimed');
    }
    await runtime.work({ maxCrashes: 3 });
    const { error } = await run.result();
    expect(error).toMatchObject({ code: 'EXECUTION_ERROR', context: { layer: 'process', losses: 3 } });
    expect((await (await runtime.start('return 2')).result()).returnValue).toBe(2);
  });

  it('and the requests that they make are refused without the network, as in run()', async () => {
    const runtime = await open();
    await runtime.work();
    const run = await runtime.start(
      'try { await fetch("https://example.com/"); return "made" } catch (e) { return e.name }',
      { capabilities: ['net:*'] },
    );
    expect((await run.result()).returnValue).not.toBe('made');
  });

  it('are given back by a worker that is closed, and go on where it was', async () => {
    const suspensionDir = folder();
    const one = await open({ suspensionDir });
    let made = 0;
    const never = { s: { slow: () => new Promise(() => void made++) } };
    const worker = await one.work({ extensions: never });
    const run = await one.start('$emit("a"); return await $ext.s.slow()', ALL, { runId: 'given-back' });
    await vi.waitFor(() => expect(made).toBe(1), { timeout: 30_000 });
    await worker.close();
    await one.work({ extensions: { s: { slow: () => 'answer' } } });
    expect((await run.result()).returnValue).toBe('answer');
  });
});
