import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
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

  it('is not loaded by nexus-runtime', async () => {
    const printed = await print(`
      import { readFileSync } from 'node:fs';
      import { pathToFileURL } from 'node:url';
      const seen = new Set();
      const visit = (url) => {
        if (seen.has(url.href)) return;
        seen.add(url.href);
        const text = readFileSync(url, 'utf8');
        for (const [, name] of text.matchAll(/"(\\.\\/[\\w-]+\\.c?js)"/g)) visit(new URL(name, url));
      };
      visit(pathToFileURL('dist/index.js'));
      const loaded = [...seen].map((href) => href.slice(href.lastIndexOf('/') + 1));
      const engines = [...seen].filter((href) => readFileSync(new URL(href), 'utf8').includes('quickjs-emscripten"'));
      console.log(JSON.stringify([loaded.length > 2, loaded.filter((name) => name.startsWith('testing')), engines]));
    `);
    expect(printed).toEqual([true, [], []]);
  });
});
