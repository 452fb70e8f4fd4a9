// Generates docs/security/engine-advisories.md from the lists in src/engine/build/advisories/. A test
// compares the two.
//
//   npm run docs -- advisories
//   node scripts/pages/advisories.mjs --check
import { mkdir, readFile, writeFile } from 'node:fs/promises';

import { KNOWN_ADVISORIES } from '../../build/engine/build/advisories/known-advisories.js';
import { KNOWN_ENGINES } from '../../build/engine/known-engines.js';

const REACHES = { guest: 'a handler', compiler: 'its source', none: 'no' };
const BY = {
  fix: ({ how }) => `fixed in the engine: ${how}`,
  mend: ({ mends }) => `mend of the binary: ${mends.join('; ')}`,
  prelude: ({ how }) => `prelude: ${how}`,
  host: ({ how }) => `host: ${how}`,
  absence: ({ how }) => how,
};

function linked(id) {
  const issue = /^([\w-]+\/[\w-]+)#(\d+)$/.exec(id);
  if (issue !== null) return `[${id}](https://github.com/${issue[1]}/issues/${issue[2]})`;
  const commit = /^([\w-]+\/[\w-]+)@([0-9a-f]+)$/.exec(id);
  if (commit !== null) return `[${id}](https://github.com/${commit[1]}/commit/${commit[2]})`;
  if (id.startsWith('CVE-')) return `[${id}](https://www.cve.org/CVERecord?id=${id})`;
  if (id.startsWith('GHSA-')) return `[${id}](https://github.com/advisories/${id})`;
  return `[${id}](https://osv.dev/vulnerability/${id})`;
}

function row({ ids, unverified = [], what, reaches, stoppedBy }) {
  const cells = [
    ids.map((id) => (unverified.includes(id) ? `${linked(id)} (unverified)` : linked(id))).join(', '),
    what,
    REACHES[reaches],
    BY[stoppedBy.by](stoppedBy),
    `${ids[0]} is stopped`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function page() {
  const lines = [
    '# Advisories of the engine',
    '',
    'This page lists the memory-safety faults of QuickJS that were reported or fixed since 2024, in bellard/quickjs, on which the engine',
    'is based, and in quickjs-ng, which may have the same fault. The third column says what can trigger the fault in the unchanged binary:',
    'code of a handler, only its source in the compiler, or nothing ("no"). The last column names the test in `test/engine/advisories/`,',
    'which runs a program for the fault. For an id marked "unverified" we found no record; the row describes its other ids.',
    '',
    '`npm run docs -- advisories` generates this page from `src/engine/build/advisories/`. A build fails if the engine has an open advisory',
    'there, or has no list of advisories.',
    '',
  ];
  for (const { name, upstreamSha256 } of KNOWN_ENGINES) {
    lines.push(`## ${name}`, '');
    lines.push('| advisory | fault | triggered by | countermeasure | test |', '| --- | --- | --- | --- | --- |');
    lines.push(...KNOWN_ADVISORIES[upstreamSha256].map(row), '');
  }
  return lines.join('\n');
}

const file = new URL('../../docs/security/engine-advisories.md', import.meta.url);
if (process.argv.includes('--check')) {
  if ((await readFile(file, 'utf8')) !== page())
    throw new Error(`${file.pathname} is out of date: npm run docs -- advisories`);
} else {
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, page());
}
