import { afterEach, expect, it, vi } from 'vitest';

import { createRuntime, currentCall, later, type SegmentEffects } from '#src/index.js';
import { MemoryStore } from '#src/suspension/memory-store.js';

/** Two approvals at once, a reminder after three days, an escalation after seven, and what has to be undone at the end. */
const APPROVAL = `
  $emit('reserve', $args.order);
  try {
    const all = Promise.all(['lead', 'finance'].map((who) => $ext.approvals.ask(who)));
    for (const [days, what] of [[3, 'remind'], [4, 'escalate']]) {
      const decided = await Promise.race([all.then(() => true), $sleep(days + 'd')]);
      if (decided) break;
      $emit(what, $args.order);
    }
    const decisions = await all;
    if (!decisions.every((one) => one === 'yes')) throw new Error('rejected');
    $emit('ship', $args.order);
    return decisions;
  } catch (error) {
    $emit('free', error.message);
    throw error;
  }`;
const DAY = 24 * 60 * 60 * 1000;
const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false } as const;
const capabilities = ['ext:approvals.ask', 'events:emit:*', 'timer'];

afterEach(() => {
  vi.useRealTimers();
});

/** An application over restarts, with a clock of its own. */
async function application() {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
  const suspensionStore = new MemoryStore();
  const events: string[] = [];
  const keys: string[] = [];
  const ask = () => {
    keys.push(currentCall()?.key ?? '');
    return later;
  };
  const onEffects = (effects: SegmentEffects) => void events.push(...effects.events.map(({ name }) => name));
  const begin = async () => {
    const runtime = await createRuntime({ ...OPTIONS, suspensionStore });
    await runtime.work({ extensions: { approvals: { ask } }, onEffects });
    return runtime;
  };
  let runtime = await begin();
  const run = await runtime.start(APPROVAL, { args: { order: 7 }, capabilities }, { runId: 'order-7' });
  const until = async (what: () => void) => {
    await vi.waitFor(
      () => {
        vi.advanceTimersByTime(1_000);
        what();
      },
      { timeout: 30_000 },
    );
  };
  await until(() => expect(keys).toHaveLength(2));
  return {
    run,
    events,
    keys,
    get runtime() {
      return runtime;
    },
    async restart() {
      await runtime.shutdown();
      runtime = await begin();
    },
    async pass(days: number, then: string) {
      vi.setSystemTime(Date.now() + days * DAY);
      await until(() => expect(events).toContain(then));
    },
    async stop() {
      await runtime.shutdown();
      await suspensionStore.close();
    },
  };
}

it('reminds after three days and escalates after seven, across restarts, and then takes the answers', async () => {
  const app = await application();
  await app.restart();
  await app.pass(2.5, 'reserve');
  expect(app.events).toEqual(['reserve']);
  await app.pass(0.6, 'remind');
  await app.restart();
  await app.pass(4.1, 'escalate');
  await app.restart();
  for (const key of app.keys) await app.runtime.completeCall(key, { success: true, value: 'yes' });
  const result = await app.runtime.getRun('order-7').result();
  expect(result.returnValue).toEqual(['yes', 'yes']);
  expect(app.events).toEqual(['reserve', 'remind', 'escalate', 'ship']);
  expect(app.keys).toEqual(['order-7:c1', 'order-7:c2']);
  await app.stop();
});

it('answered in time reminds nobody; cancelled, it frees what it reserved', async () => {
  const one = await application();
  for (const key of one.keys) await one.runtime.completeCall(key, { success: true, value: 'yes' });
  expect((await one.run.result()).status).toBe('success');
  expect(one.events).toEqual(['reserve', 'ship']);
  await one.stop();

  const other = await application();
  await other.run.cancel();
  expect((await other.run.result()).error?.code).toBe('CANCELLED');
  expect(other.events).toEqual(['reserve', 'free']);
  await other.stop();
});
