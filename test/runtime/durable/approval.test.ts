import { afterEach, expect, it, vi } from 'vitest';

import { createRuntime } from '#src/index.js';
import { MemoryStore } from '#src/suspension/memory-store.js';

const { cancel, decide, request, work } = await import('../../../examples/approval/app.mjs' as string);

const DAY = 24 * 60 * 60 * 1000;
const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false } as const;

afterEach(() => {
  vi.useRealTimers();
});

/** The example over restarts, with a clock of its own. */
async function application() {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  const suspensionStore = new MemoryStore();
  const told: string[] = [];
  const keys = new Set<string>();
  const tell = (name: string, { who = '' }: { who?: string }, key: string) => {
    keys.add(key);
    told.push(`${name} ${who}`.trimEnd());
  };
  const begin = async () => {
    const runtime = await createRuntime({ ...OPTIONS, suspensionStore });
    await work(runtime, tell);
    return runtime;
  };
  let runtime = await begin();
  const run = await request(runtime, 7, 80, ['Ada', 'Grace']);
  const until = (what: () => unknown) =>
    vi.waitFor(
      async () => {
        vi.advanceTimersByTime(1_000);
        expect(await what()).toBe(true);
      },
      { timeout: 30_000 },
    );
  await until(() => told.includes('asked Grace'));
  return {
    run,
    told,
    keys,
    until,
    get runtime() {
      return runtime;
    },
    async restart() {
      await runtime.shutdown();
      runtime = await begin();
    },
    async pass(days: number, then: string) {
      vi.setSystemTime(Date.now() + days * DAY);
      await until(() => told.includes(then));
    },
    async stop() {
      await runtime.shutdown();
      await suspensionStore.close();
    },
  };
}

const ASKED = ['reserved', 'asked Ada', 'asked Grace'];

it('reminds after three days and escalates after seven, across restarts, and then takes the decisions', async () => {
  const app = await application();
  await app.restart();
  await app.pass(2.9, 'asked Grace');
  expect(app.told).toEqual(ASKED);
  await app.pass(0.2, 'reminded Grace');
  await app.restart();
  expect(await decide(app.runtime, 7, 'Ada', true)).toBe('accepted');
  await app.pass(3.9, 'reminded Grace');
  expect(app.told).not.toContain('escalated Grace');
  await app.pass(0.2, 'escalated Grace');
  await app.restart();
  expect(await decide(app.runtime, 7, 'Ada', false)).toBe('duplicate');
  await decide(app.runtime, 7, 'Grace', true);
  await app.until(() => app.told.includes('released'));
  expect((await app.runtime.getRun('refund-7').result()).returnValue).toBe(true);
  const reminded = ['reminded Ada', 'reminded Grace'];
  expect(app.told).toEqual([...ASKED, ...reminded, 'escalated Grace', 'paid', 'released']);
  expect(app.keys.size).toBe(app.told.length);
  await app.stop();
});

it('decided in time reminds nobody; cancelled, it releases what it reserved', async () => {
  const one = await application();
  for (const who of ['Ada', 'Grace']) await decide(one.runtime, 7, who, who === 'Ada');
  expect((await one.run.result()).returnValue).toBe(false);
  expect(one.told).toEqual([...ASKED, 'declined', 'released']);
  await one.stop();

  const other = await application();
  expect(await cancel(other.runtime, 7)).toBe(true);
  expect((await other.run.result()).error?.code).toBe('CANCELLED');
  expect(other.told).toEqual([...ASKED, 'released']);
  expect(await cancel(other.runtime, 7)).toBe(false);
  await other.stop();
});
