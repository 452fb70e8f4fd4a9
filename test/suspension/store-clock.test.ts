import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { createRuntime, type RuntimeOptions } from '#src/index.js';
import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { rejection, suspensionOf } from './resume-helpers.js';

const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false } as const satisfies RuntimeOptions;
const SLOW_MS = 120;

type Slow = 'question' | 'answer' | 'first question' | undefined;

/** What a process has of a store that others have, too: its questions for the time, or the answers, are long under way. */
function viewOf(shared: MemoryStore, slow: Slow): MemoryStore & { readonly asked: () => number } {
  let asked = 0;
  const time = async () => {
    const isSlow = slow !== 'first question' || asked === 0;
    asked++;
    if (slow !== 'answer' && slow !== undefined && isSlow) await pause(SLOW_MS);
    const now = Date.now();
    if (slow === 'answer') await pause(SLOW_MS);
    return now;
  };
  return new Proxy(shared, {
    get(target, name) {
      if (name === 'time') return time;
      if (name === 'asked') return () => asked;
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  }) as ReturnType<typeof viewOf>;
}

const open = (suspensionStore: MemoryStore) => createRuntime({ ...OPTIONS, suspensionStore });

describe('the clock of a store that is asked slowly', () => {
  it.each([
    ['question', undefined],
    ['answer', undefined],
    [undefined, 'question'],
    [undefined, 'answer'],
    ['answer', 'question'],
    [undefined, 'first question'],
  ] satisfies [
    Slow,
    Slow,
  ][])('no timer is early: set where the %s is slow, due where the %s is', async (setting, resuming) => {
    const shared = new MemoryStore();
    await using one = await open(viewOf(shared, setting));
    await using other = await open(viewOf(shared, resuming));
    const set = suspensionOf(await one.executeHandler("await $sleep('1h')", { capabilities: ['timer'] }));
    const refused = await rejection(other.resumeHandler(set.suspensionId));
    expect(refused.code).toBe('INVALID_ARGUMENT');
    // Both have the clock of this machine.
    const dueAt = refused.context?.['wakeAt'] as Date;
    expect(dueAt.getTime()).toBeGreaterThanOrEqual(set.wakeAt?.getTime() ?? Number.NaN);
  });

  it('a timer that waits over many steps is not put off by each of them', async () => {
    const view = viewOf(new MemoryStore(), 'question');
    await using runtime = await open(view);
    const code = `const timer = $sleep('1h'); for (let i = 0; i < 5; i++) await Promise.race([timer, $ext.a.b(i)])`;
    let { suspensionId, wakeAt } = suspensionOf(
      await runtime.executeHandler(code, { capabilities: ['timer', 'ext:*'] }),
    );
    const times: number[] = [];
    for (let step = 0; step < 4; step++) {
      const result = await runtime.resumeHandler(suspensionId, { success: true, value: step });
      ({ suspensionId, wakeAt } = suspensionOf(result));
      times.push(wakeAt?.getTime() ?? 0);
    }
    expect(new Set(times).size).toBe(1);
  });

  it('a comparison that waited for a connection is repeated', async () => {
    const view = viewOf(new MemoryStore(), 'first question');
    await using runtime = await open(view);
    await runtime.executeHandler('await $ext.a.b()', { capabilities: ['ext:*'] });
    expect(view.asked()).toBeGreaterThan(1);
  });
});
