import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CacheEntry } from '#src/cache/cache-entry.js';
import type { CacheTier } from '#src/cache/tier.js';

export interface TierHarness {
  /** Creates an empty tier that keeps at most `maxBytes`. */
  create(maxBytes: number): Promise<CacheTier> | CacheTier;
  dispose?(): Promise<void>;
}

/** An entry of a given size with unique content. */
export function makeEntry(name: string, bytes = 100): CacheEntry {
  const content = new Uint8Array(new SharedArrayBuffer(bytes));
  content.set(createHash('sha256').update(name).digest().subarray(0, bytes));
  const key = createHash('sha256').update(`key of ${name}`).digest('hex');
  return { key, namespace: 'handler', filename: `${name}.js`, source: `return ${JSON.stringify(name)}`, content };
}

/** The contract of {@link CacheTier}, for every implementation of it. */
export function describeTier(title: string, makeHarness: () => TierHarness): void {
  describe(title, () => {
    let harness: TierHarness;
    beforeEach(() => {
      harness = makeHarness();
    });
    afterEach(() => harness.dispose?.());

    it('misses with undefined', async () => {
      const tier = await harness.create(1_000_000);
      expect(await tier.get(makeEntry('absent').key)).toBeUndefined();
    });

    it('returns what was put, whole', async () => {
      const tier = await harness.create(1_000_000);
      const entry = makeEntry('a', 5_000);
      expect(await tier.put(entry)).toBe(true);
      const found = await tier.get(entry.key);
      expect(found).toEqual(entry);
      expect(Buffer.from(found?.content ?? []).equals(entry.content)).toBe(true);
    });

    it('replaces what is under a key', async () => {
      const tier = await harness.create(1_000_000);
      const { key } = makeEntry('a');
      await tier.put({ ...makeEntry('a'), source: 'old' });
      await tier.put({ ...makeEntry('a'), source: 'new' });
      expect((await tier.get(key))?.source).toBe('new');
    });

    it('forgets what is deleted, and nothing else; deleting what is not there is no error', async () => {
      const tier = await harness.create(1_000_000);
      const [a, b] = [makeEntry('a'), makeEntry('b')];
      await tier.put(a);
      await tier.put(b);
      await tier.delete(a.key);
      await tier.delete(makeEntry('never there').key);
      expect(await tier.get(a.key)).toBeUndefined();
      expect(await tier.get(b.key)).toEqual(b);
    });

    it('is empty after clear', async () => {
      const tier = await harness.create(1_000_000);
      await tier.put(makeEntry('a'));
      await tier.clear();
      expect(await tier.get(makeEntry('a').key)).toBeUndefined();
      expect(tier.stats()).toMatchObject({ entries: 0, bytes: 0 });
    });

    it('does not keep an entry larger than itself, and says so', async () => {
      const tier = await harness.create(10_000);
      const large = makeEntry('large', 20_000);
      await tier.put(makeEntry('small'));
      expect(await tier.put(large)).toBe(false);
      expect(await tier.get(large.key)).toBeUndefined();
      expect(await tier.get(makeEntry('small').key)).toBeDefined();
    });

    it('stays within its bound, and counts what made room', async () => {
      const tier = await harness.create(60_000);
      for (let i = 0; i < 120; i++) await tier.put(makeEntry(`entry ${i}`, 1_000));
      const { bytes, evictions, entries } = tier.stats();
      expect(bytes).toBeLessThanOrEqual(60_000);
      expect(evictions).toBeGreaterThan(30);
      expect(entries).toBeGreaterThan(3);
    });

    it('takes any number of operations at once', async () => {
      const tier = await harness.create(1_000_000);
      const entries = Array.from({ length: 50 }, (_, i) => makeEntry(`entry ${i % 10}`));
      await Promise.all(entries.flatMap((entry) => [tier.put(entry), tier.get(entry.key)]));
      for (const entry of entries) expect(await tier.get(entry.key)).toEqual(entry);
    });
  });
}
