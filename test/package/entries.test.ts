import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

it('the package names OpenTelemetry only in the entry for it', async () => {
  const files = (await readdir(dist, { recursive: true })).filter((name) => name.endsWith('.js'));
  const naming: string[] = [];
  for (const name of files) {
    if ((await readFile(join(dist, name), 'utf8')).includes('@opentelemetry')) naming.push(name);
  }
  expect(naming).toEqual(['otel.js']);
});

it.each([
  ['index.js', 'createRuntime'],
  ['index.cjs', 'createRuntime'],
  ['testing.js', 'createTestRuntime'],
])('%s evaluates semver at the first range of versions, and not before', async (entry, name) => {
  const program = (modules: string) => `
    const { ${name} } = await import(${JSON.stringify(`${dist}${entry}`)});
    const runtime = await ${name}({ cacheDir: false, modules: ${modules} });
    await runtime.shutdown?.();`;
  // With this, semver prints each of its patterns when it is evaluated.
  const env = { ...process.env, NODE_DEBUG: 'semver' };
  const print = async (modules: string) => {
    const args = ['--no-warnings', '--input-type=module', '-e', program(modules)];
    return (await promisify(execFile)(process.execPath, args, { env })).stderr;
  };
  expect(await print("{ packages: ['lodash'], hoist: [], lock: false }")).toBe('');
  expect(await print("{ packages: ['lodash@^4'], hoist: [], lock: false }")).toContain('SEMVER');
});
