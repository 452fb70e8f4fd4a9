// Packs the library as npm would publish it, checks it with publint and attw, installs it into an empty folder and runs
// the README's first example there.
import { execFileSync, execSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nexus-package-'));
try {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
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

  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1];
  if (example === undefined) throw new Error('the README has no first example');
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  execSync(`npm install --silent --no-audit --no-fund ${tarball}`, { cwd: folder, stdio: 'inherit' });
  writeFileSync(join(folder, 'example.js'), example);
  const output = execFileSync('node', ['example.js'], { cwd: folder, encoding: 'utf8' });
  console.log(`the README's first example in an empty folder:\n${output.trimEnd()}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
