import { execFile } from 'node:child_process';
import {
  chmod,
  copyFile,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
let folder: string;
/** A package of its own: what is kept lies inside of it. */
let copy: string;
let kept: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-code-cache-'));
  copy = join(folder, 'package');
  kept = join(copy, 'node_modules', '.cache', 'nexus-runtime');
  await cp(dist, join(copy, 'dist'), { recursive: true });
  await writeFile(join(copy, 'package.json'), '{ "type": "module" }');
  await symlink(join(dist, '..', 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const list = () => readdir(kept).catch((): string[] => []);

describe.each([
  {
    entry: 'testing.js',
    scripts: ['testing'],
    program: `import { runHandler } from ENTRY; console.log((await runHandler('return 6 * 7')).returnValue);`,
  },
  {
    entry: 'index.js',
    scripts: ['index', 'worker'],
    program: `import { createRuntime } from ENTRY;
      const runtime = await createRuntime({ cacheDir: false });
      console.log((await runtime.executeHandler('return 6 * 7')).returnValue);
      await runtime.shutdown();`,
  },
])('what is compiled of $entry', ({ entry, scripts, program }) => {
  const start = (env = {}, flags: readonly string[] = []) => {
    const code = program.replace('ENTRY', () => JSON.stringify(join(copy, 'dist', entry)));
    const options = { cwd: folder, env: { ...process.env, ...env } };
    return promisify(execFile)(process.execPath, [...flags, '--input-type=module', '-e', code], options);
  };
  const inodes = async () =>
    Promise.all((await list()).map(async (name) => `${name} ${(await stat(join(kept, name))).ino}`));
  const works = { stdout: '42\n', stderr: '' };

  it('is kept for the next process, unless that is not wanted', async () => {
    await rm(join(copy, 'node_modules'), { recursive: true, force: true });
    expect(await start({ NEXUS_CODE_CACHE: 'off' })).toEqual(works);
    expect(await list()).toEqual([]);
    expect(await start()).toEqual(works);
    const names = await list();
    expect(names.map((name) => name.replace(/-[0-9a-f]{32}-[0-9a-f]+\.bin$/, ''))).toEqual(scripts);
    const written = await inodes();
    // Read, and not written again.
    expect(await start()).toEqual(works);
    expect(await inodes()).toEqual(written);
  }, 30_000);

  it('is written again when it is damaged, of another version, or when others could have written it', async () => {
    expect(await start()).toEqual(works);
    const names = await list();
    for (const name of names) {
      const file = join(kept, name);
      const whole = await readFile(file);
      const damaged = Buffer.from(whole);
      damaged[1000] = (damaged[1000] ?? 0) ^ 1;
      for (const content of [damaged, whole.subarray(0, 1000), Buffer.alloc(0)]) {
        await writeFile(file, content);
        await writeFile(join(kept, `${name.split('-')[0]}-0000000000000000-0.bin`), 'of another version');
        expect(await start()).toEqual(works);
        expect(await list()).toEqual(names);
        expect((await readFile(file)).length).toBeGreaterThan(10_000);
      }
      const { ino } = await stat(file);
      await chmod(file, 0o666);
      expect(await start()).toEqual(works);
      const again = await stat(file);
      expect([again.ino === ino, again.mode & 0o022]).toEqual([false, 0]);
    }
  }, 60_000);

  it('is not read through a link, under another name, or from a folder in which others can write', async () => {
    expect(await start()).toEqual(works);
    const [name = ''] = await list();
    const file = join(kept, name);
    const elsewhere = join(folder, name);
    await copyFile(file, elsewhere);
    await rm(file);
    await symlink(elsewhere, file);
    expect(await start()).toEqual(works);
    expect((await lstat(file)).isFile()).toBe(true);

    // What was made by other flags lies beside it; under this name, it is damaged.
    expect(await start({}, ['--stack-size=900', '--no-opt'])).toEqual(works);
    const other = (await list()).find((entry) => entry !== name && entry.startsWith(name.slice(0, 20))) ?? '';
    await copyFile(join(kept, other), file);
    const before = await readFile(file);
    expect(await start()).toEqual(works);
    expect(Buffer.compare(await readFile(file), before)).not.toBe(0);

    await chmod(kept, 0o777);
    await writeFile(file, before);
    expect(await start()).toEqual(works);
    expect(Buffer.compare(await readFile(file), before)).toBe(0);
    await rm(kept, { recursive: true });
    await symlink(folder, kept);
    expect(await start()).toEqual(works);
    expect((await readdir(folder)).filter((entry) => entry.endsWith('.bin'))).toEqual([name]);
    await rm(kept);
    await rm(elsewhere);
  }, 60_000);

  it('is written whole by processes that start together, and clears what killed ones left', async () => {
    await mkdir(kept, { recursive: true });
    const [first = ''] = scripts;
    const abandoned = join(kept, `${first}-0-0.bin.x.tmp`);
    await writeFile(abandoned, 'half of it');
    expect(await Promise.all([start(), start(), start()])).toEqual([works, works, works]);
    expect((await list()).map((name) => name.split('-')[0])).toEqual(scripts);
    const written = await inodes();
    expect(await start()).toEqual(works);
    expect(await inodes()).toEqual(written);
  }, 60_000);

  it('is not what runs when the code was changed and has the same length', async () => {
    expect(await start()).toEqual(works);
    const before = await list();
    const file = join(copy, 'dist', entry === 'index.js' ? 'index.cjs' : 'testing-kit.cjs');
    const text = await readFile(file, 'utf8');
    const changed = text.replace(/\bmust\b/, 'musT');
    expect([changed === text, changed.length]).toEqual([false, text.length]);
    await writeFile(file, changed);
    expect(await start()).toEqual(works);
    const after = await list();
    expect(after.filter((name) => !before.includes(name)).map((name) => name.split('-')[0])).toEqual([scripts[0]]);
    expect(after.length).toBe(before.length);
    await writeFile(file, text);
  }, 60_000);

  it('is done without where nothing can be written', async () => {
    await rm(join(copy, 'node_modules'), { recursive: true });
    await writeFile(join(copy, 'node_modules'), 'a file, so that nothing can be written there');
    expect(await start()).toEqual(works);
    await rm(join(copy, 'node_modules'));
  }, 30_000);
});
