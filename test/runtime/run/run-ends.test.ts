import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';

import { eventually } from '../../support/runtime-helpers.js';
import { ANYTHING } from '../../suspension/resume-helpers.js';
import { hanging, messageOf } from './extensions.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 2, killGraceMs: 50 });
});
afterAll(() => runtime.shutdown());

describe('calls that a handler does not await', () => {
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
  });

  it.each([
    ['threw', '$ext.a.pay(); throw 1', {}],
    ['ran too long', '$ext.a.pay(); while (true);', { timeoutMs: 50 }],
    ['did what it may not', '$ext.a.pay(); $emit("e")', {}],
  ])('calls that nobody awaits of a handler that %s are not made, and are in the result', async (_, code, options) => {
    let made = 0;
    const extensions = { a: { pay: () => void made++ } };
    const result = await runtime.run(code, { capabilities: ['ext:a'] }, { extensions, ...options });
    expect(result.status).toBe('error');
    expect(result.unawaitedCalls).toMatchObject([{ extensionName: 'a', method: 'pay' }]);
    expect(made).toBe(0);
  });

  it('calls that nobody awaits and were made before the last segment are told and not waited for', async () => {
    const { told, extensions: slow } = hanging();
    const extensions = { ...slow, c: { fast: () => 'fast' } };
    // It would wait for the slow one for longer than a test may take.
    const options = { extensions, callTimeoutMs: 600_000 };
    const result = await runtime.run('return Promise.race([$ext.a.b(), $ext.c.fast()])', ANYTHING, options);
    expect(result).toMatchObject({ status: 'success', returnValue: 'fast', unawaitedCalls: [{ callId: 'c1' }] });
    expect(messageOf(await told[0])).toBe('the handler has ended');
  });

  it('end with the run when its signal fires: CANCELLED', async () => {
    const controller = new AbortController();
    const extensions = {
      a: {
        b() {
          setImmediate(() => controller.abort(new Error('enough')));
          return new Promise(() => {});
        },
      },
    };
    const options = { extensions, callTimeoutMs: 600_000, signal: controller.signal };
    const result = await runtime.run('$ext.a.b(); return 1', ANYTHING, options);
    expect(result).toMatchObject({ status: 'error', error: { code: 'CANCELLED' } });
  });

  it('end with the run when deadlineMs is over: TIMEOUT', async () => {
    const { told, extensions } = hanging();
    const result = await runtime.run('$ext.a.b(); return 1', ANYTHING, { extensions, deadlineMs: 500 });
    expect(result).toMatchObject({ status: 'error', error: { code: 'TIMEOUT', context: { limit: 'deadlineMs' } } });
    expect(await Promise.all(told)).toHaveLength(1);
  });
});

describe('a run is called off', () => {
  it('a run is called off by deadlineMs while it waits: TIMEOUT, with the effects', async () => {
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

  it('a run is called off by deadlineMs while it executes: TIMEOUT, with the effects delivered before', async () => {
    const extensions = { a: { b: () => {} } };
    const result = await runtime.run('$emit("e"); await $ext.a.b(); $emit("f"); while (true);', ANYTHING, {
      extensions,
      deadlineMs: 300,
    });
    expect(result.error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'deadlineMs' } });
    expect(result.events.map(({ name }) => name)).toEqual(['e']);
  });

  it('a run is called off by timeoutMs of a segment: TIMEOUT of that', async () => {
    const extensions = { a: { b: () => {} } };
    const result = await runtime.run('await $ext.a.b(); while (true);', ANYTHING, { extensions, timeoutMs: 50 });
    expect(result.error).toMatchObject({ code: 'TIMEOUT', context: { limit: 'timeoutMs', value: 50 } });
  });

  it('a run is called off by a signal: CANCELLED with its reason, and calls are told', async () => {
    const { told, extensions } = hanging();
    const controller = new AbortController();
    const running = runtime.run('$log(1); await $ext.a.b()', ANYTHING, { extensions, signal: controller.signal });
    await eventually(() => expect(told).not.toEqual([]));
    controller.abort(new Error('user left'));
    expect(await running).toMatchObject({
      status: 'error',
      error: { code: 'CANCELLED', message: expect.stringContaining('user left') },
      logs: [{ message: '1' }],
    });
    expect(messageOf(await told[0])).toBe('user left');
  });

  it('a run is called off by a signal that has fired: CANCELLED, and nothing is called', async () => {
    const { told, extensions } = hanging();
    const result = await runtime.run('await $ext.a.b()', ANYTHING, { extensions, signal: AbortSignal.abort('no') });
    expect(result.error).toMatchObject({ code: 'CANCELLED' });
    expect(told).toEqual([]);
  });

  it('a run is called off while its effects are delivered: no call is made any more', async () => {
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

  it('a run is called off by an extension: the calls after it are not made', async () => {
    const controller = new AbortController();
    const made: string[] = [];
    const extensions = {
      a: {
        first() {
          made.push('first');
          controller.abort(new Error('enough'));
        },
        second: () => void made.push('second'),
      },
    };
    const code = 'await Promise.all([$ext.a.first(), $ext.a.second()])';
    const result = await runtime.run(code, ANYTHING, { extensions, signal: controller.signal });
    expect(result.error).toMatchObject({ code: 'CANCELLED', message: 'The run was cancelled: enough' });
    expect(made).toEqual(['first']);
  });

  it('a run is called off for a reason that has no text: CANCELLED, with the effects', async () => {
    const { told, extensions } = hanging();
    const controller = new AbortController();
    const running = runtime.run('$log(1); await $ext.a.b()', ANYTHING, { extensions, signal: controller.signal });
    await eventually(() => expect(told).not.toEqual([]));
    controller.abort(Object.create(null));
    expect(await running).toMatchObject({ error: { code: 'CANCELLED' }, logs: [{ message: '1' }] });
  });

  it('says which handler it was', async () => {
    const { extensions } = hanging();
    const context = { ...ANYTHING, handlerName: 'refresh', panelId: 'p1' };
    const { error } = await runtime.run('await $ext.a.b()', context, { extensions, deadlineMs: 100 });
    expect(error).toMatchObject({ code: 'TIMEOUT', context: { handlerName: 'refresh', panelId: 'p1' } });
  });

  it('a run is called off by the end of the runtime, after the drain timeout: CANCELLED, and calls are told', async () => {
    const ending = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const { told, extensions } = hanging();
    const running = ending.run('$log(1); await $ext.a.b()', ANYTHING, { extensions, callTimeoutMs: 600_000 });
    await eventually(() => expect(told).not.toEqual([]));
    await ending.shutdown({ drainTimeoutMs: 0 });
    expect(await running).toMatchObject({
      error: { code: 'CANCELLED', message: 'The run was cancelled: the runtime is shutting down' },
      logs: [{ message: '1' }],
    });
    expect(messageOf(await told[0])).toBe('the runtime is shutting down');
  });

  it('a run is called off by onEffects that throws: the run rejects with that, and calls are told', async () => {
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
