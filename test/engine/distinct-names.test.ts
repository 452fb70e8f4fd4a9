import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime } from '#src/index.js';

let runtime: NexusRuntime;

beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, timeoutMs: 1_000 });
});
afterAll(() => runtime.shutdown());

/** The engine keeps each of these under a separate name as long as the guest holds it. */
const HOARDERS = [
  ['members', 'const o = {}; for (let i = 0; ; i++) o["k" + i] = 1;'],
  ['members of many objects', 'const all = []; for (let i = 0; ; i++) all.push({ ["k" + i]: 1 });'],
  [
    'orders of members',
    'const all = []; for (let i = 0; ; i++) all.push({ ["k" + i % 99]: 1, ["l" + i % 97]: 1, ["m" + i % 89]: 1 });',
  ],
  ['members of parsed JSON', 'const all = []; for (let i = 0; ; i++) all.push(JSON.parse(`{"k${i}":{"l${i}":1}}`));'],
  ['symbols', 'const all = []; for (let i = 0; ; i++) all.push(Symbol("s" + i));'],
  ['symbols of the registry', 'const all = []; for (let i = 0; ; i++) all.push(Symbol.for("s" + i));'],
  ['names of functions', 'const all = []; for (let i = 0; ; i++) all.push({ ["f" + i]() {} });'],
  [
    'groups',
    'const all = []; for (let i = 0; ; i++) all.push(/(?<a>.)/.exec("x").groups, Object.groupBy([i], (x) => "g" + x));',
  ],
] as const;

describe('a guest that makes distinct names without end', () => {
  it.each(HOARDERS)('ends at a limit: %s', async (_, code) => {
    const { status, error } = await runtime.executeHandler(code);
    expect(status).toBe('error');
    expect(['MEMORY_LIMIT', 'TIMEOUT']).toContain(error?.code);
    expect(await runtime.executeHandler('return 1')).toMatchObject({ status: 'success', returnValue: 1 });
  });

  it('a source with very many distinct names does not compile, and ends no worker', async () => {
    const { errors } = runtime.getStats();
    const { status, error } = await runtime.executeHandler('{;}'.repeat(66_000));
    expect(status).toBe('error');
    expect(error?.code).toBe('COMPILATION_ERROR');
    expect(error?.message).toContain('split it into several functions');
    expect(runtime.getStats().errors).toEqual({ ...errors, COMPILATION_ERROR: (errors.COMPILATION_ERROR ?? 0) + 1 });
    expect(await runtime.executeHandler('return 2')).toMatchObject({ status: 'success', returnValue: 2 });
  }, 60_000);
});
