import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { formatSuspensionId, newRunId } from '#src/support/run-ids.js';
import { inBatches, type ScannedRecord, scanShard } from '#src/suspension/file-store/record-scan.js';

const SHARD = 'shard';
let root: string;
const expected = new Map<string, Set<number>>();

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'nexus-scan-'));
  mkdirSync(join(root, SHARD));
  for (let i = 0; i < 1_300; i++) {
    const runId = newRunId();
    for (const generation of [1, 2, 10]) {
      const id = formatSuspensionId({ runId, generation });
      expected.set(id, new Set(generation === 10 ? [1] : [0, i % 3]));
    }
  }
  for (const [id, versions] of expected) {
    for (const version of versions) writeFileSync(join(root, SHARD, `${id}.${version}`), '');
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('the files of a shard', () => {
  it.each([
    7, 500, 1_000, 2_999, 3_900, 10_000,
  ])('are read in the order of their ids, %i ids at a time', async (limit) => {
    const pages: (readonly ScannedRecord[])[] = [];
    const most = limit < 100 ? 40 : Number.POSITIVE_INFINITY;
    let after: string | undefined = '';
    while (after !== undefined && pages.length < most) {
      const page: Awaited<ReturnType<typeof scanShard>> = await scanShard(root, SHARD, after, limit);
      pages.push(page.records);
      after = page.next;
    }
    const records = pages.flat();
    const ids = [...expected.keys()].sort().slice(0, records.length);
    expect(records.map(({ id }) => id)).toEqual(ids);
    if (most === Number.POSITIVE_INFINITY) expect(records).toHaveLength(expected.size);
    expect(pages.slice(0, -1).every(({ length }) => length === limit)).toBe(true);
    for (const { id, versions, hasBegun, lastVersion } of records) {
      const known = expected.get(id) ?? new Set();
      expect(new Set(versions)).toEqual(known);
      expect([hasBegun, lastVersion]).toEqual([known.has(0), Math.max(...known)]);
    }
  });
});

describe('batches', () => {
  it('take what is to be done as they begin it, and keep its order', async () => {
    let asked = 0;
    let begun = 0;
    function* items() {
      for (let i = 0; i < 100; i++) {
        asked++;
        yield i;
      }
    }
    const results = await inBatches(items(), async (i) => {
      expect(asked).toBe(++begun);
      await new Promise((resolve) => setImmediate(resolve));
      return i * 2;
    });
    expect(results).toEqual(Array.from({ length: 100 }, (_, i) => i * 2));
  });
});
