import { describe, expect, it } from 'vitest';
import { createRuntime, type NexusRuntime, type StoredSuspension, type SuspensionStore } from '#src/index.js';

import { MemoryStore } from '#src/suspension/memory-store/memory-store.js';
import { askKey } from '#src/suspension/store-calls.js';
import { ANYTHING, answer, rejection, suspensionOf } from './resume-helpers.js';

type Operation = keyof SuspensionStore;

/** A store in memory that can be made to fail like one in a database. */
class FragileStore extends MemoryStore {
  /** Operations that fail, and with what. */
  readonly failing = new Map<Operation, unknown>();
  /** Operations that succeed and still fail for the caller, because the answer is lost. */
  readonly losing = new Set<Operation>();
  /** How often each of them fails, when not always. */
  readonly times = new Map<Operation, number>();

  override key() {
    return this.#attempt('key', () => super.key());
  }
  override put(suspension: StoredSuspension) {
    return this.#attempt('put', () => super.put(suspension));
  }
  override claim(...given: Parameters<SuspensionStore['claim']>) {
    return this.#attempt('claim', () => super.claim(...given));
  }
  override settle(...given: Parameters<SuspensionStore['settle']>) {
    return this.#attempt('settle', () => super.settle(...given));
  }
  override release(...given: Parameters<SuspensionStore['release']>) {
    return this.#attempt('release', () => super.release(...given));
  }
  override sweep(nowMs: number) {
    return this.#attempt('sweep', () => super.sweep(nowMs));
  }

  async #attempt<T>(name: Operation, operation: () => Promise<T>): Promise<T> {
    const left = this.times.get(name);
    if (left === 0) return operation();
    if (left !== undefined) this.times.set(name, left - 1);
    if (this.failing.has(name)) throw this.failing.get(name);
    const result = await operation();
    if (this.losing.has(name)) throw new Error('connection reset');
    return result;
  }
}

const CODE =
  '$emit("before"); await $ext.a.b(); $emit("after", [Math.random(), globalThis["cry" + "pto"].randomUUID()]); return 1';

async function withStore(use: (runtime: NexusRuntime, store: FragileStore) => Promise<void>): Promise<void> {
  const store = new FragileStore();
  await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1, suspensionStore: store });
  await use(runtime, store);
}

describe('a store that fails', () => {
  it.each([
    'put',
    'key',
  ] as const)('a store that fails in %s: the result says so and keeps the effects, and the next is kept', (operation) =>
    withStore(async (runtime, store) => {
      store.failing.set(operation, new Error('disk full'));
      const result = await runtime.executeHandler(CODE, ANYTHING);
      expect(result).toMatchObject({
        status: 'error',
        partial: true,
        error: {
          code: 'EXECUTION_ERROR',
          context: { layer: 'suspension', reason: expect.stringContaining('disk full') },
        },
        events: [{ name: 'before' }],
      });
      expect(result.suspension).toBeUndefined();
      expect(runtime.getStats().suspendedExecutions).toBe(0);
      store.failing.clear();
      const { suspensionId } = suspensionOf(await runtime.executeHandler(CODE, ANYTHING));
      expect((await runtime.resumeHandler(suspensionId, answer())).status).toBe('success');
    }));

  it.each([
    [new Error('no route')],
    ['no route'],
    [undefined],
  ])('a store that fails in a claim, with %s, is INTERNAL_ERROR, and the handler waits on', (thrown) =>
    withStore(async (runtime, store) => {
      const { suspensionId } = suspensionOf(await runtime.executeHandler(CODE, ANYTHING));
      store.failing.set('claim', thrown);
      const error = await rejection(runtime.resumeHandler(suspensionId, answer()));
      expect([error.code, error.retryable]).toEqual(['INTERNAL_ERROR', true]);
      store.failing.clear();
      expect((await runtime.resumeHandler(suspensionId, answer())).status).toBe('success');
    }));

  it('a store that fails while the outcome is recorded delivers nothing, and a second resume does the same again', () =>
    withStore(async (runtime, store) => {
      const { suspensionId } = suspensionOf(await runtime.executeHandler(CODE, ANYTHING, { seed: 1 }));
      const twin = suspensionOf(await runtime.executeHandler(CODE, ANYTHING, { seed: 1 }));
      store.failing.set('settle', new Error('disk full'));
      expect((await rejection(runtime.resumeHandler(suspensionId, answer()))).code).toBe('INTERNAL_ERROR');
      expect((await runtime.inspectSuspension(suspensionId))?.state).toBe('suspended');
      store.failing.clear();
      const again = await runtime.resumeHandler(suspensionId, answer());
      expect(again).toMatchObject({ status: 'success', events: [{ name: 'after' }] });
      // It draws no random numbers after it is resumed.
      expect(again.events).toEqual((await runtime.resumeHandler(twin.suspensionId, answer())).events);
    }));

  it('a store that fails and recorded the outcome all the same gives it to the next who asks', () =>
    withStore(async (runtime, store) => {
      const { suspensionId } = suspensionOf(await runtime.executeHandler(CODE, ANYTHING));
      store.losing.add('settle');
      expect((await rejection(runtime.resumeHandler(suspensionId, answer()))).code).toBe('INTERNAL_ERROR');
      store.losing.clear();
      const { totalExecutions } = runtime.getStats();
      const again = await runtime.resumeHandler(suspensionId, answer());
      expect(again).toMatchObject({ status: 'success', events: [{ name: 'after' }] });
      expect(runtime.getStats().totalExecutions).toBe(totalExecutions);
    }));

  it.each([
    'failing',
    'losing',
  ] as const)('a store that fails for a moment while the outcome is recorded (%s) costs nothing', (how) =>
    withStore(async (runtime, store) => {
      const { suspensionId } = suspensionOf(
        await runtime.executeHandler('await $ext.a.b(); await $ext.a.c()', ANYTHING),
      );
      if (how === 'failing') store.failing.set('settle', new Error('connection reset'));
      else store.losing.add('settle');
      store.times.set('settle', 1);
      const next = suspensionOf(await runtime.resumeHandler(suspensionId, answer()));
      expect(runtime.getStats().suspendedExecutions).toBe(1);
      expect((await runtime.resumeHandler(next.suspensionId, answer())).status).toBe('success');
    }));

  it('a store that fails to release does not hide what went wrong', () =>
    withStore(async (runtime, store) => {
      const { suspensionId } = suspensionOf(await runtime.executeHandler(CODE, ANYTHING));
      store.failing.set('release', new Error('no route'));
      expect((await rejection(runtime.resumeHandler(suspensionId, []))).code).toBe('INVALID_ARGUMENT');
    }));
});

describe('two runtimes with one store', () => {
  it('resume a suspension once, and both get its outcome', async () => {
    const suspensionStore = new FragileStore();
    // The last one closes it.
    const options = { cacheDir: false, maxInstances: 1, suspensionStore } as const;
    await using one = await createRuntime(options);
    await using other = await createRuntime(options);
    for (let i = 0; i < 20; i++) {
      const { suspensionId } = suspensionOf(await one.executeHandler(CODE, ANYTHING));
      const [a, b] = await Promise.all([
        one.resumeHandler(suspensionId, answer()),
        other.resumeHandler(suspensionId, answer()),
      ]);
      expect([a.replayed, b.replayed].sort()).toEqual([true, undefined]);
      expect({ ...b, replayed: true }).toEqual({ ...a, replayed: true });
    }
    expect(one.getStats().totalExecutions + other.getStats().totalExecutions).toBe(40);
  });
});

it('a store whose key() never answers has failed: what waits for the key is told so', async () => {
  class SilentStore extends MemoryStore {
    override key() {
      return new Promise<never>(() => {});
    }
  }
  await expect(askKey(new SilentStore(), 20)).rejects.toMatchObject({
    code: 'INTERNAL_ERROR',
    message: 'The store of suspended handlers failed: key() did not answer within 20 ms.',
  });
});
