import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { EventName, EventOf } from '#src/api/observing/observer.js';
import { type CapabilityToken, createRuntime, type NexusRuntime, type RuntimeObserver } from '#src/index.js';
import { terminateThreads } from '../faults/lib/threads.mjs';
import { ENDLESS, eventually, NATIVE, rejection, withRuntime, workersExecute } from '../support/runtime-helpers.js';
import { ANYTHING, answer, suspensionOf } from '../suspension/resume-helpers.js';

const NAMES = [
  'onExecution',
  'onCompile',
  'onSuspension',
  'onResume',
  'onCache',
  'onKill',
  'onAudit',
  'onWarning',
  'onExpired',
] as const satisfies readonly EventName[];
const ONE_WORKER = { maxInstances: 1, killGraceMs: 50 };
const ORIGIN = { handlerName: 'pay', panelId: 'cart' };
const TENANT = { tenant: 'acme' };
const WAITS_TWICE = '$emit("begun"); const a = await $ext.a.b(); return a + (await $ext.a.c())';

const directory = await mkdtemp(join(tmpdir(), 'nexus-events-'));
afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => {
  vi.useRealTimers();
});

type Told = { readonly [Name in EventName]: EventOf<Name>[] };

/** An observer that records its events. */
function recorder(): { readonly observer: RuntimeObserver; readonly told: Told } {
  const told = Object.fromEntries(NAMES.map((name) => [name, []])) as unknown as Told;
  const observer = Object.fromEntries(NAMES.map((name) => [name, (event: never) => void told[name].push(event)]));
  return { observer, told };
}

/** What the process warns of while something is done, of one code. */
async function warningsOf(code: string, act: () => Promise<unknown>): Promise<string[]> {
  const messages: string[] = [];
  const onWarning = (warning: Error & { code?: string }) => {
    if (warning.code === code) messages.push(warning.message);
  };
  process.on('warning', onWarning);
  try {
    await act();
    await nextTurn();
  } finally {
    process.off('warning', onWarning);
  }
  return messages;
}

/** Causes events of most kinds. */
async function bustle(runtime: NexusRuntime): Promise<unknown[]> {
  const context = { ...ANYTHING, ...ORIGIN };
  const begun = await runtime.executeHandler(WAITS_TWICE, context, TENANT);
  const next = await runtime.resumeHandler(suspensionOf(begun).suspensionId, answer(1));
  const ended = await runtime.resumeHandler(suspensionOf(next).suspensionId, answer(2));
  const killed = await runtime.executeHandler(ENDLESS, context, 60);
  const results = [begun, next, ended, killed];
  return results.map(({ status, returnValue, events, error }) => ({ status, returnValue, events, code: error?.code }));
}

describe('onExecution', () => {
  it('is told every result, with where it came from and what it took', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      const { metrics } = await runtime.executeHandler('return 1', ORIGIN, TENANT);
      expect(told.onExecution).toEqual([{ ...ORIGIN, ...TENANT, status: 'success', metrics }]);
      const failed = await runtime.executeHandler('throw 1');
      expect(told.onExecution.slice(1)).toEqual([
        { status: 'error', code: 'EXECUTION_ERROR', metrics: failed.metrics },
      ]);
      await runtime.executeHandler('return (');
      expect(told.onExecution.slice(2)).toMatchObject([{ status: 'error', code: 'COMPILATION_ERROR' }]);
      await runtime.executeHandler('return 1', {}, { signal: AbortSignal.abort() });
      expect(told.onExecution.slice(3)).toMatchObject([{ status: 'error', code: 'CANCELLED' }]);
    });
  });

  it('is told of no call that gives no result', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      await rejection(runtime.executeHandler('return 1', { capabilities: ['all' as CapabilityToken] }));
      await rejection(runtime.executeHandler('return 1', {}, { tenant: '' }));
      await rejection(runtime.resumeHandler('nonsense', answer()));
      expect(told.onExecution).toEqual([]);
    });
  });

  it('is told each segment of a run', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      const extensions = { a: { b: () => 1, c: () => 2 } };
      const result = await runtime.run(WAITS_TWICE, { ...ANYTHING, ...ORIGIN }, { extensions, ...TENANT });
      expect(result.returnValue).toBe(3);
      expect(told.onExecution).toMatchObject(
        ['suspended', 'suspended', 'success'].map((status) => ({ ...ORIGIN, ...TENANT, status })),
      );
      expect([told.onSuspension, told.onResume]).toEqual([[], []]);
    });
  });
});

describe('onCompile', () => {
  it('is told once what was compiled, for an execution or ahead of one, and not what was cached', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      const results = await Promise.all(
        [1, 2, 3].map(() => runtime.executeHandler('return 1', {}, { filename: 'one.js' })),
      );
      await runtime.executeHandler('return 1', {}, { filename: 'one.js' });
      expect(told.onCompile).toEqual([
        {
          filename: 'one.js',
          durationUs: results[0]?.metrics.compilationTimeUs,
          bytecodeBytes: expect.any(Number),
        },
      ]);
      await runtime.precompileHandler('return 2', { filename: 'two.js' });
      await runtime.executeHandler('return 2', {}, { filename: 'two.js' });
      expect(told.onCompile.map(({ filename }) => filename)).toEqual(['one.js', 'two.js']);
    });
  });

  it('is told with the code what does not compile', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      for (let i = 0; i < 2; i++) await runtime.executeHandler('return (');
      expect(told.onCompile).toEqual([
        { filename: 'handler.js', durationUs: expect.any(Number), code: 'COMPILATION_ERROR' },
      ]);
    });
  });
});

describe('onSuspension and onResume', () => {
  it('are told once each time that a handler is kept, and goes on', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      const first = suspensionOf(await runtime.executeHandler(WAITS_TWICE, { ...ANYTHING, ...ORIGIN }));
      const bytes = (await runtime.inspectSuspension(first.suspensionId))?.envelopeBytes;
      const { suspensionId, expiresAt } = first;
      expect(told.onSuspension).toEqual([{ ...ORIGIN, suspensionId, bytes, expiresAt }]);
      expect(told.onResume).toEqual([]);

      const second = suspensionOf(await runtime.resumeHandler(suspensionId, answer(1), TENANT));
      expect(told.onSuspension.slice(1)).toMatchObject([{ ...ORIGIN, suspensionId: second.suspensionId }]);
      expect(told.onResume).toEqual([
        { ...ORIGIN, ...TENANT, suspensionId, status: 'suspended', durationUs: expect.any(Number) },
      ]);

      await runtime.resumeHandler(second.suspensionId, answer(2));
      expect(told.onResume.slice(1)).toEqual([
        // The tenant for which it waits.
        { ...ORIGIN, ...TENANT, suspensionId: second.suspensionId, status: 'success', durationUs: expect.any(Number) },
      ]);
      expect(told.onSuspension).toHaveLength(2);
      expect(told.onExecution.map(({ status }) => status)).toEqual(['suspended', 'suspended', 'success']);
    });
  });

  it('are not told again when a recorded outcome is given again', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      const { suspensionId } = suspensionOf(await runtime.executeHandler('return $ext.a.b()', ANYTHING));
      await Promise.all([1, 2, 3].map((n) => runtime.resumeHandler(suspensionId, answer(n))));
      await runtime.resumeHandler(suspensionId, answer(4));
      expect(told.onResume).toHaveLength(1);
      expect(told.onExecution).toHaveLength(2);
    });
  });

  it('are told on whose behalf a handler was executed that is kept', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      await runtime.executeHandler(WAITS_TWICE, ANYTHING, TENANT);
      expect(told.onSuspension).toMatchObject([TENANT]);
    });
  });
});

describe('onCache', () => {
  it('is told of misses, and of hits in memory, who joins a compilation included', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      await Promise.all([1, 2].map(() => runtime.executeHandler('return 1')));
      await runtime.executeHandler('return 1');
      const key = told.onCache[0]?.key;
      expect(key).toMatch(/^[0-9a-f]{64}$/);
      const hit = { kind: 'hit', tier: 'memory', key };
      expect(told.onCache).toEqual([{ kind: 'miss', key }, hit, hit]);
    });
  });

  it('is told of hits on disk', async () => {
    const cacheDir = join(directory, 'hits');
    await withRuntime({ ...ONE_WORKER, cacheDir }, (runtime) => runtime.precompileHandler('return 1'));
    const [file = ''] = await readdir(join(cacheDir, 'v2'));
    const { observer, told } = recorder();
    await withRuntime({ ...ONE_WORKER, cacheDir, observer }, (runtime) => runtime.executeHandler('return 1'));
    expect(told.onCache).toEqual([{ kind: 'hit', tier: 'disk', key: file.replace('.qjsc', '') }]);
    expect(told.onCompile).toEqual([]);
  });

  it('is told which entry of memory made room for another', () => {
    const { observer, told } = recorder();
    const long = (name: string) => `return ${JSON.stringify(name.repeat(3_000))}`;
    return withRuntime({ ...ONE_WORKER, maxCacheSizeBytes: 10_000, observer }, async (runtime) => {
      await runtime.executeHandler(long('a'));
      await runtime.executeHandler(long('b'));
      const [first, second] = told.onCache.filter(({ kind }) => kind === 'miss');
      expect(second?.key).not.toBe(first?.key);
      expect(told.onCache.filter(({ kind }) => kind === 'eviction')).toEqual([
        { kind: 'eviction', tier: 'memory', key: first?.key, entries: 1 },
      ]);
    });
  });

  it('is told how many entries of the disk made room for others', async () => {
    const { observer, told } = recorder();
    const options = { ...ONE_WORKER, cacheDir: join(directory, 'full'), maxDiskCacheSizeBytes: 4 * 4096, observer };
    await withRuntime(options, async (runtime) => {
      for (let i = 0; i < 4; i++) await runtime.precompileHandler(`return ${i}`);
      // A block each: the directory is swept when all four are taken, until two are.
      expect(told.onCache.filter(({ kind }) => kind === 'eviction')).toEqual([
        { kind: 'eviction', tier: 'disk', entries: 2 },
      ]);
      expect(runtime.getStats().cache.disk).toMatchObject({ entries: 2, evictions: 2 });
    });
  });

  it('is told which check a damaged file failed, and then of the miss', async () => {
    const cacheDir = join(directory, 'damaged');
    await withRuntime({ ...ONE_WORKER, cacheDir }, (runtime) => runtime.precompileHandler('return 1'));
    const [name = ''] = await readdir(join(cacheDir, 'v2'));
    const file = join(cacheDir, 'v2', name);
    const bytes = await readFile(file);
    bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
    await writeFile(file, bytes);
    const { observer, told } = recorder();
    await withRuntime({ ...ONE_WORKER, cacheDir, observer }, async (runtime) => {
      expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
    });
    const key = name.replace('.qjsc', '');
    expect(told.onCache).toEqual([
      { kind: 'rejection', tier: 'disk', key, reason: 'mac' },
      { kind: 'miss', key },
    ]);
    expect(told.onCompile).toHaveLength(1);
  });
});

describe('onKill', () => {
  it.each([
    ['an endless loop', ENDLESS, ['interrupt']],
    // The layer that checks the clock first.
    [
      'an endless chain of promises',
      'const next = () => Promise.resolve().then(next); await next()',
      ['jobs', 'interrupt'],
    ],
    ['a native function that does not end', NATIVE, ['watchdog']],
  ])('is told what stopped %s', (_what, code, layers) => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      const { error, metrics } = await runtime.executeHandler(code, ORIGIN, { ...TENANT, timeoutMs: 100 });
      expect(error?.code).toBe('TIMEOUT');
      const layer = error?.context?.['layer'];
      expect(layers).toContain(layer);
      expect(told.onKill).toEqual([{ ...ORIGIN, ...TENANT, layer, durationUs: metrics.durationUs }]);
      expect(told.onExecution).toMatchObject([{ ...ORIGIN, ...TENANT, status: 'error', code: 'TIMEOUT' }]);
    });
  });

  it('is told of nothing that ended by itself, was cancelled, or was late before it began', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      await runtime.warmup(['return 1', ENDLESS]);
      const controller = new AbortController();
      const running = runtime.executeHandler(ENDLESS, {}, { signal: controller.signal });
      const late = await runtime.executeHandler('return 1', {}, { deadlineMs: 30 });
      expect(late.error).toMatchObject({ code: 'TIMEOUT', context: { layer: 'queue' } });
      controller.abort();
      expect((await running).error?.code).toBe('CANCELLED');
      await runtime.executeHandler('throw 1');
      expect(told.onExecution).toHaveLength(3);
      expect(told.onKill).toEqual([]);
    });
  });
});

describe('onAudit', () => {
  it('is told once each capability that was used, how often, and those that were denied', () => {
    const { observer, told } = recorder();
    const code = `
      for (let i = 0; i < 3; i++) $emit('paid', $state.total + i);
      $state.count = 1;
      try { $emit('refunded') } catch {}
      $ext.bank.pay();
      try { $ext.bank.rob() } catch {}
      return $state.secret`;
    const capabilities: CapabilityToken[] = ['state:read:total', 'state:write:*', 'events:emit:paid', 'ext:bank.pay'];
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      const context = { ...ORIGIN, stateSnapshot: { total: 1, secret: 2 }, capabilities };
      expect((await runtime.executeHandler(code, context, TENANT)).returnValue).toBeUndefined();
      const uses = told.onAudit.map(({ capability, allowed, uses: times }) => [capability, allowed, times]);
      expect(uses.filter(([, allowed]) => allowed)).toEqual([
        ['state:read:total', true, 1],
        ['state:write:count', true, 1],
        ['events:emit:paid', true, 3],
        ['ext:bank.pay', true, 1],
      ]);
      expect(uses.filter(([, allowed]) => !allowed)).toEqual([
        ['events:emit:refunded', false, 1],
        ['ext:bank.rob', false, 1],
        ['state:read:secret', false, 1],
      ]);
      for (const event of told.onAudit) expect(event).toMatchObject(ORIGIN);
    });
  });

  it('is told each segment what it used, and no call twice', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      const { suspensionId } = suspensionOf(await runtime.executeHandler(WAITS_TWICE, ANYTHING));
      const first = ['events:emit:begun', 'ext:a.b'];
      expect(told.onAudit.map(({ capability }) => capability)).toEqual(first);
      await runtime.resumeHandler(suspensionId, answer(1));
      expect(told.onAudit.map(({ capability }) => capability)).toEqual([...first, 'ext:a.c']);
    });
  });
});

describe('onWarning', () => {
  it('is told once that the disk cache is off, as is whoever listens to the warnings of the process', async () => {
    const cacheDir = join(directory, 'file');
    await writeFile(cacheDir, '');
    const { observer, told } = recorder();
    const messages = await warningsOf('NEXUS_CACHE', () =>
      withRuntime({ ...ONE_WORKER, cacheDir, observer }, async (runtime) => {
        for (let i = 0; i < 3; i++) expect((await runtime.executeHandler(`return ${i}`)).returnValue).toBe(i);
      }),
    );
    expect(messages).toEqual([expect.stringContaining(cacheDir)]);
    expect(told.onWarning).toEqual([{ code: 'NEXUS_CACHE', message: messages[0] }]);
  });

  it('is told of a worker that died under a handler, and of one that died idle', () => {
    const { observer, told } = recorder();
    const died = { code: 'NEXUS_WORKER', message: expect.stringContaining('ended unexpectedly') };
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      await runtime.warmup([ENDLESS]);
      const running = rejection(runtime.executeHandler(ENDLESS, {}, 20_000));
      await workersExecute();
      await terminateThreads();
      expect(await running).toMatchObject({ code: 'INTERNAL_ERROR' });
      expect(told.onWarning).toEqual([died]);
      expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
      await terminateThreads();
      await eventually(() => expect(told.onWarning).toEqual([died, died]));
      expect(runtime.getStats().retirements).toEqual({ crashed: 2 });
    });
  });

  it('is told of a worker that failed to start', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      const ready = runtime.warmup();
      await terminateThreads();
      await ready;
      expect(told.onWarning).toEqual([{ code: 'NEXUS_WORKER', message: expect.stringContaining('failed to start') }]);
    });
  });

  it('is not told of workers that are ended on purpose', () => {
    const { observer, told } = recorder();
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      await runtime.executeHandler(NATIVE, {}, 60);
      await runtime.executeHandler('return 1');
      await runtime.shutdown();
      expect(told.onWarning).toEqual([]);
    });
  });
});

describe('onExpired', () => {
  it('is told once the id of each handler that nobody resumed in time', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    const { observer, told } = recorder();
    await withRuntime({ ...ONE_WORKER, suspensionTtlMs: 1_000, observer }, async (runtime) => {
      const waiting = suspensionOf(await runtime.executeHandler(WAITS_TWICE, ANYTHING));
      const resumed = suspensionOf(await runtime.executeHandler('return $ext.a.b()', ANYTHING));
      await runtime.resumeHandler(resumed.suspensionId, answer());
      vi.advanceTimersByTime(120_000);
      while (told.onExpired.length === 0) await nextTurn();
      vi.advanceTimersByTime(120_000);
      await runtime.inspectSuspension(waiting.suspensionId);
      expect(told.onExpired).toEqual([{ suspensionId: waiting.suspensionId }]);
    });
  });
});

describe('the channels of node:diagnostics_channel', () => {
  /** What they publish while something is done. */
  async function published(act: () => Promise<unknown>): Promise<Told> {
    const { observer, told } = recorder();
    const listeners = NAMES.map((name) => [
      `nexus-runtime:${name}`,
      (event: unknown) => observer[name]?.(event as never),
    ]) as [string, (event: unknown) => void][];
    for (const [name, listener] of listeners) subscribe(name, listener);
    try {
      await act();
    } finally {
      for (const [name, listener] of listeners) unsubscribe(name, listener);
    }
    return told;
  }

  it('publish what observers are told', async () => {
    const cacheDir = join(directory, 'no directory');
    await writeFile(cacheDir, '');
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    const { observer, told } = recorder();
    const events = await published(() =>
      withRuntime({ ...ONE_WORKER, cacheDir, suspensionTtlMs: 1_000, observer }, async (runtime) => {
        await bustle(runtime);
        await runtime.executeHandler(WAITS_TWICE, ANYTHING);
        vi.advanceTimersByTime(120_000);
        while (told.onExpired.length === 0) await nextTurn();
      }),
    );
    for (const name of NAMES) expect(told[name].length).toBeGreaterThan(0);
    expect(events).toEqual(told);
  });

  it('publish for every runtime of the process, without an observer, to whoever subscribes later', () =>
    withRuntime(ONE_WORKER, (one) =>
      withRuntime(ONE_WORKER, async (other) => {
        const events = await published(async () => {
          await one.executeHandler('$emit("a")', { ...ANYTHING, handlerName: 'one' });
          await other.executeHandler('$emit("a")', { ...ANYTHING, handlerName: 'other' });
        });
        expect(events.onExecution).toMatchObject([{ handlerName: 'one' }, { handlerName: 'other' }]);
        expect(events.onAudit).toMatchObject([{ handlerName: 'one' }, { handlerName: 'other' }]);
        expect(channel('nexus-runtime:onExecution').hasSubscribers).toBe(false);
        await one.executeHandler('return 1');
        expect(events.onExecution).toHaveLength(2);
      }),
    ));
});

describe('an observer that throws', () => {
  it('changes no result, and each of its listeners is reported once', async () => {
    const { told } = recorder();
    const observer = Object.fromEntries(
      NAMES.map((name) => [
        name,
        (event: never) => {
          told[name].push(event);
          throw new Error(`no ${name}`);
        },
      ]),
    );
    const quiet = await withRuntime(ONE_WORKER, bustle);
    let results: unknown[] = [];
    const messages = await warningsOf('NEXUS_OBSERVER', async () => {
      results = await withRuntime({ ...ONE_WORKER, observer }, async (runtime) => [
        ...(await bustle(runtime)),
        ...(await bustle(runtime)),
      ]);
    });
    expect(results).toEqual([...quiet, ...quiet]);
    const threw = NAMES.filter((name) => told[name].length > 0);
    expect(threw).toHaveLength(8);
    expect(messages.sort()).toEqual(threw.map((name) => `observer.${name} threw, which is ignored: no ${name}`).sort());
    expect(told.onExecution).toHaveLength(8);
  });

  it('may be asynchronous and reject', async () => {
    const observer = {
      onExecution: async () => {
        throw new Error('later');
      },
    };
    const messages = await warningsOf('NEXUS_OBSERVER', () =>
      withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
        expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
        expect((await runtime.executeHandler('return 2')).returnValue).toBe(2);
      }),
    );
    expect(messages).toEqual([expect.stringMatching(/ignored: later$/)]);
  });

  it('may throw what is no error', async () => {
    const observer = {
      onExecution: () => {
        throw 'text';
      },
    };
    const messages = await warningsOf('NEXUS_OBSERVER', () =>
      withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
        expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
      }),
    );
    expect(messages).toEqual([expect.stringMatching(/ignored: text$/)]);
  });

  it.each([
    ['an object without a prototype', Object.create(null)],
    ['an error whose message is a symbol', Object.assign(new Error(), { message: Symbol('s') })],
  ])('may throw what cannot be made a string: %s', (_what, thrown) => {
    const observer = {
      onExecution: () => {
        throw thrown;
      },
    };
    return withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
    });
  });
});

describe('an observer', () => {
  it('is what its methods find as this', async () => {
    const observer = {
      onExecution(this: { total?: number }) {
        this.total = (this.total ?? 0) + 1;
      },
    };
    await withRuntime({ ...ONE_WORKER, observer }, async (runtime) => {
      await runtime.executeHandler('return 1');
      expect(observer).toMatchObject({ total: 1 });
    });
  });

  it.each([
    [{ onExecuton: () => {} }, { option: 'observer.onExecuton', nearest: 'onExecution' }],
    [{ onKill: true }, { option: 'observer.onKill' }],
    [{ onAudit: null }, { option: 'observer.onAudit' }],
    ['loud', { option: 'observer' }],
    [null, { option: 'observer' }],
  ])('%o is INVALID_CONFIG', async (observer, context) => {
    expect(await rejection(createRuntime({ observer: observer as RuntimeObserver }))).toMatchObject({
      code: 'INVALID_CONFIG',
      context,
    });
  });

  it('may leave a listener out as undefined', () =>
    withRuntime({ ...ONE_WORKER, observer: { onKill: undefined } as unknown as RuntimeObserver }, async (runtime) => {
      expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
    }));
});
