import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
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

/** What breaks each rule: where a file with this import would be. */
const PLANTED: Readonly<Record<string, readonly [folder: string, specifier: string]>> = {
  'pool-imports-nothing-before-it': ['pool', '../compiler/key.js'],
  'cache-imports-nothing-before-it': ['cache', '../compiler/key.js'],
  'errors-imports-nothing-before-it': ['errors', '../config/check.js'],
  'shared-imports-no-side': ['protocol', '../pool/job.js'],
  'worker-imports-no-main-thread': ['worker', '../suspension/room/ledger.js'],
  'engine-imports-no-worker': ['engine', '../worker/executor.js'],
  'main-thread-imports-no-worker': ['execution', '../engine/vm.js'],
  'guest-imports-only-itself': ['guest', '../errors/codes.js'],
  'of-the-guest-only-the-abi': ['worker', '../guest/prelude/value-kinds.js'],
  'nothing-imports-build-time-code': ['engine', './build/rewrite.js'],
  'nothing-imports-an-entry': ['runtime', '../testing/index.js'],
  'applications-import-entries': ['server', '../pool/job.js'],
  'the-server-imports-no-command': ['server', '../cli/exit-codes.js'],
  'one-file-imports-hono': ['server', 'hono'],
  'workers-use-no-zlib': ['worker', 'node:zlib'],
  'one-file-imports-tinypool': ['pool', 'tinypool'],
  'one-file-imports-acorn': ['source', 'acorn'],
};

/** Types that may have the name of another, and why. */
const SAME_NAMES: Readonly<Record<string, string>> = {};

/** Names of the types that a file declares and exports. What it only passes on is another file's. */
function exportedTypes(text: string): string[] {
  const declarations = text.matchAll(/^export (?:declare )?(?:abstract )?(?:interface|type|class|enum) (\w+)/gm);
  return [...declarations].map(([, name]) => name as string);
}

describe('the architecture', () => {
  // That nothing breaks them is for `npm run lint`.
  it('notices an import that breaks any of the rules', async () => {
    let number = 0;
    for (const [folder, specifier] of Object.values(PLANTED)) {
      const text = `import * as planted from '${specifier}';\nexport default planted;\n`;
      await writeFile(join(copy, 'src', folder, `planted-${number++}.ts`), text);
    }
    expect(await violations()).toEqual(expect.arrayContaining(Object.keys(PLANTED)));
  }, 60_000);

  it('has no loose files, and no folder of more than 22', async () => {
    const entries = await readdir(join(root, 'src'), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const filesOf = new Map<string, number>();
    for (const { parentPath } of files) {
      const folder = relative(root, parentPath);
      filesOf.set(folder, (filesOf.get(folder) ?? 0) + 1);
    }
    const loose = files.filter(({ parentPath }) => relative(root, parentPath) === 'src').map(({ name }) => name);
    expect(loose.sort()).toEqual(['assets.ts', 'index.ts']);
    expect([...filesOf].filter(([, count]) => count > 22)).toEqual([]);
  });

  it('has no two types of one name', async () => {
    const entries = await readdir(join(root, 'src'), { recursive: true, withFileTypes: true });
    const placesOf = new Map<string, string[]>();
    for (const { name, parentPath } of entries.filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))) {
      const path = join(parentPath, name);
      for (const type of exportedTypes(await readFile(path, 'utf8'))) {
        placesOf.set(type, [...(placesOf.get(type) ?? []), relative(root, path)]);
      }
    }
    const shared = [...placesOf].filter(([type, places]) => places.length > 1 && SAME_NAMES[type] === undefined);
    expect(shared).toEqual([]);
  });

  it('notices a type of any kind that is exported', () => {
    const text = `
      export interface One {}
      export type Two<T> = T;
      export class Three {}
      export abstract class Four {}
      export declare class Five {}
      export const notAType = 1;
      interface NotExported {}
      export { type Six } from './six.js';
    `;
    expect(exportedTypes(text.replaceAll(/^ +/gm, ''))).toEqual(['One', 'Two', 'Three', 'Four', 'Five']);
  });
});
