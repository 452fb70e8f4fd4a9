import { setTimeout as sleep } from 'node:timers/promises';
import { createRuntime, type NexusRuntime } from 'nexus-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ANYTHING } from './driving.js';
import { aborted, messageOf, type Self } from './extensions.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 2, killGraceMs: 50 });
});
afterAll(() => runtime.shutdown());

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
