import { afterEach, expect, it, vi } from 'vitest';

import { createRuntime } from '#src/index.js';
import { runHandler } from '#src/testing/index.js';

afterEach(() => {
  vi.useRealTimers();
});

/** Everything that vitest can replace but `nextTick`, which Node itself waits for. */
const toFake = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'performance',
  'Date',
] as const;

it('a runtime starts, executes, runs, suspends, stops handlers and ends while every timer and clock of the test stands still', async () => {
  vi.useFakeTimers({ toFake: [...toFake] });
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
  const capabilities = ['ext:a.b'] as const;
  const run = await runtime.run('return await $ext.a.b()', { capabilities }, { extensions: { a: { b: () => 'b' } } });
  expect(run.returnValue).toBe('b');
  const waiting = await runtime.executeHandler('return await $ext.a.b()', { capabilities });
  const answer = { success: true, value: 'c' } as const;
  const resumed = await runtime.resumeHandler(waiting.suspension?.suspensionId ?? '', answer);
  expect(resumed.returnValue).toBe('c');
  const endless = await runtime.executeHandler('for (;;);', {}, { timeoutMs: 50 });
  expect(endless.error?.code).toBe('TIMEOUT');
  const late = await runtime.run(
    'await $ext.a.b()',
    { capabilities },
    {
      extensions: { a: { b: () => new Promise(() => {}) } },
      callTimeoutMs: 50,
    },
  );
  expect(late.error?.message).toContain('TimeoutError');
  await runtime.shutdown();
});

it('the test kit runs a handler to its end while every timer and clock of the test stands still', async () => {
  vi.useFakeTimers({ toFake: [...toFake] });
  expect((await runHandler('return await $ext.a.b()', { ext: { a: { b: () => 7 } } })).returnValue).toBe(7);
});
