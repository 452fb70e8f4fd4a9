import { beforeAll, describe, expect, it } from 'vitest';

import { ALL_FEATURES, FEATURES } from '#src/engine/image/features.js';
import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../support/executor.js';

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

const run = async (source: string, options = {}) => (await runInThread(executor, source, {}, options)).returnValue;

describe('queueMicrotask', () => {
  it('runs after the code at hand, in turn with promises, without arguments', async () => {
    const order = await run(`
      const order = [];
      Promise.resolve().then(() => order.push('a'));
      queueMicrotask((...args) => order.push('b' + args.length));
      Promise.resolve().then(() => order.push('c'));
      order.push('now');
      await null; await null;
      return order;
    `);
    expect(order).toEqual(['now', 'a', 'b0', 'c']);
    expect(await run('try { queueMicrotask(1) } catch (e) { return e.name }')).toBe('TypeError');
  });
});

describe('performance', () => {
  it('counts milliseconds from the beginning of the execution, never backwards', async () => {
    const before = Date.now();
    const [origin, times] = (await run(`
      const times = [];
      do times.push(performance.now()); while (times.at(-1) < times[0] + 3);
      return [performance.timeOrigin, [times[0], times.at(-1), times.every((t, i) => i === 0 || t >= times[i - 1])]];
    `)) as [number, [number, number, boolean]];
    expect(origin).toBeGreaterThanOrEqual(before);
    expect(origin).toBeLessThanOrEqual(Date.now());
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times[1]).toBeGreaterThan(times[0]);
    expect(times[2]).toBe(true);
  });

  it('stands still with the caller’s clock', async () => {
    const source = 'return [performance.now(), performance.timeOrigin, JSON.stringify(performance)]';
    expect(await run(source, { now: 1234 })).toEqual([0, 1234, '{"timeOrigin":1234}']);
  });
});

describe('globalThis', () => {
  it('has the same names in the same order, none enumerable, whatever a handler names', async () => {
    const list = `return [Object.getOwnPropertyNames(globalThis), Object.keys(globalThis),
      Object.values(Object.getOwnPropertyDescriptors(globalThis)).map((d) => [d.enumerable, d.configurable])]`;
    const plain = await run(list);
    const names = FEATURES.flatMap(({ globals }) => globals);
    expect(plain).toEqual(await run(`${names.map((name) => `typeof ${name}`).join(';')};${list}`));
    for (const name of names) {
      expect((plain as string[][])[0]).toContain(name);
      expect(await run(`typeof ${name};${list}`)).toEqual(plain);
    }
  });

  it('lets a handler replace, shadow and delete a global that it does not have yet', async () => {
    const results = await run(`
      const key = ['U', 'RL'].join('');
      globalThis[key] = 1;
      const derived = Object.create(globalThis);
      derived[['at', 'ob'].join('')] = 2;
      const gone = delete globalThis[['crypt', 'o'].join('')];
      return [globalThis[key], Object.getOwnPropertyDescriptor(globalThis, key), Object.keys(derived), gone, ['crypt', 'o'].join('') in globalThis];
    `);
    expect(results).toEqual([
      1,
      { value: 1, writable: true, enumerable: false, configurable: true },
      ['atob'],
      true,
      false,
    ]);
  });

  it('names are those of the interfaces', async () => {
    const namespaces = ['crypto', 'console', 'Intl', 'scheduler'];
    const names = FEATURES.flatMap(({ globals }) => globals as readonly string[]).filter(
      (name) => !namespaces.includes(name),
    );
    expect(await run(`return [${names.join(', ')}].map((value) => value.name)`)).toEqual(names);
    expect(await executor.hashImage(ALL_FEATURES)).toMatch(/^[\da-f]{64}$/);
  });
});
