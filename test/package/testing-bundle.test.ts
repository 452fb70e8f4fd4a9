import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-bundle-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a program prints that imports the package as it ships. */
async function print(program: string): Promise<unknown> {
  const code = program.replaceAll(/'dist\/([\w-]+\.js)'/g, (_, name: string) => JSON.stringify(dist + name));
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: folder });
  return JSON.parse(stdout);
}

describe('nexus-runtime/testing as it ships', () => {
  it('shares with nexus-runtime what there must be one of', async () => {
    const printed = await print(`
      import { NexusError, currentCall } from 'dist/index.js';
      import { runHandler } from 'dist/testing.js';
      const code = 'return await $ext.x.y()';
      const error = await runHandler(code).catch((thrown) => thrown);
      const { returnValue } = await runHandler(code, { ext: { x: { y: () => currentCall()?.key } } });
      console.log(JSON.stringify([error instanceof NexusError, returnValue]));
    `);
    expect(printed).toEqual([true, 'run-000000000000000002:c1']);
  });

  it('names handlers as nexus-runtime does, and finds what that compiled', async () => {
    const printed = await print(`
      import { createRuntime } from 'dist/index.js';
      import { createTestRuntime } from 'dist/testing.js';
      const hits = [];
      for (const create of [createRuntime, createTestRuntime]) {
        const runtime = await create({ cacheDir: 'shared' });
        hits.push((await runtime.executeHandler('return "ä" + 1')).metrics.cacheHit);
        await runtime.shutdown();
      }
      console.log(JSON.stringify(hits));
    `);
    expect(printed).toEqual([false, true]);
  });

  it('has a worker for what needs its stack, records a runtime of nexus-runtime, and ends by itself', async () => {
    const printed = await print(`
      import { createRuntime } from 'dist/index.js';
      import { createTestRuntime, record, replay, runHandler } from 'dist/testing.js';
      const deep = 'let n = 0; const go = () => { n++; go(); }; try { go(); } catch {} return n;';
      const depth = (await runHandler(deep)).returnValue;
      const recording = await record(await createRuntime({ cacheDir: false }), { file: 'one.nxrec' });
      await recording.executeHandler('return Math.random()');
      await recording.shutdown();
      console.log(JSON.stringify([depth > 2000, (await replay('one.nxrec')).same]));
    `);
    expect(printed).toEqual([true, true]);
  });

  it('keeps what was compiled of it for the next process, and does without when that is damaged, gone or not wanted', async () => {
    // A package of its own: what is kept lies inside of it.
    const copy = join(folder, 'package');
    await cp(dist, join(copy, 'dist'), { recursive: true });
    await writeFile(join(copy, 'package.json'), '{ "type": "module" }');
    await symlink(join(dist, '..', 'node_modules'), join(folder, 'node_modules'));
    const kept = join(copy, 'node_modules', '.cache', 'nexus-runtime');
    const program = `
      import { runHandler } from ${JSON.stringify(join(copy, 'dist', 'testing.js'))};
      console.log((await runHandler('return 6 * 7')).returnValue);
    `;
    const start = (env = {}) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
        cwd: folder,
        env: { ...process.env, ...env },
      });
    const list = async () => readdir(kept).catch(() => []);

    expect((await start({ NEXUS_CODE_CACHE: 'off' })).stdout).toBe('42\n');
    expect(await list()).toEqual([]);
    for (const _ of ['writes', 'reads']) expect(await start()).toEqual({ stdout: '42\n', stderr: '' });
    const [name = ''] = await list();
    expect(name).toMatch(/^testing-[0-9a-f]{16}-[0-9a-f]+\.bin$/);

    const whole = await readFile(join(kept, name));
    const damaged = Buffer.from(whole);
    damaged[1000] = (damaged[1000] ?? 0) ^ 1;
    for (const content of [damaged, whole.subarray(0, 1000), Buffer.alloc(0)]) {
      await writeFile(join(kept, name), content);
      await writeFile(join(kept, 'testing-0000000000000000-0.bin'), 'of another version');
      expect(await start()).toEqual({ stdout: '42\n', stderr: '' });
      // Written again.
      expect(await list()).toEqual([name]);
      expect((await readFile(join(kept, name))).length).toBeGreaterThan(10_000);
    }
    await rm(join(copy, 'node_modules'), { recursive: true });
    await writeFile(join(copy, 'node_modules'), 'a file, so that nothing can be written there');
    expect(await start()).toEqual({ stdout: '42\n', stderr: '' });
  }, 30_000);

  it('is not loaded by nexus-runtime', async () => {
    const printed = await print(`
      import { readFileSync } from 'node:fs';
      import { pathToFileURL } from 'node:url';
      const seen = new Set();
      const visit = (url) => {
        if (seen.has(url.href)) return;
        seen.add(url.href);
        const text = readFileSync(url, 'utf8');
        for (const [, name] of text.matchAll(/(?:from|import)\\s*\\(?"(\\.\\/[^"]+\\.js)"/g)) visit(new URL(name, url));
      };
      visit(pathToFileURL('dist/index.js'));
      const loaded = [...seen].map((href) => href.slice(href.lastIndexOf('/') + 1));
      const engines = [...seen].filter((href) => readFileSync(new URL(href), 'utf8').includes('quickjs-emscripten"'));
      console.log(JSON.stringify([loaded.length > 3, loaded.filter((name) => name.startsWith('testing')), engines]));
    `);
    expect(printed).toEqual([true, [], []]);
  });
});
