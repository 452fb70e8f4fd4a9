import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { TieredCache } from '#build/cache/tiered-cache.js';
import { CachingCompiler } from '#build/compiler/caching-compiler.js';
import { resolveRuntimeConfig } from '#build/config/resolve.js';
import type { CompileBackend } from '#build/contract/compile.js';
import { loadEngine } from '#build/engine/load-engine.js';
import { SourceCompiler } from '#build/engine/source-compiler.js';

const engine = await loadEngine();
const scripts = await SourceCompiler.create(engine, 128 * 1024);

/** The real compiler, in this thread, counting how often it is asked. */
class CountingBackend implements CompileBackend {
  compilations = 0;

  async compileScript(source: string, filename: string) {
    this.compilations++;
    await new Promise(setImmediate);
    return scripts.compile(source, filename);
  }
}

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-cache-test-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

function open(options: { maxCacheSizeBytes?: number; cacheSecret?: string; fingerprint?: string; dir?: string } = {}) {
  const { fingerprint = engine.fingerprint, dir = join(directory, 'cache'), ...cacheOptions } = options;
  const config = resolveRuntimeConfig({ cacheDir: dir, ...cacheOptions }).cache;
  const backend = new CountingBackend();
  const cache = new TieredCache(config, fingerprint);
  const compiler = new CachingCompiler(backend, cache, {
    engine: fingerprint,
    maxSourceBytes: config.maxSourceBytes,
    secret: config.cacheSecret,
  });
  const tierOf = async (source: string) => {
    const attempt = await compiler.compile(source);
    if (!attempt.ok) throw new Error(attempt.error.message);
    await cache.settled();
    return attempt.handler.tier;
  };
  return { cache, backend, compiler, tierOf };
}

describe('a handler', () => {
  it('is compiled once, then found in memory, then on disk by the next process', async () => {
    const first = open();
    expect(await first.tierOf('return 1')).toBeUndefined();
    expect(await first.tierOf('return 1')).toBe('memory');
    const next = open();
    expect(await next.tierOf('return 1')).toBe('disk');
    expect(await next.tierOf('return 1')).toBe('memory');
    expect(next.backend.compilations).toBe(0);
    expect(next.cache.stats()).toMatchObject({ diskHits: 1, memoryHits: 1, misses: 0, hitRate: 1 });
  });

  it('asked for a hundred times at once is compiled once', async () => {
    const { compiler, backend } = open();
    const attempts = await Promise.all(Array.from({ length: 100 }, () => compiler.compile('return "once"')));
    expect(attempts.every((attempt) => attempt.ok)).toBe(true);
    expect(backend.compilations).toBe(1);
    expect(attempts.filter((attempt) => attempt.ok && attempt.handler.tier === undefined)).toHaveLength(1);
  });

  it('under another file name is another handler', async () => {
    const { compiler } = open();
    const [a, b] = await Promise.all([compiler.compile('return 1', 'a.js'), compiler.compile('return 1', 'b.js')]);
    expect(a.ok && b.ok && a.handler.key !== b.handler.key).toBe(true);
  });

  it('that was evicted from memory comes from disk', async () => {
    const { tierOf, cache } = open({ maxCacheSizeBytes: 1000 });
    for (let i = 0; i < 20; i++) await tierOf(`return ${i}`);
    expect(cache.stats().bytes).toBeLessThanOrEqual(1000);
    expect(cache.stats().evictions).toBeGreaterThan(0);
    expect(await tierOf('return 0')).toBe('disk');
  });

  it('with a syntax error is not cached and not written', async () => {
    const { compiler, cache } = open();
    expect(await compiler.compile('return )')).toMatchObject({ ok: false, error: { code: 'COMPILATION_ERROR' } });
    await cache.settled();
    expect(await readdir(join(directory, 'cache')).catch(() => [])).toEqual([]);
  });
});

describe('a file in the cache', () => {
  async function onlyFile(): Promise<string> {
    const [name] = await readdir(join(directory, 'cache'));
    return join(directory, 'cache', name ?? 'none');
  }

  it('is named by the key and private to its owner', async () => {
    await open().tierOf('return 1');
    const file = await onlyFile();
    expect(file).toMatch(/[0-9a-f]{64}\.qjsc$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'cache'))).mode & 0o777).toBe(0o700);
  });

  it.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['empty', () => Buffer.alloc(0)],
    ['with a flipped bit', (bytes: Buffer) => bytes.map((byte, i) => (i === 200 ? byte ^ 1 : byte))],
    ['replaced by text', () => Buffer.from('return "evil"')],
  ])('%s is a miss that heals', async (_title, damage) => {
    await open().tierOf('return 1');
    const file = await onlyFile();
    await writeFile(file, damage(await readFile(file)));
    const next = open();
    expect(await next.tierOf('return 1')).toBeUndefined();
    expect(next.cache.stats().rejections).toBe(1);
    expect(await open().tierOf('return 1')).toBe('disk');
  });

  it('under the name of another handler is refused', async () => {
    await open().tierOf('return "a"');
    const stolen = await readFile(await onlyFile());
    await open().tierOf('return "b"');
    const names = await readdir(join(directory, 'cache'));
    await Promise.all(names.map((name) => writeFile(join(directory, 'cache', name), stolen)));
    const next = open();
    const tiers = [await next.tierOf('return "a"'), await next.tierOf('return "b"')];
    expect(tiers).toEqual(['disk', undefined]);
  });

  it('of another engine is not loaded', async () => {
    await open({ fingerprint: 'engine-a' }).tierOf('return 1');
    expect(await open({ fingerprint: 'engine-b' }).tierOf('return 1')).toBeUndefined();
  });

  it('sealed with another secret is not loaded', async () => {
    await open({ cacheSecret: 'the first secret' }).tierOf('return 1');
    expect(await open({ cacheSecret: 'the other secret' }).tierOf('return 1')).toBeUndefined();
  });
});

describe('a cache that cannot be written', () => {
  it('never fails a handler', async () => {
    const file = join(directory, 'a-file');
    await writeFile(file, '');
    const { tierOf } = open({ dir: join(file, 'below') });
    expect(await tierOf('return 1')).toBeUndefined();
    expect(await tierOf('return 1')).toBe('memory');
  });
});

describe('clearing', () => {
  it('forgets the tier it is told to', async () => {
    const { tierOf, cache } = open();
    await tierOf('return 1');
    await cache.clear({ disk: false });
    expect(await tierOf('return 1')).toBe('disk');
    await cache.clear();
    expect(await tierOf('return 1')).toBeUndefined();
  });
});
