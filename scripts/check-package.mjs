// Packs the library as npm would publish it, checks it with publint and attw, installs it in an empty folder
// and follows the README there.
import { execFileSync, execSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { followReadme } from './follow-readme.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nexus-package-'));
const CONSUMER = `
import { createRuntime, HandlerCompiler, NexusError, configFromEnv } from 'nexus-runtime';
import { checkHandlers, handlerTypes, type HandlerProblem } from 'nexus-runtime/typescript';
import type { NexusRuntime, RuntimeOptions, WasmContext, WasmResult } from 'nexus-runtime';
import { createTestRuntime, record, runHandler, type TestResult } from 'nexus-runtime/testing';

const options: RuntimeOptions = { ...configFromEnv(), maxInstances: 2 };
const runtime: NexusRuntime = await createRuntime(options);
const context: WasmContext = { args: 1, capabilities: ['state:read:*'] };
const result: WasmResult = await runtime.executeHandler('return $args', context, { timeoutMs: 10 });
const code: string = result.error?.code ?? 'none';
const compiler = new HandlerCompiler({ cacheDir: false });
const declarations: string = handlerTypes({ from: './types.ts', state: 'State' });
const problems = (): Promise<HandlerProblem[]> => checkHandlers('tsconfig.json');
const tested: TestResult = await runHandler('return 1', { ext: { http: { get: async (url: string) => url } } });
const recorded: NexusRuntime = await record(await createTestRuntime({ now: 0 }), { directory: 'recordings' });
export { code, compiler, declarations, NexusError, problems, recorded, tested };
`;
/** A test without any runner. */
const TESTED = `
import { runHandler } from 'nexus-runtime/testing';
const { returnValue } = await runHandler('return await $ext.x.y()', { ext: { x: { y: () => 42 } } });
if (returnValue !== 42) throw new Error(returnValue);
`;
/** A handler in TypeScript: the worker loads the dependency that strips its types. */
const TYPED = `
import { createRuntime } from 'nexus-runtime';
const runtime = await createRuntime({ cacheDir: false });
const { status, error } = await runtime.executeHandler('return 1 as number', {}, { filename: 'typed.ts' });
if (status !== 'success') throw new Error(error.message);
await runtime.shutdown();
`;

execSync('npm run --silent build', { cwd: root, stdio: 'inherit' });
try {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const tarball = join(folder, packed.filename);
  const stray = packed.files
    .map(({ path }) => path)
    .filter((path) => !/^(dist\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/.test(path));
  if (stray.length > 0) throw new Error(`the tarball holds ${stray.join(', ')}`);
  console.log(`packed ${packed.files.length} files, ${(packed.size / 1024).toFixed(0)} KiB`);

  execFileSync('npx', ['publint', 'run', tarball, '--strict'], { cwd: root, stdio: 'inherit' });
  execFileSync('npx', ['attw', tarball, '--profile', 'esm-only'], { cwd: root, stdio: 'inherit' });

  const programs = followReadme(readFileSync(join(root, 'README.md'), 'utf8'), folder, tarball);
  console.log(`the README, followed in an empty folder: ${programs} programs print what it says`);

  // A consumer that also checks our declarations.
  writeFileSync(join(folder, 'consumer.ts'), CONSUMER);
  const types = [
    '--strict',
    '--noEmit',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--lib',
    'es2023,esnext.disposable',
  ];
  const typeRoots = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node'];
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  execFileSync(tsc, [...types, ...typeRoots, 'consumer.ts'], { cwd: folder, stdio: 'inherit' });
  console.log('a strict TypeScript consumer compiles, declarations checked');

  writeFileSync(join(folder, 'typed.js'), TYPED);
  // From the bundled worker, where it is installed.
  execFileSync('node', ['typed.js'], { cwd: folder, stdio: 'inherit' });
  writeFileSync(join(folder, 'tested.js'), TESTED);
  execFileSync('node', ['tested.js'], { cwd: folder, stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
