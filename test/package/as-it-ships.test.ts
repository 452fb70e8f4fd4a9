import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-ships-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a program prints that has the package as it ships: as a module, or as CommonJS. */
async function print(format: 'import' | 'require', body: string): Promise<string> {
  const entry = (name: string) => JSON.stringify(`${dist}${name}.${format === 'import' ? 'js' : 'cjs'}`);
  const load = (name: string) => (format === 'import' ? `await import(${entry(name)})` : `require(${entry(name)})`);
  const code = `(async () => {
    const { createRuntime, NexusError } = ${load('index')};
    const { runHandler } = ${load('testing')};
    ${body}
  })();`;
  const args = ['--no-warnings', `--input-type=${format === 'import' ? 'module' : 'commonjs'}`, '-e', code];
  return (await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout.trim();
}

it.each([
  'import',
  'require',
] as const)('by %s, everything works while mock.timers of node:test has every timer and clock stand still', async (format) => {
  const printed = await print(
    format,
    `
      process.getBuiltinModule('node:test').mock.timers.enable();
      const capabilities = ['ext:a.b'];
      const runtime = await createRuntime({ cacheDir: false });
      const run = await runtime.run('return await $ext.a.b()', { capabilities }, { extensions: { a: { b: () => 1 } } });
      const { suspension } = await runtime.executeHandler('return await $ext.a.b()', { capabilities });
      const resumed = await runtime.resumeHandler(suspension.suspensionId, { success: true, value: 2 });
      const typed = await runtime.executeHandler('return 3 as number', {}, { filename: 'typed.ts' });
      const tested = await runHandler('return await $ext.a.b()', { ext: { a: { b: () => 4 } } });
      await runtime.shutdown();
      console.log([run, resumed, typed, tested].map(({ returnValue }) => returnValue).join());
    `,
  );
  expect(printed).toBe('1,2,3,4');
});

it('errors of the module, of CommonJS and of the test kit are instances of one class', async () => {
  const printed = await print(
    'require',
    `
    const other = await import(${JSON.stringify(`${dist}index.js`)});
    const kit = await import(${JSON.stringify(`${dist}testing.js`)});
    const error = await kit.runHandler('return await $ext.a.b()').catch((thrown) => thrown);
    console.log([NexusError === other.NexusError, error instanceof NexusError].join());
  `,
  );
  expect(printed).toBe('true,true');
});
