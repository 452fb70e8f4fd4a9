// Packs the library as npm would publish it, checks it with publint and attw, installs it in an empty folder
// and follows the README there.
import { execFileSync, execSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { followReadme } from './follow-readme.mjs';
import { everywhere } from './package/everywhere.mjs';
import { requireNoInstallScripts } from './package/production-tree.mjs';
import { weigh } from './package/weigh.mjs';

const { values } = parseArgs({
  options: { everywhere: { type: 'boolean' }, only: { type: 'string' }, list: { type: 'boolean' } },
});
const root = fileURLToPath(new URL('..', import.meta.url));

if (values.list) everywhere('', { list: true, only: values.only });
else {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-package-'));
  try {
    execSync('npm run --silent build:once', { cwd: root, stdio: 'inherit' });
    const { packed, tarball } = pack(folder);
    if (values.only === undefined) checkTarball(packed, tarball, folder);
    const failing = everywhere(tarball, { only: values.only, short: !values.everywhere && values.only === undefined });
    if (failing > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pack(folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  const [packed] = JSON.parse(execFileSync('npm', args, options));
  return { packed, tarball: join(folder, packed.filename) };
}

function checkTarball(packed, tarball, folder) {
  weigh(root, packed);
  const bin = (name, args) => execFileSync('npx', [name, ...args], { cwd: root, stdio: 'inherit' });
  bin('publint', ['run', tarball, '--strict']);
  // The matchers for vitest are a module, as vitest is, and so are the build step and the server; the declarations of handlers are no module at all.
  bin('attw', [
    tarball,
    '--profile',
    'node16',
    '--exclude-entrypoints',
    'testing/vitest',
    'testing/vitest-plugin',
    'build',
    'server',
    'handler',
    '--format',
    'table-flipped',
  ]);

  const programs = followReadme(readFileSync(join(root, 'README.md'), 'utf8'), folder, tarball);
  console.log(`the README, followed in an empty folder: ${programs} programs print what it says`);
  const tree = requireNoInstallScripts(folder);
  console.log(`nothing runs at installation, in ${tree.length} packages: ${tree.join(', ')}`);
}
