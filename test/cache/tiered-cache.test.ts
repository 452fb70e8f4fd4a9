import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { TieredCache } from '#src/cache/tiered-cache.js';
import { CachingCompiler } from '#src/compiler/caching-compiler.js';
import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import type { Compilation, CompileBackend, CompileUnit, HandlerOutcome } from '#src/protocol/compile.js';
import { compileHandler } from '#src/worker/compile-handler.js';

const engine = await loadEngine();
const scripts = await SourceCompiler.create(engine, 128 * 1024);

/** The real compiler in this thread, which counts its calls. */
class CountingBackend implements CompileBackend {
  compilations = 0;

  compile({ source, filename }: CompileUnit): Compilation {
    const outcome = this.compileHandler(source, filename);
    const over = outcome.then(
      () => {},
      () => {},
    );
    return { outcome, join: () => over };
  }

  async compileHandler(source: string, filename: string): Promise<HandlerOutcome> {
    this.compilations++;
    await new Promise(setImmediate);
    return compileHandler(source, filename, (script, name, form) => scripts.compile(script, name, form));
  }
}

let directory: string;
const opened: TieredCache[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-cache-test-'));
});

afterEach(async () => {
  for (const cache of opened.splice(0)) await cache.settled();
  await rm(directory, { recursive: true, force: true });
});

interface Options {
  readonly maxCacheSizeBytes?: number;
  readonly cacheSecret?: string | string[];
  readonly fingerprint?: string;
  readonly dir?: string;
  readonly now?: () => number;
  readonly backend?: CountingBackend;
}

function open({
  fingerprint = engine.fingerprint,
  dir,
  now,
  backend = new CountingBackend(),
  ...options
}: Options = {}) {
  const config = resolveRuntimeConfig({ cacheDir: dir ?? join(directory, 'cache'), ...options }).cache;
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  const cache = new TieredCache({ ...config, engine: fingerprint, onWarning });
  opened.push(cache);
  const compiler = new CachingCompiler(backend, cache, {
    engine: fingerprint,
    maxSourceBytes: config.maxSourceBytes,
    secret: config.cacheSecrets[0],
    ...(now && { now }),
  });
  const tierOf = async (source: string) => {
    const attempt = await compiler.compile(source);
    if (!attempt.ok) throw new Error(attempt.error.message);
    await cache.settled();
    return attempt.handler.tier;
  };
  return { cache, backend, compiler, tierOf, warnings };
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
    expect(next.cache.stats()).toMatchObject({ disk: { hits: 1 }, memory: { hits: 1 }, misses: 0, hitRate: 1 });
  });

  it('asked for a hundred times at once is compiled once', async () => {
    const { compiler, backend } = open();
    const attempts = await Promise.all(Array.from({ length: 100 }, () => compiler.compile('return "once"')));
    expect(attempts.every((attempt) => attempt.ok)).toBe(true);
    expect(backend.compilations).toBe(1);
    expect(attempts.filter((attempt) => attempt.ok && attempt.handler.tier === undefined)).toHaveLength(1);
  });

  it('a handler under another file name is another handler', async () => {
    const { compiler } = open();
    const [a, b] = await Promise.all([compiler.compile('return 1', 'a.js'), compiler.compile('return 1', 'b.js')]);
    expect(a.ok && b.ok && a.handler.key !== b.handler.key).toBe(true);
  });

  it('a handler that was evicted from memory comes from disk', async () => {
    const { tierOf, cache } = open({ maxCacheSizeBytes: 1000 });
    for (let i = 0; i < 20; i++) await tierOf(`return ${i}`);
    expect(cache.stats().memory.bytes).toBeLessThanOrEqual(1000);
    expect(cache.stats().memory.evictions).toBeGreaterThan(0);
    expect(await tierOf('return 0')).toBe('disk');
  });

  it('a handler whose compilation dies is compiled by the next in line', async () => {
    class DyingBackend extends CountingBackend {
      override async compileHandler(source: string, filename: string): Promise<HandlerOutcome> {
        if (this.compilations > 0) return super.compileHandler(source, filename);
        this.compilations++;
        await new Promise(setImmediate);
        throw new Error('the worker died');
      }
    }
    const { compiler, cache } = open({ backend: new DyingBackend() });
    const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => compiler.compile('return 1')));
    await cache.settled();
    expect(attempts.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(attempts.filter((attempt) => attempt.status === 'fulfilled' && attempt.value.ok)).toHaveLength(19);
  });

  it('a handler that does not compile is remembered for 30 seconds, a thousand at most', async () => {
    let now = 1;
    const { compiler, backend } = open({ now: () => now });
    const fail = async (source: string) => expect((await compiler.compile(source)).ok).toBe(false);
    await fail('return )');
    now = 30_000;
    await fail('return )');
    expect(backend.compilations).toBe(1);
    now = 30_003;
    await fail('return )');
    expect(backend.compilations).toBe(2);
    for (let i = 0; i < 1_000; i++) await fail(`return ) ${i}`);
    await fail('return )');
    expect(backend.compilations).toBe(1_003);
  });

  it('a handler with a syntax error is not cached and not written', async () => {
    const { compiler, cache } = open();
    expect(await compiler.compile('return )')).toMatchObject({ ok: false, error: { code: 'COMPILATION_ERROR' } });
    await cache.settled();
    expect(await readdir(join(directory, 'cache', 'v2')).catch(() => [])).toEqual([]);
  });
});

describe('a file in the cache', () => {
  async function onlyFile(): Promise<string> {
    const [name] = await readdir(join(directory, 'cache', 'v2'));
    return join(directory, 'cache', 'v2', name ?? 'none');
  }

  it('is named by the key and private to its owner', async () => {
    await open().tierOf('return 1');
    const file = await onlyFile();
    expect(file).toMatch(/[0-9a-f]{64}\.qjsc$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'cache', 'v2'))).mode & 0o777).toBe(0o700);
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
    expect(Object.values(next.cache.stats().disk.rejections)).toEqual([1]);
    expect(await open().tierOf('return 1')).toBe('disk');
  });

  it('a file in the cache under the name of another handler is refused', async () => {
    await open().tierOf('return "a"');
    const stolen = await readFile(await onlyFile());
    await open().tierOf('return "b"');
    const names = await readdir(join(directory, 'cache', 'v2'));
    await Promise.all(names.map((name) => writeFile(join(directory, 'cache', 'v2', name), stolen)));
    const next = open();
    const tiers = [await next.tierOf('return "a"'), await next.tierOf('return "b"')];
    expect(tiers).toEqual(['disk', undefined]);
  });

  it('a file in the cache of another engine is not loaded', async () => {
    await open({ fingerprint: 'engine-a' }).tierOf('return 1');
    expect(await open({ fingerprint: 'engine-b' }).tierOf('return 1')).toBeUndefined();
  });

  it('sealed with a secret that was rotated is loaded as long as that is listed', async () => {
    await open({ cacheSecret: 'the first secret' }).tierOf('return 1');
    expect(await open({ cacheSecret: ['the second secret', 'the first secret'] }).tierOf('return 1')).toBe('disk');
    expect(await open({ cacheSecret: 'the second secret' }).tierOf('return 1')).toBeUndefined();
  });

  it('sealed with another secret is not loaded', async () => {
    await open({ cacheSecret: 'the first secret' }).tierOf('return 1');
    expect(await open({ cacheSecret: 'the other secret' }).tierOf('return 1')).toBeUndefined();
  });
});

describe('a cache that cannot be written', () => {
  it('never fails a handler, and warns once with the reason and the remedy', async () => {
    const file = join(directory, 'a-file');
    await writeFile(file, '');
    const { tierOf, warnings } = open({ dir: join(file, 'below') });
    expect(await tierOf('return 1')).toBeUndefined();
    expect(await tierOf('return 2')).toBeUndefined();
    expect(await tierOf('return 1')).toBe('memory');
    expect(warnings).toEqual([expect.stringMatching(/The disk cache is off: .*a-file.*Give another cacheDir/)]);
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
