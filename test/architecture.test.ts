import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'nexus-architecture-'));
  for (const name of ['src', 'package.json', 'tsconfig.json', 'tsconfig.base.json', '.dependency-cruiser.mjs']) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rm(copy, { recursive: true, force: true }));

/** Names of the rules that the sources break. */
async function violations(): Promise<string[]> {
  const args = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'src'];
  const options = { cwd: copy, maxBuffer: 64 * 1024 * 1024 };
  const depcruise = join(root, 'node_modules', '.bin', 'depcruise');
  const { stdout } = await promisify(execFile)(depcruise, args, options).catch((error) => error as { stdout: string });
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } };
  return summary.violations.map(({ rule }) => rule.name);
}

describe('the order of the folders', () => {
  it('is kept', async () => {
    expect(await violations()).toEqual([]);
  }, 60_000);

  it('is enforced: an import upwards, the engine on the main thread, a second importer of a library', async () => {
    const planted = `
      import { Tinypool } from 'tinypool';
      import { parse } from 'acorn';
      import { Vm } from '../engine/vm.js';
      import { runHandler } from '../testing/index.js';
      export const planted = [Tinypool, Vm, parse, runHandler];
    `;
    await writeFile(join(copy, 'src', 'errors', 'planted.ts'), planted);
    const names = await violations();
    expect(names).toContain('errors-imports-only-what-is-before-it');
    expect(names).toContain('main-thread-has-no-engine');
    expect(names).toContain('nothing-imports-testing');
    expect(names).toContain('one-file-imports-tinypool');
    expect(names).toContain('one-file-imports-acorn');
  }, 60_000);
});
