import { describe, expect, it } from 'vitest';

import { ENDLESS, rejection, withRuntime } from '../support/runtime-helpers.js';

const TWO_WORKERS = { maxInstances: 2, minInstances: 2, timeoutMs: 60_000, killGraceMs: 100 };
const ONE_WORKER = { ...TWO_WORKERS, maxInstances: 1, minInstances: 1 };

/** One turn of the event loop after another, until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(setImmediate);
}

describe('a tenant that executes and compiles', () => {
  it('uses one worker of two: another tenant is served by the other one', () =>
    withRuntime(TWO_WORKERS, async (runtime) => {
      await runtime.warmup([ENDLESS]);
      const hog = new AbortController();
      const executing = runtime.executeHandler(ENDLESS, {}, { tenant: 'a', signal: hog.signal });
      await until(() => runtime.getStats().activeInstances === 1);
      let isCompiled = false;
      const compiling = runtime.executeHandler('return "compiled"', {}, { tenant: 'a' }).then((result) => {
        isCompiled = true;
        return result;
      });
      for (let i = 0; i < 5; i++) {
        expect((await runtime.executeHandler(`return ${i}`, {}, { tenant: 'b' })).returnValue).toBe(i);
      }
      expect(isCompiled).toBe(false);
      hog.abort();
      expect((await executing).error?.code).toBe('CANCELLED');
      expect((await compiling).returnValue).toBe('compiled');
    }));

  it('may use both if it is allowed to', () =>
    withRuntime({ ...TWO_WORKERS, maxInstancesPerTenant: 2 }, async (runtime) => {
      await runtime.warmup([ENDLESS]);
      const hog = new AbortController();
      const executing = runtime.executeHandler(ENDLESS, {}, { tenant: 'a', signal: hog.signal });
      expect((await runtime.executeHandler('return 7', {}, { tenant: 'a' })).returnValue).toBe(7);
      hog.abort();
      await executing;
    }));
});

describe('a compilation that calls of several tenants wait for', () => {
  /** What is compiled, in its order, while one worker does all of it. */
  async function compiledInOrder(joiner: string | undefined): Promise<string[]> {
    const compiled: string[] = [];
    const options = {
      ...ONE_WORKER,
      observer: { onCompile: ({ filename }: { filename: string }) => compiled.push(filename) },
    };
    await withRuntime(options, async (runtime) => {
      await runtime.warmup([ENDLESS]);
      compiled.length = 0;
      const hog = new AbortController();
      const executing = runtime.executeHandler(ENDLESS, {}, { tenant: 'hog', signal: hog.signal });
      await until(() => runtime.getStats().activeInstances === 1);
      const call = (filename: string, tenant: string | undefined) =>
        runtime.executeHandler(`return "${filename}"`, {}, { filename, ...(tenant !== undefined && { tenant }) });
      const backlog = Array.from({ length: 6 }, (_, i) => call(`busy${i}.js`, 'busy'));
      const wanted = call('wanted.js', 'busy');
      const joining = call('wanted.js', joiner);
      await new Promise(setImmediate);
      hog.abort();
      expect((await joining).returnValue).toBe('wanted.js');
      await Promise.all([executing, wanted, ...backlog]);
    });
    return compiled;
  }

  it('does not wait for the queue of the tenant that asked first', async () => {
    const order = await compiledInOrder('quiet');
    expect(order.indexOf('wanted.js')).toBeLessThanOrEqual(1);
    expect(new Set(order).size).toBe(7);
  });

  it('does not for calls without a tenant, either', async () => {
    expect((await compiledInOrder(undefined)).indexOf('wanted.js')).toBeLessThanOrEqual(1);
  });

  it('waits for it when nobody else asks', async () => {
    expect((await compiledInOrder('busy')).at(-1)).toBe('wanted.js');
  });

  it('goes on for the one when the other may wait no longer', () =>
    withRuntime(ONE_WORKER, async (runtime) => {
      await runtime.warmup([ENDLESS]);
      const hog = new AbortController();
      const executing = runtime.executeHandler(ENDLESS, {}, { tenant: 'hog', signal: hog.signal });
      await until(() => runtime.getStats().activeInstances === 1);
      const impatient = rejection(runtime.executeHandler('return 5', {}, { tenant: 'a', queueTimeoutMs: 1 }));
      const patient = runtime.executeHandler('return 5', {}, { tenant: 'b' });
      expect(await impatient).toMatchObject({ code: 'POOL_SATURATED', context: { limit: 'queueTimeoutMs', value: 1 } });
      hog.abort();
      expect((await patient).returnValue).toBe(5);
      expect(runtime.getStats().cache.compilations).toBe(2);
      await executing;
    }));

  it('is not made when nobody waits for it any longer', () =>
    withRuntime(ONE_WORKER, async (runtime) => {
      await runtime.warmup([ENDLESS]);
      const hog = new AbortController();
      const executing = runtime.executeHandler(ENDLESS, {}, { tenant: 'hog', signal: hog.signal });
      await until(() => runtime.getStats().activeInstances === 1);
      const calls = ['a', 'b'].map((tenant) =>
        rejection(runtime.executeHandler('return 6', {}, { tenant, queueTimeoutMs: 1 })),
      );
      for (const call of calls) expect(await call).toMatchObject({ code: 'POOL_SATURATED' });
      hog.abort();
      await executing;
      expect((await runtime.executeHandler('return 6')).metrics.cacheHit).toBe(false);
    }));
});

describe('admission', () => {
  it('comes before anything else: a call that may not wait is not looked up', () =>
    withRuntime({ ...ONE_WORKER, maxQueue: 1 }, async (runtime) => {
      await runtime.warmup([ENDLESS]);
      const hog = new AbortController();
      const executing = runtime.executeHandler(ENDLESS, {}, { signal: hog.signal });
      await until(() => runtime.getStats().activeInstances === 1);
      const waiting = runtime.executeHandler('return "waits"');
      const { misses } = runtime.getStats().cache;
      const refused = Array.from({ length: 50 }, (_, i) => rejection(runtime.executeHandler(`return ${i}`)));
      for (const error of await Promise.all(refused)) {
        expect(error).toMatchObject({ code: 'POOL_SATURATED', context: { limit: 'maxQueue', queued: 1 } });
      }
      expect(runtime.getStats().cache.misses).toBeLessThanOrEqual(misses + 1);
      hog.abort();
      expect((await waiting).returnValue).toBe('waits');
      await executing;
      expect((await runtime.executeHandler('return "again"')).returnValue).toBe('again');
    }));

  it('is given back, however a call ends', () =>
    withRuntime({ ...ONE_WORKER, maxQueue: 1 }, async (runtime) => {
      const gone = new AbortController();
      gone.abort();
      for (let i = 0; i < 10; i++) {
        await rejection(runtime.executeHandler('return 1', { stateSnapshot: 5 as never }));
        await runtime.executeHandler('return )');
        await runtime.executeHandler('');
        await runtime.executeHandler(`throw ${i}`);
        await runtime.executeHandler(`return ${i}`, {}, { signal: gone.signal });
        await rejection(runtime.executeCompiledHandler(Uint8Array.of(1)));
      }
      expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
    }));
});
