import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRuntime } from 'nexus-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Folder } from './support/nexus.js';

let folder: Folder;

beforeAll(async () => {
  folder = await Folder.create({
    'handlers/good.js': "$state.total = 1; return await $ext.shop.price('a')",
    'handlers/deep/typed.ts': 'const n: number = 1; return n',
    'handlers/broken.js': 'return 1 +* 2',
    'handlers/ignored.test.js': 'return (',
  });
});

afterAll(() => folder[Symbol.asyncDispose]());

describe('nexus', () => {
  it('has help with examples for each command, and all examples name commands and options that exist', async () => {
    const { value } = await folder.json(['--help']);
    const commands = value['commands'] as string[];
    expect(commands).toEqual([
      'run',
      'dev',
      'check',
      'infer',
      'build',
      'inspect',
      'replay',
      'cache',
      'runs',
      'serve',
      'mcp',
      'init',
      'doctor',
      'bench',
    ]);
    for (const name of commands) {
      const { code, stdout } = await folder.nexus([name, '--help']);
      expect(code).toBe(0);
      const [options = '', examples = ''] = stdout.split('\nExamples\n');
      const calls = [...examples.matchAll(/nexus (\w+)(.*)/g)];
      expect(calls.length).toBeGreaterThan(0);
      for (const [, called, rest = ''] of calls) {
        expect(called).toBe(name);
        for (const [flag] of rest.matchAll(/--[a-z-]+/g)) expect(options).toContain(flag);
      }
    }
  }, 120_000);

  it('prints help and fails without a command, and prints its version', async () => {
    expect(await folder.nexus([])).toMatchObject({ code: 2, stdout: expect.stringContaining('nexus run handler.js') });
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await folder.nexus(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('check lists what compiles with capabilities and sizes, and what does not with its place', async () => {
    const { code, value } = await folder.json(['check', 'handlers']);
    expect(code).toBe(1);
    expect(value['handlers']).toMatchObject([
      { file: 'handlers/broken.js', error: { code: 'COMPILATION_ERROR', location: { line: 1, column: 11 } } },
      { file: 'handlers/deep/typed.ts', description: { capabilities: [] } },
      {
        file: 'handlers/good.js',
        description: { capabilities: ['ext:shop.price', 'state:write:total'], sizes: { sourceBytes: 51 } },
      },
    ]);
    expect(value['note']).toContain('there is no tsconfig.json');
    expect((await folder.nexus(['check', 'handlers'])).stdout).toContain('handlers/broken.js:1:11 COMPILATION_ERROR');
    expect(await folder.nexus(['check', 'nowhere'])).toMatchObject({
      code: 2,
      stderr: 'error nowhere does not exist.\n',
    });
  });

  it('infer lists capabilities with the places that need them', async () => {
    const { code, value } = await folder.json(['infer', 'handlers/good.js']);
    expect({ code, value }).toMatchObject({
      code: 0,
      value: {
        file: 'handlers/good.js',
        capabilities: [
          { capability: 'ext:shop.price', reasons: [{ line: 1, column: 32 }] },
          { capability: 'state:write:total', reasons: [{ line: 1, column: 1 }] },
        ],
      },
    });
    expect(await folder.nexus(['infer', 'handlers/broken.js'])).toMatchObject({ code: 1, stdout: '' });
  });

  it('builds, goes on past failures, and builds only what has changed', async () => {
    const first = await folder.json(['build', 'handlers/**/*.{js,ts}', '--out-dir', 'out', '--lock', 'false']);
    expect(first).toMatchObject({
      code: 1,
      value: { built: ['deep/typed', 'good'], failures: [{ name: 'broken', file: 'handlers/broken.js' }] },
    });
    await folder.write('handlers/broken.js', 'return 2');
    const second = await folder.json(['build', 'handlers/**/*.{js,ts}', '--out-dir', 'out', '--lock', 'false']);
    expect(second).toMatchObject({
      code: 0,
      value: { built: ['broken'], unchanged: ['deep/typed', 'good'], failures: [] },
    });
    const described = await folder.json(['inspect', 'out/good.qjsc']);
    expect(described.value).toMatchObject({
      kind: 'artifact',
      filename: 'handlers/good.js',
      seal: 'sha256',
      intact: 'yes',
    });
    expect((await folder.nexus(['run', 'out/broken.qjsc'])).stdout).toBe('2\n');
    await folder.write('handlers/broken.js', 'return 1 +* 2');
    expect(await folder.nexus(['build', '--out-dir', 'out'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('It needs a pattern'),
    });
  });

  it('inspect says that an artifact is damaged, and what is none', async () => {
    await folder.nexus(['build', 'handlers/deep/*.ts', '--out-dir', 'damaged', '--lock', 'false']);
    const path = join(folder.path, 'damaged/typed.qjsc');
    const bytes = await readFile(path);
    bytes[bytes.length - 60] = (bytes[bytes.length - 60] as number) ^ 1;
    await writeFile(path, bytes);
    expect((await folder.json(['inspect', 'damaged/typed.qjsc'])).value).toMatchObject({
      intact: expect.stringContaining('NO'),
    });
    await writeFile(path, bytes.subarray(0, 20));
    expect(await folder.nexus(['inspect', 'damaged/typed.qjsc'])).toMatchObject({ code: 2, stdout: '' });
    expect(await folder.nexus(['inspect', 'handlers/good.js'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('none of an artifact'),
    });
  });

  it('cache counts, verifies, shrinks and clears', async () => {
    const args = ['--cache-dir', 'cache'];
    for (const text of ['return 1', 'return 2', 'return 3']) await folder.nexus(['run', '-', ...args], { input: text });
    const stats = await folder.json(['cache', 'stats', ...args]);
    expect(stats).toMatchObject({ code: 0, value: { entries: 3 } });
    const version = (await readdir(join(folder.path, 'cache'))).find((name) => name.startsWith('v')) as string;
    const [entry = ''] = (await readdir(join(folder.path, 'cache', version))).filter((name) => name.endsWith('.qjsc'));
    await writeFile(join(folder.path, 'cache', version, entry), 'damaged');
    expect(await folder.json(['cache', 'verify', ...args])).toMatchObject({
      code: 1,
      value: { checked: 3, valid: 2, removed: [{ reason: 'length' }] },
    });
    expect(await folder.json(['cache', 'gc', ...args, '--max-disk-cache-size-bytes', '1'])).toMatchObject({
      code: 0,
      value: { before: { entries: 2 }, after: { entries: 0 } },
    });
    await folder.nexus(['run', '-', ...args], { input: 'return 4' });
    expect(await folder.json(['cache', 'clear', ...args])).toMatchObject({ code: 0, value: { removed: 1, left: 0 } });
    expect(await folder.json(['cache', 'stats', '--cache-dir', 'nowhere'])).toMatchObject({
      code: 0,
      value: { entries: 0 },
    });
    expect(await folder.nexus(['cache', 'verfy'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Did you mean verify?'),
    });
  });

  it('runs lists, shows, answers and cancels durable runs of a store', async () => {
    const store = ['--suspension-dir', 'store'];
    const runtime = await createRuntime({
      cacheDir: false,
      suspensionDir: join(folder.path, 'store'),
      maxInstances: 1,
    });
    const context = { args: 7, capabilities: ['ext:shop.price'], handlerName: 'price' };
    for (const runId of ['a', 'b'])
      await runtime.start('return await $ext.shop.price($args)', context, { runId, tenant: 'acme' });
    // Executes them up to their calls, which nobody here answers.
    const worker = await runtime.work();
    const waiting = async (runId: string): Promise<void> => {
      while ((await runtime.getRun(runId).describe()).calls.length === 0)
        await new Promise((resolve) => setImmediate(resolve));
    };
    await Promise.all(['a', 'b'].map(waiting));

    const listed = await folder.json(['runs', 'ls', ...store, '--state', 'waiting']);
    expect((listed.value['runs'] as { runId: string }[]).map(({ runId }) => runId).sort()).toEqual(['a', 'b']);
    expect(await folder.json(['runs', 'ls', ...store, '--tenant', 'nobody'])).toMatchObject({ value: { runs: [] } });
    expect(await folder.json(['runs', 'show', 'a', ...store])).toMatchObject({
      code: 0,
      value: {
        runId: 'a',
        tenant: 'acme',
        state: 'waiting',
        calls: [{ callId: 'c1', extensionName: 'shop', method: 'price', args: [7] }],
      },
    });
    expect(await folder.json(['runs', 'answer', 'a:c1', '--value', '99', ...store])).toMatchObject({
      code: 0,
      value: { outcome: 'accepted' },
    });
    expect(await runtime.getRun('a').result({ timeoutMs: 20_000 })).toMatchObject({
      status: 'success',
      returnValue: 99,
    });
    expect(await folder.json(['runs', 'show', 'a', ...store])).toMatchObject({
      value: { state: 'ended', result: { returnValue: 99 } },
    });
    expect(await folder.json(['runs', 'cancel', 'b', ...store])).toMatchObject({ code: 0, value: { cancelled: true } });
    expect((await runtime.getRun('b').result({ timeoutMs: 20_000 })).status).toBe('error');
    expect(await folder.nexus(['runs', 'cancel', 'b', ...store])).toMatchObject({ code: 2 });
    expect(await folder.nexus(['runs', 'show', 'none', ...store])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no run none'),
    });
    expect(await folder.nexus(['runs', 'ls'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no store'),
    });
    await worker.close();
    await runtime.shutdown();
  }, 60_000);

  it('doctor is content with an empty folder, and leaves it empty', async () => {
    await using empty = await Folder.create();
    const { code, value } = await empty.json(['doctor']);
    expect(code).toBe(0);
    expect(value).toMatchObject({ ok: true });
    expect((value['findings'] as { check: string }[]).map(({ check }) => check)).toEqual([
      'machine',
      'configuration',
      'cache',
      'store',
      'esbuild',
      'typescript',
      'ioredis',
      'pg',
      'self-test',
    ]);
    expect(await readdir(empty.path)).toEqual(['node_modules']);
  });

  it('doctor says what is wrong with a cache and with a configuration', async () => {
    await using own = await Folder.create({ 'nexus.config.json': '{ "runtime": { "cacheDir": "shared" } }' });
    await mkdir(join(own.path, 'shared'), { mode: 0o777 });
    await own.write('shared/x', '');
    const { code, stdout } = await own.nexus(['doctor', '--cache-dir', 'nexus.config.json']);
    expect(code).toBe(3);
    expect(stdout).toContain('is not a directory; choose another one with --cache-dir');
  });

  it('init writes files with which check, run and build succeed, and keeps what is there', async () => {
    for (const language of [[], ['--typescript']]) {
      await using own = await Folder.create();
      expect((await own.json(['init', ...language])).value).toMatchObject({ kept: [] });
      const name = `handlers/greet.${language.length === 0 ? 'js' : 'ts'}`;
      expect(await own.json(['check', 'handlers'])).toMatchObject({ code: 0, value: { types: [] } });
      const args = ['--ext', 'mocks.mjs', '--args', '{"id":1}', '--allow', 'state:*,ext:users.find'];
      expect(await own.nexus(['run', name, ...args])).toMatchObject({ code: 0, stdout: '"Hello Ada!"\n' });
      expect(await own.json(['build'])).toMatchObject({ code: 0, value: { built: ['greet'] } });
      await own.write(name, 'const n: string = 1; return n');
      expect((await own.json(['init', ...language])).value).toMatchObject({ written: [] });
      expect(await readFile(join(own.path, name), 'utf8')).toBe('const n: string = 1; return n');
    }
  }, 120_000);

  it('check reports errors of types at their places', async () => {
    await using own = await Folder.create();
    await own.nexus(['init', '--typescript']);
    await own.write('handlers/wrong.ts', 'const n: string = $args.id;\nreturn n;');
    const { code, value } = await own.json(['check', 'handlers']);
    expect(code).toBe(1);
    expect(value['types']).toMatchObject([{ file: 'handlers/wrong.ts', line: 1, column: 7, code: 'TS2322' }]);
  }, 60_000);

  it('bench measures', async () => {
    const { code, value } = await folder.json(['bench', '--seconds', '0.6', '--max-instances', '1']);
    expect(code).toBe(0);
    const figures = value['figures'] as { executionsPerSecond: number }[];
    expect(figures).toHaveLength(6);
    for (const { executionsPerSecond } of figures) expect(executionsPerSecond).toBeGreaterThan(0);
  });
});
