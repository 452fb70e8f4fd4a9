import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { chmod, mkdir, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listEntries, sweepDirectory } from '#src/cache/directory-sweep.js';
import { createRuntime } from '#src/index.js';

const GIB = 1024 ** 3;
const directory = mkdtempSync(join(tmpdir(), 'nexus-cache-'));
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A sparse file, which takes no space. */
async function sparse(path: string, bytes: number, start = ''): Promise<void> {
  await rm(path, { recursive: true, force: true });
  const file = await open(path, 'w', 0o600);
  await file.truncate(bytes);
  await file.write(start, 0);
  await file.close();
}

const FILES: readonly (readonly [string, (path: string) => unknown])[] = [
  ['3 GB', (path) => sparse(path, 3 * GIB)],
  ['a terabyte that says it is an entry', (path) => sparse(path, 1024 * GIB, 'NXQJ')],
  ['20 MB that say their header has 4 GB', (path) => sparse(path, 20 * 1024 ** 2, 'NXQJ\u0000\u0001~~~~')],
  ['nothing in it', (path) => sparse(path, 0)],
  ['a pipe', (path) => rm(path).then(() => execFileSync('mkfifo', [path]))],
  ['a directory with a file in it', (path) => rm(path).then(() => mkdir(join(path, 'in'), { recursive: true }))],
  ['a link to itself', (path) => rm(path).then(() => symlink(path, path))],
  ['a link to /dev/zero', (path) => rm(path).then(() => symlink('/dev/zero', path))],
  ['text that others may write', (path) => writeFile(path, 'text').then(() => chmod(path, 0o666))],
];

describe('a cache directory', () => {
  it.each(
    FILES,
  )('with %s in place of an entry compiles again, counts it, and is whole after it', async (title, plant) => {
    const cacheDir = join(directory, title.replaceAll(/\W/g, '-'));
    const code = `return ${JSON.stringify(title)}`;
    const first = await createRuntime({ cacheDir, maxInstances: 1 });
    await first.executeHandler(code);
    await first.shutdown();
    const folder = join(cacheDir, readdirSync(cacheDir)[0] as string);
    const [entry] = readdirSync(folder);
    await plant(join(folder, entry as string));

    for (const rejected of [1, 0]) {
      const runtime = await createRuntime({ cacheDir, maxInstances: 1 });
      expect((await runtime.executeHandler(code)).returnValue).toBe(title);
      await runtime.shutdown();
      const { disk } = runtime.getStats().cache;
      expect(Object.values(disk.rejections).reduce((sum, count) => sum + count, 0)).toBe(rejected);
      expect(disk.hits).toBe(rejected === 1 ? 0 : 1);
    }
    expect(readdirSync(folder)).toEqual([entry]);
  });

  it('a cache directory with thousands of names is listed, and swept by a sample of them', async () => {
    const folder = join(directory, 'many');
    await mkdir(folder);
    const keys = Array.from({ length: 21_000 }, (_, i) => i.toString(16).padStart(64, '0'));
    for (let start = 0; start < keys.length; start += 500) {
      await Promise.all(keys.slice(start, start + 500).map((key) => writeFile(join(folder, `${key}.qjsc`), '')));
    }
    await writeFile(join(folder, 'another file'), 'x');
    expect((await listEntries(folder)).sort()).toEqual(keys);
    const { entries, evicted } = await sweepDirectory(folder, GIB, Date.now());
    expect(entries).toBeGreaterThan(20_900);
    expect(evicted).toBe(0);
  }, 120_000);
});
