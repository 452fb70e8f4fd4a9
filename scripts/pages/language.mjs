// Generates the table of differences from V8 in docs/handlers.md, between its marks; with --check, only
// checks whether it is up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { DIFFERENCES } from '../../test/conformance/differences.mjs';

const PAGE = fileURLToPath(new URL('../../docs/handlers.md', import.meta.url));
const MARKED = /(<!-- differences -->\n)[\s\S]*?(<!-- \/differences -->)/;

/** A bar would end the cell. */
const cell = (text) => text.replaceAll('|', '\\|');

const rows = DIFFERENCES.map(({ what, here, there, reason }) => [what, here, there, reason].map(cell));
const lines = [['what', 'in a handler', 'in Node', 'why'], ['---', '---', '---', '---'], ...rows];
const table = lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const before = readFileSync(PAGE, 'utf8');
if (!MARKED.test(before)) throw new Error(`${PAGE} has no marks for the table of differences.`);
const after = before.replace(MARKED, (_all, begin, end) => `${begin}\n${table}\n\n${end}`);
if (!process.argv.includes('--check')) writeFileSync(PAGE, after);
else if (before !== after) {
  console.error('docs/handlers.md has a different table of differences; generate it again: npm run docs -- language');
  process.exitCode = 1;
} else console.log('docs/handlers.md is up to date');
