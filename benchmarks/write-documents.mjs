// Inserts the figures of the last full run into the documents, between their marks; with --check, only checks
// whether they equal those of `results/latest.json`.
//
//   <!-- results: pristine/quick-start --> … <!-- /results -->     a table by its question, and by its id or number
//   <!-- results: targets --> … <!-- /results -->
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { targetsTable } from './harness/results.mjs';
import { asMarkdown } from './harness/table.mjs';

const DOCUMENTS = ['README.md', 'docs/performance.md', 'docs/pool.md', 'docs/suspension.md'];
const MARKED = /(?<begin><!-- results: (?<what>\S+) -->\n)[\s\S]*?(?<end><!-- \/results -->)/g;

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const results = JSON.parse(readFileSync(path('benchmarks/results/latest.json'), 'utf8'));

function tableOf(what) {
  if (what === 'targets') return asMarkdown(targetsTable(results.targets));
  const [question, which] = what.split('/');
  const { tables = [] } = results.questions.find(({ id }) => id === question) ?? {};
  const table = tables.find(({ id }) => id === which) ?? tables[Number(which)];
  if (table === undefined) throw new Error(`there is no ${what} among the results`);
  return asMarkdown(table);
}

let stale = 0;
for (const document of DOCUMENTS) {
  const before = readFileSync(path(document), 'utf8');
  const after = before.replaceAll(MARKED, (...match) => {
    const { begin, what, end } = match.at(-1);
    return `${begin}\n${tableOf(what)}\n\n${end}`;
  });
  if (before === after) continue;
  stale++;
  if (process.argv.includes('--check'))
    console.error(`${document} has other figures; write them: npm run docs -- benchmarks`);
  else writeFileSync(path(document), after);
}
if (process.argv.includes('--check')) process.exitCode = stale > 0 ? 1 : 0;
