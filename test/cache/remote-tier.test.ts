import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';

import { EntryCodec } from '#src/cache/entry-codec.js';
import { RemoteTier } from '#src/cache/remote-tier.js';
import { createRuntime, HandlerCompiler, type NexusRuntime, type RemoteCache } from '#src/index.js';
import { rejection } from '../suspension/resume-helpers.js';
import { makeEntry } from './tier-conformance.js';

const SECRET = 'a secret of sixteen bytes';
const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false, cacheSecret: SECRET } as const;

/** A cache of an application, in memory, as several processes would share it. */
class SharedMap implements RemoteCache {
  readonly entries = new Map<string, Uint8Array>();
  readonly asked: string[] = [];

  async get(key: string): Promise<Uint8Array | undefined> {
    this.asked.push(key);
    return this.entries.get(key);
  }
  async put(key: string, sealed: Uint8Array): Promise<void> {
    this.entries.set(key, sealed);
  }
  async delete(key: string): Promise<void> {
    this.entries.delete(key);
  }
  async clear(): Promise<void> {
    this.entries.clear();
  }
  async close(): Promise<void> {}
}

const opened: NexusRuntime[] = [];
const open = async (options: object) => {
  const runtime = await createRuntime({ ...OPTIONS, ...options });
  opened.push(runtime);
  return runtime;
};
afterEach(async () => {
  for (const runtime of opened.splice(0)) await runtime.shutdown();
});

describe('the remote cache', () => {
  it('has what one process compiled for all others, after memory and disk', async () => {
    const remoteCache = new SharedMap();
    const first = await open({ remoteCache });
    const { metrics } = await first.executeHandler('return 1');
    expect(metrics.cacheTier).toBeUndefined();
    await first.shutdown();
    expect(remoteCache.entries.size).toBe(1);
    const second = await open({ remoteCache });
    expect((await second.executeHandler('return 1')).metrics.cacheTier).toBe('remote');
    expect((await second.executeHandler('return 1')).metrics.cacheTier).toBe('memory');
    expect(second.getStats().cache).toMatchObject({ misses: 0, compilations: 0, remote: { hits: 1, failures: 0 } });
  });

  it('is filled by a compiler in a build step', async () => {
    const remoteCache = new SharedMap();
    await using compiler = new HandlerCompiler({ cacheDir: false, cacheSecret: SECRET, remoteCache });
    await compiler.compile('return "built"');
    await compiler.close();
    const runtime = await open({ remoteCache });
    expect((await runtime.executeHandler('return "built"')).metrics.cacheTier).toBe('remote');
  });

  it('is asked once for a handler that many calls want at once', async () => {
    const remoteCache = new SharedMap();
    const runtime = await open({ remoteCache });
    const results = await Promise.all(Array.from({ length: 50 }, () => runtime.executeHandler('return "many"')));
    expect(new Set(results.map(({ returnValue }) => returnValue))).toEqual(new Set(['many']));
    expect(remoteCache.asked).toHaveLength(1);
  });

  it('is cleared only when that is said', async () => {
    const remoteCache = new SharedMap();
    const runtime = await open({ remoteCache });
    await runtime.executeHandler('return 1');
    await runtime.clearCache();
    expect(remoteCache.entries.size).toBe(1);
    expect((await runtime.executeHandler('return 1')).metrics.cacheTier).toBe('remote');
    await runtime.clearCache({ remote: true });
    expect(remoteCache.entries.size).toBe(0);
    expect((await runtime.executeHandler('return 1')).metrics.cacheTier).toBeUndefined();
  });

  it('without clear() is not cleared, and says so', async () => {
    const shared = new SharedMap();
    const remoteCache: RemoteCache = {
      get: (key) => shared.get(key),
      put: (key, sealed) => shared.put(key, sealed),
      delete: (key) => shared.delete(key),
      close: () => shared.close(),
    };
    const runtime = await open({ remoteCache });
    const error = await rejection(runtime.clearCache({ remote: true }));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(error.message).toMatch(/remoteCache with a method clear/);
  });

  it('is refused without a cacheSecret, and when it is none', async () => {
    const codeOf = async (options: object) => (await rejection(createRuntime({ cacheDir: false, ...options }))).message;
    expect(await codeOf({ remoteCache: new SharedMap() })).toMatch(/remoteCache.*Give cacheSecret, at least 16 bytes/);
    expect(await codeOf({ remoteCache: { get() {} }, cacheSecret: SECRET })).toMatch(/a cache without put\(\)/);
    const odd = Object.assign(new SharedMap(), { timeoutMs: 0 });
    expect(await codeOf({ remoteCache: odd, cacheSecret: SECRET })).toMatch(/remoteCache.timeoutMs is 0/);
  });

  it('counts in the metrics as a tier', async () => {
    const remoteCache = new SharedMap();
    const first = await open({ remoteCache });
    await first.executeHandler('return 1');
    await first.shutdown();
    const runtime = await open({ remoteCache, metrics: true });
    await runtime.executeHandler('return 1');
    const text = await runtime.getPrometheusMetrics();
    expect(text).toMatch(/^nexus_cache_hits_total\{tier="remote"\} 1$/m);
    expect(text).toMatch(/^nexus_cache_remote_failures_total\{operation="read"\} 0$/m);
  });
});

const ENGINE = 'an engine';
const codecOf = (secrets: readonly Uint8Array[], engine = ENGINE) =>
  new EntryCodec({ engine, secrets, maxSourceBytes: 1_000_000 });
const OWN = codecOf([Buffer.from(SECRET)]);

/** A clock that a test moves. */
class Clock {
  nowMs = 0;
}

function tierOf(cache: RemoteCache, clock = new Clock(), more: { clearTimeoutMs?: number } = {}) {
  const offs: string[] = [];
  const rejected: string[] = [];
  const tier = new RemoteTier({
    ...{ cache, codec: OWN, engine: ENGINE, now: () => clock.nowMs, ...more },
    onOff: (reason) => offs.push(reason),
    onRejected: (_key, reason) => rejected.push(reason),
  });
  return { tier, offs, rejected, clock };
}

/** Puts a sealed entry where the tier looks for it. */
async function plant(cache: SharedMap, key: string, sealed: Uint8Array): Promise<void> {
  const { tier } = tierOf(cache);
  await tier.get(key);
  cache.entries.set(cache.asked.at(-1) as string, sealed);
}

it('a remote cache that does not answer is not waited for when it is emptied', async () => {
  const cache = Object.assign(new SharedMap(), { clear: () => new Promise<void>(() => {}) });
  const { tier } = tierOf(cache, new Clock(), { clearTimeoutMs: 20 });
  const error = await rejection(tier.clear());
  expect(error).toMatchObject({ code: 'INTERNAL_ERROR', context: { operation: 'clearCache', timeoutMs: 20 } });
  expect(error.message).toMatch(/was not emptied within 20 ms.*look whether its server answers, and repeat it/);
});

describe('an entry that is not what was put', () => {
  const entry = makeEntry('real', 64);
  const flips = Array.from({ length: 120 }, (_, index) => index);
  const cuts = Array.from({ length: 40 }, (_, index) => index);
  const seals: readonly [string, () => Promise<Uint8Array>][] = [
    ...flips.map((index): [string, () => Promise<Uint8Array>] => [
      `flipped ${index}`,
      async () => {
        const sealed = Uint8Array.from(await OWN.seal(entry));
        const at = Math.floor((index / flips.length) * sealed.length);
        sealed[at] = (sealed[at] as number) ^ (1 << (index % 8));
        return sealed;
      },
    ]),
    ...cuts.map((index): [string, () => Promise<Uint8Array>] => [
      `cut ${index}`,
      async () => {
        const sealed = await OWN.seal(entry);
        return sealed.subarray(0, Math.floor((index / cuts.length) * sealed.length));
      },
    ]),
    ...Array.from({ length: 10 }, (_, index): [string, () => Promise<Uint8Array>] => [
      `of another secret ${index}`,
      () => codecOf([createHash('sha256').update(String(index)).digest()]).seal(entry),
    ]),
    ...Array.from({ length: 10 }, (_, index): [string, () => Promise<Uint8Array>] => [
      `of another key ${index}`,
      () => OWN.seal(makeEntry(`swapped ${index}`)),
    ]),
    ...Array.from({ length: 10 }, (_, index): [string, () => Promise<Uint8Array>] => [
      `of another engine ${index}`,
      () => codecOf([Buffer.from(SECRET)], `engine ${index}`).seal(entry),
    ]),
    ...Array.from({ length: 6 }, (_, index): [string, () => Promise<Uint8Array>] => [
      `with no secret ${index}`,
      () => codecOf([]).seal(makeEntry('real', 64 + index)),
    ]),
    ['of no bytes', async () => 'text' as unknown as Uint8Array],
    ['too large', async () => new Uint8Array(33 * 1024 * 1024)],
    ['empty', async () => new Uint8Array()],
    ['noise', async () => Buffer.from('NXQJ'.repeat(1_000))],
  ];

  it.each(seals)('is refused and deleted: %s', async (_title, seal) => {
    const cache = new SharedMap();
    await plant(cache, entry.key, await seal());
    const { tier, rejected } = tierOf(cache);
    expect(await tier.get(entry.key)).toBeUndefined();
    await tier.settled();
    expect(rejected).toHaveLength(1);
    expect(cache.entries.size).toBe(0);
    tier.put(entry);
    await tier.settled();
    expect(await tier.get(entry.key)).toEqual(entry);
  });

  it('does not keep a handler from running, and its runtime compiles it', async () => {
    const remoteCache = new SharedMap();
    const first = await open({ remoteCache });
    await first.executeHandler('return 7');
    await first.shutdown();
    for (const [key, sealed] of remoteCache.entries) {
      const forged = Uint8Array.from(sealed);
      const at = forged.length >> 1;
      forged[at] = (forged[at] as number) ^ 1;
      remoteCache.entries.set(key, forged);
    }
    const runtime = await open({ remoteCache });
    const result = await runtime.executeHandler('return 7');
    expect(result).toMatchObject({ status: 'success', returnValue: 7 });
    expect(result.metrics.cacheTier).toBeUndefined();
    expect(runtime.getStats().cache.remote.rejections).toEqual({ mac: 1 });
  });
});

describe('a remote cache that does not answer', () => {
  const never = () => new Promise<never>(() => {});
  const silent: RemoteCache = { timeoutMs: 5, get: never, put: never, delete: never, close: never };
  const broken = (): never => {
    throw new Error('it is away');
  };

  it.each([
    ['never', silent],
    [
      'with errors',
      { get: async () => broken(), put: async () => broken(), delete: async () => broken(), close: never },
    ],
    ['by throwing', { get: broken, put: broken, delete: broken, close: broken }],
  ] as const)('%s: handlers run, and after five failures it is not asked for ten seconds', async (_title, cache) => {
    const asked: string[] = [];
    const counting: RemoteCache = {
      ...cache,
      get: (key) => {
        asked.push(key);
        return cache.get(key);
      },
    };
    const { tier, offs, clock } = tierOf(counting);
    for (let at = 0; at < 20; at++) expect(await tier.get(makeEntry(`a${at}`).key)).toBeUndefined();
    expect(asked).toHaveLength(5);
    expect(offs).toHaveLength(1);
    expect(tier.stats()).toMatchObject({ failures: 5, isOff: true });
    clock.nowMs += 10_000;
    // One lookup tries it, and it is off again.
    for (let at = 0; at < 20; at++) await tier.get(makeEntry(`b${at}`).key);
    expect(asked).toHaveLength(6);
    tier.put(makeEntry('dropped'));
    expect(tier.stats().droppedWrites).toBe(1);
  });

  it('is used again as soon as it answers', async () => {
    const cache = new SharedMap();
    let isAway = true;
    const away: RemoteCache = {
      get: async (key) => (isAway ? broken() : cache.get(key)),
      put: (key, sealed) => cache.put(key, sealed),
      delete: (key) => cache.delete(key),
      close: async () => {},
    };
    const { tier, clock } = tierOf(away);
    for (let at = 0; at < 5; at++) await tier.get(makeEntry(`a${at}`).key);
    isAway = false;
    clock.nowMs += 10_000;
    await tier.get(makeEntry('tried').key);
    expect(tier.stats().isOff).toBe(false);
    tier.put(makeEntry('kept'));
    await tier.settled();
    expect(await tier.get(makeEntry('kept').key)).toEqual(makeEntry('kept'));
  });

  it('lets a runtime execute, compile and shut down', async () => {
    const runtime = await open({ remoteCache: { ...silent, put: async () => broken(), delete: async () => broken() } });
    for (let at = 0; at < 8; at++) {
      expect((await runtime.executeHandler(`return ${at}`)).returnValue).toBe(at);
    }
    const { failures, writeFailures, isOff } = runtime.getStats().cache.remote;
    expect(failures).toBeGreaterThan(0);
    expect(failures + writeFailures).toBeGreaterThanOrEqual(5);
    expect(isOff).toBe(true);
  });
});
