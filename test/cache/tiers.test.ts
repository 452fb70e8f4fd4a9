import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EntryCodec } from '#src/cache/entry-codec.js';
import { FileTier, type FileTierOptions } from '#src/cache/file-tier.js';
import { MemoryTier } from '#src/cache/memory-tier.js';
import type { DirectoryProblem } from '#src/support/files/private-directory.js';
import { temporaryName } from '#src/support/files/temporary.js';
import { describeTier, makeEntry } from './tier-conformance.js';

const OURS = { engine: 'engine-1', secrets: [Buffer.from('a secret of tests')], maxSourceBytes: 1024 };
const codec = new EntryCodec(OURS);

function fileHarness() {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-tier-'));
  return {
    create: (maxBytes: number) => new FileTier({ cacheDir: directory, maxBytes, codec, onProblem: () => {} }),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
}

describeTier('the memory tier', () => ({ create: (maxBytes) => new MemoryTier(maxBytes) }));
describeTier('the file tier', fileHarness);

describe('the memory tier', () => {
  it('evicts what was used longest ago', async () => {
    const tier = new MemoryTier(1_000);
    for (const name of ['a', 'b', 'c', 'd']) tier.keep(makeEntry(name, 200));
    tier.peek(makeEntry('a').key);
    tier.keep(makeEntry('e', 200));
    expect(tier.peek(makeEntry('a').key)).toBeDefined();
    expect(tier.peek(makeEntry('b').key)).toBeUndefined();
  });

  it('counts accesses and knows the last', () => {
    let now = 1_000;
    const tier = new MemoryTier(10_000, () => now);
    tier.keep(makeEntry('a'));
    tier.keep(makeEntry('b'));
    now = 2_000;
    tier.peek(makeEntry('a').key);
    tier.peek(makeEntry('a').key);
    expect([...tier.uses()]).toMatchObject([
      { filename: 'a.js', accessCount: 2, lastAccessMs: 2_000 },
      { filename: 'b.js', accessCount: 0, lastAccessMs: 1_000 },
    ]);
  });
});

describe('the file tier', () => {
  let cacheDir: string;
  let entriesDir: string;
  let problems: DirectoryProblem[];

  beforeEach(() => {
    cacheDir = mkdtempSync(join(tmpdir(), 'nexus-file-tier-'));
    entriesDir = join(cacheDir, 'v2');
    problems = [];
  });
  afterEach(() => rm(cacheDir, { recursive: true, force: true }));

  const openTier = (options: Partial<FileTierOptions> = {}) =>
    new FileTier({
      cacheDir,
      maxBytes: 1_000_000,
      codec,
      onProblem: (problem) => problems.push(problem),
      ...options,
    });
  const fileOf = (name: string) => join(entriesDir, `${makeEntry(name).key}.qjsc`);

  it('is private to its owner', async () => {
    await openTier().put(makeEntry('a'));
    expect((await stat(entriesDir)).mode & 0o777).toBe(0o700);
    expect((await stat(fileOf('a'))).mode & 0o777).toBe(0o600);
    expect(await readdir(entriesDir)).toHaveLength(1);
  });

  it('closes a directory of its own that stands open', async () => {
    await mkdir(entriesDir, { mode: 0o755 });
    await openTier().put(makeEntry('a'));
    expect((await stat(entriesDir)).mode & 0o777).toBe(0o700);
  });

  it('renews the time of last use at most once a minute', async () => {
    let now = Date.now();
    const tier = openTier({ now: () => now });
    await tier.put(makeEntry('a'));
    const written = (await stat(fileOf('a'))).mtimeMs;
    now = written + 59_000;
    await tier.get(makeEntry('a').key);
    expect((await stat(fileOf('a'))).mtimeMs).toBe(written);
    now = written + 61_000;
    await tier.get(makeEntry('a').key);
    expect((await stat(fileOf('a'))).mtimeMs).toBeCloseTo(now, -2);
  });

  it('evicts what was used longest ago, down to 70 % of the cap', async () => {
    const tier = openTier({ maxBytes: 60_000 });
    for (let i = 0; i < 10; i++) {
      await tier.put(makeEntry(`entry ${i}`, 1_000));
      await utimes(fileOf(`entry ${i}`), 1_000 + i, 1_000 + i);
    }
    for (let i = 10; i < 16; i++) await tier.put(makeEntry(`entry ${i}`, 1_000));
    const left = await readdir(entriesDir);
    expect(tier.stats().evictions).toBeGreaterThan(0);
    expect(tier.stats().bytes).toBeLessThanOrEqual(54_000);
    expect(left).not.toContain(`${makeEntry('entry 0').key}.qjsc`);
    expect(left).toContain(`${makeEntry('entry 15').key}.qjsc`);
  });

  it.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, -1), 'mac'],
    ['empty', () => Buffer.alloc(0), 'length'],
    ['text', () => Buffer.from('return "evil"'.repeat(20)), 'magic'],
    [
      'from another container version',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 5), Buffer.of(9), bytes.subarray(6)]),
      'version',
    ],
    ['another entry’s content', () => codec.seal(makeEntry('other')), 'key'],
    ['of another engine', () => new EntryCodec({ ...OURS, engine: 'engine-2' }).seal(makeEntry('a')), 'engine'],
    ['sealed without the secret', () => new EntryCodec({ ...OURS, secrets: [] }).seal(makeEntry('a')), 'mac'],
    ['larger than the cache', () => Buffer.alloc(1_000_001), 'file'],
  ])('a file that is %s is a miss, removed and counted under its reason', async (_title, damage, reason) => {
    const tier = openTier();
    await tier.put(makeEntry('a'));
    // The directory is swept once, behind the first write: the second one waits for that.
    await tier.put(makeEntry('a'));
    await writeFile(fileOf('a'), await damage(await readFile(fileOf('a'))));
    expect(await tier.get(makeEntry('a').key)).toBeUndefined();
    expect(tier.stats().rejections).toEqual({ [reason]: 1 });
    expect(await readdir(entriesDir)).toEqual([]);
    await tier.put(makeEntry('a'));
    expect(await tier.get(makeEntry('a').key)).toBeDefined();
  });

  it('a file that others may write is refused', async () => {
    const tier = openTier();
    await tier.put(makeEntry('a'));
    await chmod(fileOf('a'), 0o666);
    expect(await tier.get(makeEntry('a').key)).toBeUndefined();
    expect(tier.stats().rejections).toEqual({ file: 1 });
  });

  it('a symbolic link in place of an entry is refused, its target untouched', async () => {
    const target = join(cacheDir, 'target');
    await writeFile(target, 'precious');
    const tier = openTier();
    await tier.put(makeEntry('a'));
    await rm(fileOf('a'));
    await symlink(target, fileOf('a'));
    expect(await tier.get(makeEntry('a').key)).toBeUndefined();
    expect(await readFile(target, 'utf8')).toBe('precious');
    await symlink(target, fileOf('a')).catch(() => {});
    await tier.put(makeEntry('a'));
    expect((await lstat(fileOf('a'))).isSymbolicLink()).toBe(false);
    expect(await readFile(target, 'utf8')).toBe('precious');
  });

  it.each([
    ['a file', async (path: string) => writeFile(path, ''), /in its place|is a file|not a directory/],
    ['a symbolic link', async (path: string) => symlink(tmpdir(), path), /symbolic link/],
  ])('%s in place of the directory is one clear problem, and nothing fails', async (_title, plant, reason) => {
    const path = join(cacheDir, 'planted');
    await plant(path);
    const tier = openTier({ cacheDir: path });
    expect(await tier.put(makeEntry('a'))).toBe(false);
    expect(await tier.put(makeEntry('b'))).toBe(false);
    expect(await tier.get(makeEntry('a').key)).toBeUndefined();
    expect(problems).toHaveLength(1);
    expect(problems[0]?.reason).toMatch(reason);
    expect(problems[0]?.remedy).not.toBe('');
    expect(tier.stats().writeFailures).toBe(2);
  });

  it('makes its directory again when it is deleted while running', async () => {
    const tier = openTier();
    await tier.put(makeEntry('a'));
    await rm(cacheDir, { recursive: true });
    expect(await tier.get(makeEntry('a').key)).toBeUndefined();
    expect(await tier.put(makeEntry('b'))).toBe(true);
    expect(await tier.get(makeEntry('b').key)).toBeDefined();
    expect(problems).toEqual([]);
  });

  it('sweeps temporary files of processes that are gone, and leaves those of the living', async () => {
    await openTier().put(makeEntry('a'));
    const mine = temporaryName('0'.repeat(64));
    const dead = mine.replace(`.${process.pid}.`, '.4194303.');
    const mineOfEarlier = mine.replace(/\.[0-9a-f]+\.tmp$/, '.000000000000.tmp');
    const elsewhere = mine.replace(/\.[0-9a-f]{8}\./, '.ffffffff.');
    for (const name of [mine, dead, elsewhere, mineOfEarlier]) await writeFile(join(entriesDir, name), 'half');
    const beforeStart = Date.now() / 1000 - process.uptime() - 1;
    await utimes(join(entriesDir, mineOfEarlier), beforeStart, beforeStart);
    const next = openTier();
    await next.get('none');
    await next.put(makeEntry('b'));
    const left = await readdir(entriesDir);
    expect(left).toContain(mine);
    expect(left).toContain(elsewhere);
    expect(left).not.toContain(dead);
    expect(left).not.toContain(mineOfEarlier);
  });

  it.each([
    ['a directory', async (path: string) => mkdir(join(path, 'below'), { recursive: true })],
    ['a named pipe', async (path: string) => void execFileSync('mkfifo', [path])],
  ])('%s in place of an entry is a miss, goes, and nobody waits for it', async (_title, plant) => {
    const tier = openTier();
    await tier.put(makeEntry('a'));
    await rm(fileOf('a'));
    await plant(fileOf('a'));
    expect(await tier.get(makeEntry('a').key)).toBeUndefined();
    expect(await readdir(entriesDir)).toEqual([]);
    expect(await tier.put(makeEntry('a'))).toBe(true);
  });

  it('a link put in place of its directory while it runs is not followed', async () => {
    const target = join(cacheDir, 'target');
    await mkdir(target);
    await writeFile(join(target, 'precious.qjsc'), 'untouched');
    const tier = openTier();
    await tier.put(makeEntry('a'));
    await rename(entriesDir, `${entriesDir}-moved`);
    await symlink(target, entriesDir);
    await tier.put(makeEntry('b'));
    await tier.clear();
    await tier.verify();
    expect(await readdir(target)).toEqual(['precious.qjsc']);
    await tier.close();
  });

  it('counts the space that entries take of a volume, not their bytes', async () => {
    const tier = openTier();
    await tier.put(makeEntry('tiny', 10));
    expect(tier.stats().bytes).toBe(4096);
  });

  it('verifies every entry, removes the bad ones and says which and why', async () => {
    const tier = openTier();
    for (const name of ['a', 'b', 'c']) await tier.put(makeEntry(name));
    await writeFile(fileOf('b'), 'damaged');
    expect(await tier.verify()).toEqual({
      checked: 3,
      valid: 2,
      removed: [{ key: makeEntry('b').key, reason: 'length' }],
    });
    expect(await tier.verify()).toEqual({ checked: 2, valid: 2, removed: [] });
  });
});
