import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';

import {
  createRuntime,
  currentCall,
  type DueSuspension,
  later,
  type NexusRuntime,
  type RuntimeOptions,
  type StoredMessage,
  type Task,
  type WorkOptions,
} from '#src/index.js';
import { storedRunId } from '#src/suspension/durable/run-labels.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { SharedQueue } from '../../support/shared-queue.js';
import { rejection } from '../../suspension/resume-helpers.js';

const ALL = { capabilities: ['ext:*', 'events:emit:*', 'timer', 'state:read:*', 'state:write:*'] };
const opened: NexusRuntime[] = [];

/** Runtimes that share a store and a queue, as processes of a fleet do. */
class Fleet {
  readonly store: MemoryStore;
  readonly queue: SharedQueue;

  constructor(queue = new SharedQueue(), store = new MemoryStore()) {
    this.queue = queue;
    this.store = store;
  }

  async open(options: RuntimeOptions = {}): Promise<NexusRuntime> {
    const runtime = await createRuntime({
      ...{ cacheDir: false, maxInstances: 1, metrics: false, suspensionStore: this.store, dispatcher: this.queue },
      ...options,
    });
    opened.push(runtime);
    return runtime;
  }

  async worker(work: WorkOptions, options: RuntimeOptions = {}): Promise<NexusRuntime> {
    const runtime = await this.open(options);
    await runtime.work(work);
    return runtime;
  }
}

afterEach(async () => {
  vi.useRealTimers();
  for (const runtime of opened.splice(0)) await runtime.shutdown();
});

describe('a fleet', () => {
  it('executes runs in one process, makes their calls in another, and is told of both by tasks without content', async () => {
    const fleet = new Fleet();
    const producer = await fleet.open();
    const effects: string[] = [];
    await fleet.worker({ onEffects: ({ events }) => void effects.push(...events.map(({ name }) => name)) });
    const keys: (string | undefined)[] = [];
    const charge = async (n: number) => {
      keys.push(currentCall()?.key);
      return n * 2;
    };
    await fleet.worker({ runs: false, extensions: { pay: { charge } } });
    const code = `
      $emit('one');
      const [a, b] = await Promise.all([$ext.pay.charge($args), $ext.pay.charge(5)]);
      $emit('two');
      return a + b + await $ext.pay.charge(100);
    `;
    const run = await producer.start(code, { ...ALL, args: 1234567 }, { runId: 'r1', tenant: 'acme' });
    const result = await run.result();
    expect(result).toMatchObject({ status: 'success', returnValue: 2469134 + 10 + 200 });
    expect(effects).toEqual(['one', 'two']);
    expect(keys.sort()).toEqual(['r1:c1', 'r1:c2', 'r1:c3']);
    const [first] = fleet.queue.dispatched;
    expect(first).toEqual({ kind: 'run', runId: 'r1', deployment: producer.deployment, key: 'r1', tenant: 'acme' });
    expect(fleet.queue.dispatched.filter(({ kind }) => kind === 'call').map(({ key }) => key)).toEqual(keys.sort());
    expect(JSON.stringify(fleet.queue.dispatched)).not.toContain('1234567');
  });

  it('passes errors of an extension to the handler, and answers that cannot enter the VM as errors', async () => {
    const fleet = new Fleet();
    const producer = await fleet.worker({});
    const extensions = {
      e: {
        fails: async () => {
          throw Object.assign(new RangeError('too much'), { code: 'E_MUCH' });
        },
        odd: async () => new WeakMap(),
      },
    };
    await fleet.worker({ runs: false, extensions });
    const code = `
      const caught = [];
      for (const name of ['fails', 'odd', 'none']) {
        try { await $ext.e[name](); } catch (error) { caught.push([error.name, error.code, error.message]); }
      }
      return caught;
    `;
    const registry = { extensionRegistry: { e: ['fails', 'odd', 'none'] } };
    const result = await (await producer.start(code, { ...ALL, ...registry })).result();
    expect(result.returnValue).toEqual([
      ['RangeError', 'E_MUCH', 'too much'],
      ['TypeError', undefined, expect.stringMatching(/The answer of \$ext.e.odd cannot enter the VM/)],
      ['TypeError', undefined, expect.stringMatching(/There is no extension method \$ext.e.none/)],
    ]);
  });

  it('makes a call again whose error ended the run, when the run is tried again', async () => {
    const fleet = new Fleet();
    const producer = await fleet.worker({});
    let isDown = true;
    const charge = async () => {
      if (isDown) throw new Error('down');
      return 'paid';
    };
    await fleet.worker({ runs: false, extensions: { pay: { charge } } });
    const run = await producer.start('return await $ext.pay.charge()', ALL, { runId: 'again' });
    expect((await run.result()).error?.message).toBe('Error: down');
    isDown = false;
    expect(await run.retry()).toBe('accepted');
    expect((await run.result()).returnValue).toBe('paid');
  });

  it('goes on with a signal that comes while a run is given back: nobody else tells of it', async () => {
    let beforeRelease = async () => {};
    // What is lost is not found by a sweep, either.
    class Unswept extends MemoryStore {
      override async due(): Promise<readonly DueSuspension[]> {
        return [];
      }

      override async release(...given: Parameters<MemoryStore['release']>): Promise<boolean> {
        const before = beforeRelease;
        beforeRelease = async () => {};
        await before();
        return super.release(...given);
      }
    }
    const fleet = new Fleet(new SharedQueue(), new Unswept());
    const producer = await fleet.worker({});
    const silent = await createRuntime({ cacheDir: false, maxInstances: 1, suspensionStore: fleet.store });
    opened.push(silent);
    const run = await producer.start("return await $signal('go')", { capabilities: ['signal:*'] }, { runId: 'r' });
    await vi.waitFor(
      async () => {
        const { id, state, dueAtMs } = (await fleet.store.current(storedRunId('r'))) ?? {};
        expect([id?.endsWith('.2'), state, dueAtMs]).toEqual([true, 'suspended', undefined]);
      },
      { timeout: 20_000 },
    );
    beforeRelease = async () => void (await silent.getRun('r').signal('go', 7));
    // A task that comes twice finds nothing to do.
    await fleet.queue.dispatch([{ kind: 'run', runId: 'r', deployment: producer.deployment, key: 'r' }]);
    expect((await run.result()).returnValue).toBe(7);
  });

  it('goes on with a signal whose task comes when the run was given back, and its session has not ended', async () => {
    let afterLook = async () => {};
    class Unswept extends MemoryStore {
      override async due(): Promise<readonly DueSuspension[]> {
        return [];
      }

      override async messages(runId: string): Promise<readonly StoredMessage[]> {
        const found = await super.messages(runId);
        const after = afterLook;
        afterLook = async () => {};
        await after();
        return found;
      }
    }
    let handled = 0;
    class CountingQueue extends SharedQueue {
      override consume(...[handle, options]: Parameters<SharedQueue['consume']>) {
        const counting: typeof handle = async (...given) => {
          await handle(...given);
          handled++;
        };
        return super.consume(counting, options);
      }
    }
    const fleet = new Fleet(new CountingQueue(), new Unswept());
    const producer = await fleet.worker({});
    // It looks into the mailbox for the last time when it has given the run back.
    afterLook = async () => {
      const before = handled;
      await producer.getRun('r').signal('go', 7);
      while (handled === before) await nextTurn();
    };
    const run = await producer.start("return await $signal('go')", { capabilities: ['signal:*'] }, { runId: 'r' });
    expect((await run.result()).returnValue).toBe(7);
  });

  it('waits for an answer that comes later, and asks for it once', async () => {
    const fleet = new Fleet();
    const producer = await fleet.worker({});
    const asked: string[] = [];
    const ask = async () => {
      asked.push(currentCall()?.key ?? '');
      return later;
    };
    await fleet.worker({ runs: false, extensions: { people: { ask }, quick: { one: async () => 1 } } });
    const code =
      'return Promise.all([$ext.people.ask(), $ext.quick.one().then((n) => $ext.quick.one() .then((m) => n + m))])';
    const run = await producer.start(code, ALL, { runId: 'r2' });
    // The call is noted when the record of the run says so.
    await vi.waitFor(async () => expect((await run.describe()).calls).toHaveLength(1), { timeout: 20_000 });
    expect(await producer.completeCall('r2:c1', { success: true, value: 'yes' })).toBe('accepted');
    expect((await run.result()).returnValue).toEqual(['yes', 2]);
    expect(asked).toEqual(['r2:c1']);
  });

  it('wakes a run at its time, and begins one at its time, wherever', async () => {
    const fleet = new Fleet();
    const producer = await fleet.open();
    await fleet.worker({});
    await fleet.worker({});
    const startAt = new Date(Date.now() + 400);
    const code =
      'const at = Date.now(); await new Promise((resolve) => setTimeout(resolve, 300)); return Date.now() - at';
    const runs = await Promise.all([producer.start(code, ALL), producer.start('return Date.now()', ALL, { startAt })]);
    const [slept, begun] = await Promise.all(runs.map((run) => run.result()));
    expect(Number(slept?.returnValue)).toBeGreaterThanOrEqual(300);
    expect(Number(begun?.returnValue)).toBeGreaterThanOrEqual(startAt.getTime());
  });

  it('loses nothing when every task is lost', async () => {
    const fleet = new Fleet(new SharedQueue({ deliveries: () => 0 }));
    const producer = await fleet.open();
    const runs = await Promise.all([1, 2, 3].map((n) => producer.start('return $args', { ...ALL, args: n })));
    const worker = await fleet.worker({}, { metrics: true });
    expect((await Promise.all(runs.map((run) => run.result()))).map(({ returnValue }) => returnValue)).toEqual([
      1, 2, 3,
    ]);
    expect(await worker.getPrometheusMetrics()).toMatch(/^nexus_runs_found_total 3$/m);
  }, 30_000);

  it('takes what was lost even if it is full at each look', async () => {
    // Looks are by the application's timers: they come when the test says so.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let looks = 0;
    class Looked extends MemoryStore {
      override async due(...given: Parameters<MemoryStore['due']>): Promise<readonly DueSuspension[]> {
        const due = await super.due(...given);
        looks++;
        return due;
      }
    }
    const fleet = new Fleet(new SharedQueue(), new Looked());
    const producer = await fleet.open();
    let release = (_value: number) => {};
    let made = 0;
    const wait = () =>
      new Promise<number>((resolve) => {
        made++;
        release = resolve;
      });
    await fleet.worker({ concurrency: 1, extensions: { slow: { wait } } });
    const first = await producer.start('return await $ext.slow.wait()', ALL);
    await vi.waitFor(() => expect(made).toBe(1), { timeout: 20_000 });
    fleet.queue.isAway = true;
    const lost = await producer.start('return "found"', ALL);
    fleet.queue.isAway = false;
    for (const before of [looks, looks + 1]) {
      vi.advanceTimersByTime(5_000);
      await vi.waitFor(() => expect(looks).toBe(before + 1), { timeout: 20_000 });
    }
    release(1);
    expect((await first.result()).returnValue).toBe(1);
    expect((await lost.result({ timeoutMs: 20_000 })).returnValue).toBe('found');
  });

  it('tells of a call again at its time, however many signals come before', async () => {
    const fleet = new Fleet();
    const producer = await fleet.worker({});
    const run = await producer.start('return await $ext.nobody.ask()', ALL, { runId: 'r4' });
    const letGo = async () => {
      const current = await fleet.store.current(storedRunId('r4'));
      expect(current).toMatchObject({ state: 'suspended', dueAtMs: expect.any(Number) });
      expect(await fleet.store.due(Date.now(), { limit: 10 })).toEqual([]);
      return current?.dueAtMs as number;
    };
    const reminderAtMs = await vi.waitFor(letGo, { timeout: 20_000 });
    for (const payload of [1, 2]) {
      await run.signal('nobody-waits', payload);
      expect(await vi.waitFor(letGo, { timeout: 20_000 })).toBe(reminderAtMs);
    }
    expect(fleet.queue.dispatched.filter(({ kind }) => kind === 'call')).toHaveLength(1);
  });

  it('tells of a call again after seconds if the queue did not take it', async () => {
    class Refusing extends SharedQueue {
      override async dispatch(tasks: readonly Task[]): Promise<void> {
        if (tasks.some(({ kind }) => kind === 'call')) throw new Error('the queue is full');
        await super.dispatch(tasks);
      }
    }
    const fleet = new Fleet(new Refusing());
    const producer = await fleet.worker({});
    await producer.start('return await $ext.pay.charge()', ALL, { runId: 'r5' });
    const dueAtMs = await vi.waitFor(
      async () => {
        const current = await fleet.store.current(storedRunId('r5'));
        expect(current).toMatchObject({ id: expect.stringMatching(/\.2$/), state: 'suspended' });
        expect(await fleet.store.due(Date.now(), { limit: 10 })).toEqual([]);
        return current?.dueAtMs as number;
      },
      { timeout: 20_000 },
    );
    expect(dueAtMs).toBeLessThanOrEqual(Date.now() + 5_000);
  });

  it('goes on when the queue is away: starts are stored, and found', async () => {
    const fleet = new Fleet();
    fleet.queue.isAway = true;
    const warnings: string[] = [];
    const observer = { onWarning: ({ code }: { code: string }) => void warnings.push(code) };
    const producer = await fleet.open({ observer, metrics: true });
    const runs = await Promise.all([1, 2, 3, 4].map((n) => producer.start('return $args', { ...ALL, args: n })));
    expect(warnings).toEqual(['NEXUS_QUEUE']);
    expect(await producer.getPrometheusMetrics()).toMatch(/^nexus_tasks_unsent_total 4$/m);
    await fleet.worker({});
    expect((await Promise.all(runs.map((run) => run.result()))).map(({ returnValue }) => returnValue)).toEqual([
      1, 2, 3, 4,
    ]);
  }, 30_000);

  it('gives back what a closed worker has, and the next one goes on with it', async () => {
    const fleet = new Fleet();
    const producer = await fleet.open();
    let reached = () => {};
    const isReached = new Promise<void>((resolve) => (reached = resolve));
    const slow = { wait: () => new Promise(() => reached()) };
    const closing = await fleet.open();
    const worker = await closing.work({ extensions: { slow } });
    const run = await producer.start('return await $ext.slow.wait()', ALL);
    await isReached;
    await worker.close();
    await fleet.worker({ extensions: { slow: { wait: async () => 'done' } } });
    expect((await run.result()).returnValue).toBe('done');
  });

  it('takes no call that its handler has not made, whatever a task says', async () => {
    const fleet = new Fleet();
    const producer = await fleet.worker({});
    const made: unknown[] = [];
    const note = async (...args: unknown[]) => void made.push(args);
    await fleet.worker({ runs: false, extensions: { a: { note }, b: { note } } });
    const run = await producer.start('await $ext.a.note(1); await $ext.people.ask(); return 1', ALL, { runId: 'r3' });
    await vi.waitFor(async () => expect((await run.describe()).calls[0]?.extensionName).toBe('people'), {
      timeout: 20_000,
    });
    const forged = (callId: string, extension: string, runId = 'r3') =>
      ({ kind: 'call', runId, callId, extension, key: 'forged' }) as const;
    await fleet.queue.dispatch([forged('c1', 'a'), forged('c2', 'a'), forged('c9', 'b'), forged('c1', 'a', 'none')]);
    await fleet.queue.dispatch([{ kind: 'other' } as never, forged('__proto__', 'b')]);
    await producer.completeCall('r3:c2', { success: true, value: 0 });
    expect((await run.result()).returnValue).toBe(1);
    expect(made).toEqual([[1]]);
  });

  it('counts what is due by deployment, also where nothing is executed', async () => {
    const fleet = new Fleet();
    const producer = await fleet.open({ metrics: true });
    for (const n of [1, 2, 3]) await producer.start('return $args', { ...ALL, args: n });
    await producer.start('return 1', ALL, { startAt: new Date(Date.now() + 3_600_000) });
    const of = `\\{deployment="${producer.deployment}"\\}`;
    const text = await producer.getPrometheusMetrics();
    expect(text).toMatch(new RegExp(`^nexus_runs_due${of} 3$`, 'm'));
    expect(text).toMatch(new RegExp(`^nexus_runs_due_lag_seconds${of} 0$`, 'm'));
    const alone = await createRuntime({ cacheDir: false, maxInstances: 1, suspensionStore: fleet.store });
    opened.push(alone);
    expect(await alone.getPrometheusMetrics()).not.toMatch(/^nexus_runs_due/m);
  });

  it('refuses what is no dispatcher, and no runs without one', async () => {
    const none = await rejection(createRuntime({ cacheDir: false, dispatcher: { dispatch() {} } as never }));
    expect(none.message).toMatch(/dispatcher.*must be a Dispatcher, for example bullmq\(\)/);
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    opened.push(runtime);
    const error = await rejection(runtime.work({ runs: false, extensions: {} }));
    expect(error.message).toMatch(/runs is false; it must be true where there is no dispatcher/);
  });
});

describe('tasks that are delivered 2 to 5 times, in any order', () => {
  it('end each run with its own result, and its effects once in order', async () => {
    const queue = new SharedQueue({
      deliveries: () => 2 + Math.floor(Math.random() * 4),
      delayMs: () => Math.random() ** 3 * 200,
    });
    const fleet = new Fleet(queue);
    const producer = await fleet.open();
    const told = new Map<string, string>();
    const onEffects: WorkOptions['onEffects'] = ({ events }, { key }) => {
      const content = JSON.stringify(events.map(({ name, payload }) => [name, payload]));
      expect(told.get(key) ?? content).toBe(content);
      told.set(key, content);
    };
    for (let at = 0; at < 3; at++) await fleet.worker({ onEffects, concurrency: 8 });
    const answers = new Map<string, Set<string>>();
    const token = async () => {
      const value = crypto.randomUUID();
      const key = currentCall()?.key ?? '';
      answers.set(key, (answers.get(key) ?? new Set()).add(value));
      return value;
    };
    for (let at = 0; at < 2; at++) await fleet.worker({ runs: false, extensions: { t: { token } } });
    const code = `
      const first = await $ext.t.token();
      $emit('first', first);
      const both = await Promise.all([$ext.t.token(), $ext.t.token()]);
      $emit('both', both);
      await new Promise((resolve) => setTimeout(resolve, 30));
      return [$args, first, ...both];
    `;
    const wrong: unknown[] = [];
    const one = async (n: number) => {
      const runId = `run-${n}`;
      const run = await producer.start(code, { ...ALL, args: n }, { runId });
      const { returnValue } = await run.result();
      const [args, ...tokens] = returnValue as [number, ...string[]];
      const isOwn = tokens.length === 3 && tokens.every((value, at) => answers.get(`${runId}:c${at + 1}`)?.has(value));
      if (args !== n || !isOwn) wrong.push({ n, returnValue });
    };
    await Promise.all(Array.from({ length: 60 }, (_, n) => one(n)));
    expect(wrong).toEqual([]);
    const deliveries = queue.dispatched.length * 3.5;
    expect(deliveries).toBeGreaterThan(60 * 6);
  }, 120_000);
});
