// Writes the tables of docs/libraries.md from test/libraries/results.json, which `npm run test:libraries -- --record` writes. With --check
// it writes nothing, and fails if the page is out of date.
import { readFile, writeFile } from 'node:fs/promises';

import { aligned } from './lib/table.mjs';

const PAGE = new URL('../../docs/libraries.md', import.meta.url);
const RESULTS = new URL('../../test/libraries/results.json', import.meta.url);
const TABLES = /(<!-- tables: [^>]*-->\n)[\s\S]*?(<!-- end of the tables -->)/;

const results = JSON.parse(await readFile(RESULTS, 'utf8'));
const page = await readFile(PAGE, 'utf8');
if (!TABLES.test(page)) throw new Error('docs/libraries.md has no place for its tables');
const written = page.replace(TABLES, (_, head, end) => `${head}\n${tables()}\n\n${end}`);
if (!process.argv.includes('--check')) await writeFile(PAGE, written);
else if (written !== page) {
  console.error('docs/libraries.md is not what test/libraries/results.json says. Run: npm run docs -- libraries');
  process.exitCode = 1;
}

function tables() {
  const packages = new Set(results.map(({ title }) => title.replace(/[ ,(].*/, '')));
  const works = new Set(
    results.filter(({ status }) => status !== 'cannot').map(({ title }) => title.replace(/[ ,(].*/, '')),
  );
  const summary = `${packages.size} packages, of which ${works.size} work, as they are or with what the host prepares.`;
  const groups = [...new Set(results.map(({ group }) => group))];
  const sections = groups.map((group) => {
    const rows = results.filter((result) => result.group === group).map(row);
    return `### ${group}\n\n${aligned([['package', 'tested', 'works', 'without esbuild', 'notes'], ...rows])}`;
  });
  return [summary, ...sections].join('\n\n');
}

function row({ title, version, status, note = '', reason, instead }) {
  if (status === 'cannot') return [title, version, '**no**', '', `${reason}; instead: ${instead}`];
  return [title, version, 'yes', status === 'published' ? 'yes' : '', note];
}
