import { setTimeout as sleep } from 'node:timers/promises';
import { type CallContext, createRuntime, type NexusRuntime, type SegmentEffects } from 'nexus-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANYTHING, rejection } from './driving.js';

/** What an extension finds as `this`. */
interface Self {
  readonly call: CallContext;
}

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 2, killGraceMs: 50 });
});
afterAll(() => runtime.shutdown());

/** Settles when the signal fires, with its reason. */
function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

const messageOf = (error: unknown) => (error as Error).message;

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

describe('an extension that', () => {
  const code = 'try { return await $ext.a.b() } catch (e) { return [e.name, e.message, e.code] }';

  it('throws is an error at the await', async () => {
    const error = Object.assign(new RangeError('not so far'), { code: 'EFAR' });
    const b = () => {
      throw error;
    };
    expect((await runtime.run(code, ANYTHING, { extensions: { a: { b } } })).returnValue).toEqual([
      'RangeError',
      'not so far',
      'EFAR',
    ]);
    const uncaught = await runtime.run('\nawait $ext.a.b()', ANYTHING, { extensions: { a: { b } } });
    expect(uncaught.error).toMatchObject({ message: 'RangeError: not so far', location: { line: 2 } });
  });

  it('throws what cannot enter the VM is an error of its name and message', async () => {
    const b = () => Promise.reject(Object.assign(new TypeError('refused'), { request: { retry: () => 1 } }));
    const result = await runtime.run(code, ANYTHING, { extensions: { a: { b } } });
    expect(result.returnValue).toEqual(['TypeError', 'refused', undefined]);
  });

  it('answers with a function is a TypeError at the await, and harms no other answer', async () => {
    const extensions = { a: { b: () => ({ f: () => 1 }), c: () => 'fine' } };
    const result = await runtime.run(
      'const [b, c] = await Promise.allSettled([$ext.a.b(), $ext.a.c()]); return [b.reason?.name, b.reason?.message, c.value]',
      ANYTHING,
      { extensions },
    );
    expect(result.returnValue).toEqual(['TypeError', expect.stringContaining('answers[0].value.f'), 'fine']);
  });

  it('answers with too much is a TypeError at the await', async () => {
    const result = await runtime.run(code, ANYTHING, {
      extensions: { a: { b: () => 'x'.repeat(5_000) } },
      limits: { maxContextBytes: 4_000 },
    });
    expect(result.returnValue).toEqual(['TypeError', expect.stringContaining('maxContextBytes'), undefined]);
  });

  it('is missing is an error at the line of the call', async () => {
    const extensions = {
      a: { b: 5, c: () => 1 },
      inherited: Object.create({ b: () => 'found' }) as object,
    };
    const { error } = await runtime.run('\n\nawait $ext.a.b()', ANYTHING, { extensions });
    expect(error).toMatchObject({ message: expect.stringContaining('$ext.a.b'), location: { line: 3 } });
    expect((await runtime.run('await $ext.toString.call()', ANYTHING, { extensions })).status).toBe('error');
    expect((await runtime.run('return $ext.inherited.b()', ANYTHING, { extensions })).returnValue).toBe('found');
  });

  it.each([
    'constructor',
    'toString',
    'valueOf',
    '__defineGetter__',
    '__lookupGetter__',
    'hasOwnProperty',
    'call',
  ])('has only what every object has is not called by it: %s', async (method) => {
    // The host is not asked which there are: it must see that for itself.
    const context = { ...ANYTHING, extensionRegistry: { a: [method] } };
    const call = `return (await $ext.a[${JSON.stringify(method)}]("b")) + 1`;
    for (const extension of [
      { b: () => 1 },
      new (class Service {
        b() {}
      })(),
    ]) {
      const { error } = await runtime.run(call, context, { extensions: { a: extension } });
      expect(error?.message).toContain(`There is no extension method $ext.a.${method}`);
    }
  });

  it('does not answer within callTimeoutMs is a TimeoutError at the await, and is told', async () => {
    let told: Promise<unknown> = Promise.resolve();
    const extensions = {
      a: {
        b(this: Self) {
          told = aborted(this.call.signal);
          return new Promise(() => {});
        },
      },
    };
    const result = await runtime.run(code, ANYTHING, { extensions, callTimeoutMs: 30 });
    expect(result.returnValue).toEqual(['TimeoutError', expect.stringContaining('callTimeoutMs (30 ms)'), undefined]);
    expect(messageOf(await told)).toContain('callTimeoutMs');
  });

  it('is an instance of a class finds its own as this', async () => {
    class Counter {
      count = 5;
      next() {
        return ++this.count;
      }
    }
    const counter = new Counter();
    const extensions = { counter: counter };
    expect((await runtime.run('return $ext.counter.next()', ANYTHING, { extensions })).returnValue).toBe(6);
  });

  it('needs a capability like any other', async () => {
    let called = false;
    const extensions = {
      a: {
        b: () => {
          called = true;
        },
      },
    };
    const result = await runtime.run('await $ext.a.b()', { capabilities: ['ext:a.c'] }, { extensions });
    expect(result.error).toMatchObject({ code: 'PERMISSION_DENIED', context: { capability: 'ext:a.b' } });
    expect(called).toBe(false);
  });
});

describe('this.call of an extension', () => {
  it('has a key for each call of each run, and of no other', async () => {
    const keys: string[] = [];
    const extensions = {
      a: {
        b(this: Self) {
          keys.push(this.call.key);
        },
      },
    };
    const code = 'await Promise.all([$ext.a.b(), $ext.a.b()]); await $ext.a.b(); $ext.a.b()';
    await Promise.all([1, 2].map(() => runtime.run(code, ANYTHING, { extensions })));
    expect(keys).toHaveLength(8);
    expect(new Set(keys).size).toBe(8);
    expect(new Set(keys.map((key) => key.split(':')[0])).size).toBe(2);
    expect([...new Set(keys.map((key) => key.split(':')[1]))].sort()).toEqual(['c1', 'c2', 'c3', 'c4']);
  });

  it('has a signal that fires when the handler has ended without the answer', async () => {
    const told: Promise<unknown>[] = [];
    const extensions = {
      a: {
        slow(this: Self) {
          const reason = aborted(this.call.signal);
          told.push(reason);
          return reason.then(() => 'late');
        },
        fast: () => 'fast',
      },
    };
    const code = 'await Promise.race([$ext.a.slow(), $ext.a.fast()]); throw new Error("over")';
    const result = await runtime.run(code, ANYTHING, { extensions, callTimeoutMs: 100 });
    expect(result.error?.message).toBe('Error: over');
    expect(told).toHaveLength(1);
    await Promise.all(told);
  });
});

describe('calls that nobody awaits', () => {
  it('are made all the same, and waited for', async () => {
    const made: unknown[] = [];
    const extensions = {
      audit: {
        async note(text: string) {
          await new Promise(setImmediate);
          made.push(text);
        },
      },
    };
    const result = await runtime.run('$ext.audit.note("a"); $ext.audit.note("b"); return 1', ANYTHING, { extensions });
    expect(result).toMatchObject({ status: 'success', returnValue: 1 });
    expect(result.unawaitedCalls).toBeUndefined();
    expect(made).toEqual(['a', 'b']);
    await runtime.run('$ext.audit.note("c"); throw 1', ANYTHING, { extensions });
    expect(made).toEqual(['a', 'b', 'c']);
  });

  it('do not hold up the end beyond deadlineMs', async () => {
    let told: Promise<unknown> = Promise.resolve();
    const extensions = {
      a: {
        b(this: Self) {
          told = aborted(this.call.signal);
          return new Promise(() => {});
        },
      },
    };
    const result = await runtime.run('$ext.a.b(); return 1', ANYTHING, { extensions, deadlineMs: 500 });
    expect(result).toMatchObject({ status: 'success', returnValue: 1 });
    await told;
  });
});

describe('a run is called off', () => {
  const hanging = () => {
    const told: Promise<unknown>[] = [];
    const extensions = {
      a: {
        b(this: Self) {
          told.push(aborted(this.call.signal));
          return new Promise(() => {});
        },
      },
    };
    return { told, extensions };
  };

  it('by deadlineMs while it waits: TIMEOUT, with the effects', async () => {
    const { told, extensions } = hanging();
    const result = await runtime.run('$emit("e"); await $ext.a.b()', ANYTHING, { extensions, deadlineMs: 300 });
    expect(result).toMatchObject({
      status: 'error',
      partial: true,
      error: { code: 'TIMEOUT', context: { limit: 'deadlineMs', value: 300, layer: 'deadline' } },
      events: [{ name: 'e' }],
    });
    expect(result.suspension).toBeUndefined();
    expect(await Promise.all(told)).toHaveLength(1);
  });

  it('by deadlineMs while it executes: TIMEOUT, with the effects delivered before', async () => {
    const extensions = { a: { b: () => {} } };
    const result = await runtime.run('$emit("e"); await $ext.a.b(); $emit("f"); while (true);', ANYTHING, {
      extensions,
      deadlineMs: 300,
    });
    expect(result.error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'deadlineMs' } });
    expect(result.events.map(({ name }) => name)).toEqual(['e']);
  });

  it('by timeoutMs of a segment: TIMEOUT of that', async () => {
    const extensions = { a: { b: () => {} } };
    const result = await runtime.run('await $ext.a.b(); while (true);', ANYTHING, { extensions, timeoutMs: 50 });
    expect(result.error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'timeoutMs', value: 50 } });
  });

  it('by a signal: CANCELLED with its reason, and calls are told', async () => {
    const { told, extensions } = hanging();
    const controller = new AbortController();
    const running = runtime.run('$log(1); await $ext.a.b()', ANYTHING, { extensions, signal: controller.signal });
    while (told.length === 0) await sleep(1);
    controller.abort(new Error('user left'));
    expect(await running).toMatchObject({
      status: 'error',
      error: { code: 'CANCELLED', message: expect.stringContaining('user left') },
      logs: [{ message: '1' }],
    });
    expect(messageOf(await told[0])).toBe('user left');
  });

  it('by a signal that has fired: CANCELLED, and nothing is called', async () => {
    const { told, extensions } = hanging();
    const result = await runtime.run('await $ext.a.b()', ANYTHING, { extensions, signal: AbortSignal.abort('no') });
    expect(result.error).toMatchObject({ code: 'CANCELLED' });
    expect(told).toEqual([]);
  });

  it('while its effects are delivered: no call is made any more', async () => {
    const { told, extensions } = hanging();
    const controller = new AbortController();
    const result = await runtime.run('$log(1); await $ext.a.b()', ANYTHING, {
      extensions,
      signal: controller.signal,
      onEffects: () => controller.abort(new Error('enough')),
    });
    expect(result).toMatchObject({ error: { code: 'CANCELLED' }, logs: [{ message: '1' }] });
    expect(told).toEqual([]);
  });

  it('by onEffects that throws: the run rejects with that, and calls are told', async () => {
    const { told, extensions } = hanging();
    let deliveries = 0;
    const failure = new Error('database gone');
    const onEffects = async () => {
      if (++deliveries === 2) throw failure;
    };
    const both = { ...extensions, c: { d: () => 1 } };
    const code = 'const slow = $ext.a.b(); await $ext.c.d(); $emit("lost"); await slow';
    await expect(runtime.run(code, ANYTHING, { extensions: both, onEffects })).rejects.toBe(failure);
    expect(deliveries).toBe(2);
    expect(await Promise.all(told)).toHaveLength(1);
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
  ])('that are wrong are INVALID_ARGUMENT: %s', async (field, options) => {
    const error = await rejection(runtime.run('return 1', {}, options as object));
    expect([error.code, error.context['field']]).toEqual(['INVALID_ARGUMENT', field]);
  });

  it('that are unknown are INVALID_ARGUMENT', async () => {
    expect((await rejection(runtime.run('return 1', {}, { deadlineMS: 5 } as object))).code).toBe('INVALID_ARGUMENT');
  });
});
