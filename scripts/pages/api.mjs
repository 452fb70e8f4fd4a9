// Generates docs/api from the docstrings; with --check, only checks whether it is up to date. A docstring
// that refers to a name that is not exported is an error.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const written = join(root, 'docs', 'api');

const generate = (folder) =>
  execFileSync(join(root, 'node_modules', '.bin', 'typedoc'), ['--out', folder, '--logLevel', 'Warn'], {
    cwd: root,
    stdio: 'inherit',
  });

const read = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [file.slice(folder.length + 1), readFileSync(file, 'utf8')])
    .sort();

if (process.argv.includes('--check')) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-api-'));
  try {
    generate(folder);
    if (JSON.stringify(read(folder)) !== JSON.stringify(read(written))) {
      console.error('docs/api differs from the docstrings; generate it again: npm run docs -- api');
      process.exitCode = 1;
    } else console.log('docs/api is up to date');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else generate(written);
