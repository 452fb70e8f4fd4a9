// What an execution comes to that asks functions of the host until a limit is reached, and catches all that is thrown.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createRuntime, type NexusRuntime } from '#src/index.js';

const MEMORY_LIMIT_BYTES = 16 * 1024 * 1024;
let runtime: NexusRuntime;

beforeAll(async () => {
  runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    metrics: false,
    memoryLimitBytes: MEMORY_LIMIT_BYTES,
    network: { allow: ['api.example.com'], fetch: async () => new Response('answer') },
    node: true,
  });
});
afterAll(() => runtime.shutdown());

const forever = (before: string, body: string) => `${before}; for (;;) try { ${body} } catch {}`;
const BYTES = 'const bytes = new Uint8Array(2_000_000)';

describe('an execution whose time is over while it asks the host', () => {
  it.each([
    ['crypto.timingSafeEqual', BYTES, 'crypto.timingSafeEqual(bytes, bytes)'],
    ['crypto.subtle', BYTES, "await crypto.subtle.digest('SHA-512', bytes)"],
    ['crypto.subtle, without an await', BYTES, "crypto.subtle.digest('SHA-512', bytes)"],
    [
      'crypto.subtle, with handlers',
      BYTES,
      "await crypto.subtle.digest('SHA-512', bytes).catch(() => {}).finally(() => {})",
    ],
    ['crypto.getRandomValues', 'const bytes = new Uint8Array(65_536)', 'crypto.getRandomValues(bytes)'],
    ['Intl', "const format = new Intl.NumberFormat('de')", 'format.format(1.5)'],
    ['a method with a locale', '', "'ä'.repeat(10_000).toLocaleUpperCase('de')"],
    ['Buffer', 'const bytes = Buffer.alloc(100_000)', "Buffer.from(bytes.toString('base64'), 'base64')"],
    ['structuredClone', 'const value = { bytes: new Uint8Array(100_000) }', 'structuredClone(value)'],
    ['queueMicrotask', '', 'await new Promise(queueMicrotask)'],
  ])('ends with TIMEOUT, though it catches what is thrown: %s', async (_name, before, body) => {
    const { status, error } = await runtime.executeHandler(forever(before, body), {}, { timeoutMs: 60 });
    expect([status, error?.code]).toEqual(['error', 'TIMEOUT']);
  });

  it.each([
    ['timers', 'await new Promise((resolve) => setTimeout(resolve, 1))'],
    ['fetch', "await fetch('https://api.example.com/')"],
    ['an extension', 'await $ext.app.ask()'],
  ])('ends with TIMEOUT when it is a run: %s', async (_name, body) => {
    const context = { capabilities: ['timer', 'net:*', 'ext:app.ask'] as const };
    const options = { deadlineMs: 300, maxCalls: 1_000_000, extensions: { app: { ask: async () => 1 } } };
    const { status, error } = await runtime.run(forever('', body), context, options);
    expect([status, error?.code]).toEqual(['error', 'TIMEOUT']);
  });
});

describe('the memory of an execution that asks for cryptography', () => {
  it('does not hold what was passed before: more can be passed, in all, than there is memory', async () => {
    const bytes = MEMORY_LIMIT_BYTES / 8;
    const { returnValue, error } = await runtime.executeHandler(
      `const bytes = new Uint8Array(${bytes});
       let length = 0, same = 0;
       for (let i = 0; i < 20; i++) {
         length += (await crypto.subtle.digest('SHA-1', bytes)).byteLength;
         same += Number(crypto.timingSafeEqual(bytes, bytes));
       }
       return [length, same];`,
      {},
      { timeoutMs: 20_000 },
    );
    expect(error).toBeUndefined();
    expect(returnValue).toEqual([400, 20]);
  });

  it('ends the execution when it has no room for an answer: nothing else is thrown in its place', async () => {
    const { error } = await runtime.executeHandler(
      `const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt']);
       const algorithm = { name: 'AES-GCM', iv: new Uint8Array(12) };
       const bytes = new Uint8Array(1_000_000);
       const kept = [];
       for (;;) try { kept.push(await crypto.subtle.encrypt(algorithm, key, bytes)); } catch (error) { return String(error); }`,
      {},
      { timeoutMs: 20_000 },
    );
    expect(error?.code).toBe('MEMORY_LIMIT');
  });
});
