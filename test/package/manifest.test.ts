import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string) => readFile(join(root, name), 'utf8');
const manifest = JSON.parse(await read('package.json'));

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly hasInstallScript?: boolean;
}

/** What npm installs with the package, by its place in the lock file. */
function productionTree(packages: Readonly<Record<string, Locked>>): Map<string, Locked> {
  const tree = new Map<string, Locked>();
  const add = (from: string, names: Readonly<Record<string, string>> = {}) => {
    for (const name of Object.keys(names)) {
      const nested = `${from}/node_modules/${name}`;
      const place = nested in packages ? nested : `node_modules/${name}`;
      const found = packages[place];
      if (found === undefined || tree.has(place)) continue;
      tree.set(place, found);
      add(place, found.dependencies);
      add(place, found.optionalDependencies);
    }
  };
  add('', manifest.dependencies);
  return tree;
}

it('nothing in the production tree runs at installation', async () => {
  const { packages } = JSON.parse(await read('package-lock.json'));
  const tree = productionTree(packages);
  expect(tree.size).toBeGreaterThanOrEqual(Object.keys(manifest.dependencies).length);
  expect([...tree].filter(([, { hasInstallScript }]) => hasInstallScript).map(([place]) => place)).toEqual([]);
  for (const hook of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts[hook]).toBeUndefined();
});

it('peers are optional and have no upper end that a newer version would break an installation with', () => {
  for (const [name, range] of Object.entries(manifest.peerDependencies)) {
    expect(manifest.peerDependenciesMeta[name]).toEqual({ optional: true });
    if (name !== '@opentelemetry/api') expect(range).toMatch(/^>=\d+\.\d+(\.\d+)?$/);
  }
});

it('the places of the project are all below its homepage, which stands in package.json and nowhere else', async () => {
  const { homepage, repository, bugs } = manifest;
  expect(repository.url).toBe(`git+${homepage}.git`);
  expect(bugs.url).toBe(`${homepage}/issues`);
  const { stdout } = await promisify(execFile)('git', ['grep', '-lF', homepage], { cwd: root });
  expect(stdout.trim().split('\n')).toEqual(['package.json']);
});

it('every relative link of README, SECURITY and CHANGELOG leads to a file, so that the page of the registry finds it in the repository', async () => {
  const missing: string[] = [];
  for (const page of ['README.md', 'SECURITY.md', 'CHANGELOG.md']) {
    for (const [, target = ''] of (await read(page)).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      await access(join(root, dirname(page), target)).catch(() => missing.push(`${page}: ${target}`));
    }
  }
  expect(missing).toEqual([]);
});

it.each([
  'README.md',
  'docs/getting-started.md',
])('%s announces .nexus-cache with its line for .gitignore', async (page) => {
  expect(await read(page)).toContain('echo .nexus-cache/ >> .gitignore');
});

it('the documents and SECURITY are in the tarball', () => {
  expect(manifest.files).toEqual(expect.arrayContaining(['dist', 'docs', 'SECURITY.md']));
});
