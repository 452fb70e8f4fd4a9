// Generates the pages that are derived from the code; with --check, only reports which are out of date.
//
//   npm run docs [-- <page>…] [--check]
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** The program that generates each page. */
const PAGES = {
  api: 'scripts/pages/api.mjs',
  language: 'scripts/pages/language.mjs',
  errors: 'scripts/pages/errors.mjs',
  configuration: 'scripts/pages/configuration.mjs',
  libraries: 'scripts/pages/libraries.mjs',
  metrics: 'scripts/pages/metrics.mjs',
  advisories: 'scripts/pages/advisories.mjs',
  benchmarks: 'benchmarks/write-documents.mjs',
};

const { values, positionals } = parseArgs({ options: { check: { type: 'boolean' } }, allowPositionals: true });
const unknown = positionals.filter((name) => PAGES[name] === undefined);
if (unknown.length > 0) {
  throw new Error(`There is no page ${unknown.join(', ')}; the pages are ${Object.keys(PAGES).join(', ')}.`);
}
const root = fileURLToPath(new URL('..', import.meta.url));
for (const name of positionals.length > 0 ? positionals : Object.keys(PAGES)) {
  try {
    execFileSync(process.execPath, [PAGES[name], ...(values.check ? ['--check'] : [])], {
      cwd: root,
      stdio: 'inherit',
    });
  } catch {
    process.exitCode = 1;
  }
}
