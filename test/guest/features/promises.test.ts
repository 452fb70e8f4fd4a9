import { describe, expect, it } from 'vitest';

import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../../support/executor.js';

let executor: Executor | undefined;

/** Loops that are left only by the interruption at the deadline: a promise that catches it lets them go on for ever. */
describe('a loop around a function of the web that gives a promise', () => {
  it.each([
    'for (;;) crypto.subtle.digest("SHA-256", new Uint8Array(4));',
    'for (;;) crypto.subtle.digest();',
    'for (;;) $sleep(1);',
    'for (;;) $sleep();',
    'for (;;) scheduler.wait(1);',
    'for (;;) fetch("https://x.example/");',
    'for (;;) fetch("no URL");',
  ])('ends at the deadline: %s', async (source) => {
    executor ??= await createExecutor();
    const context = { capabilities: ['timer', 'net:*'] as const };
    const { status, error } = await runInThread(executor, source, context, { timeoutMs: 30 });
    expect(status).toBe('error');
    expect(error?.code).toMatch(/^(?:TIMEOUT|MEMORY_LIMIT)$/);
  });
});
