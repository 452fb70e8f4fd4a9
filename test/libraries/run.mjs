// Installs the packages of the table in docs/libraries.md, runs a program of each in Node and in a handler, and compares. Without a
// change, every row is as in results.json.
//
//   npm run test:libraries                       all of them, in a new directory
//   npm run test:libraries -- --only zod,lodash  rows whose title begins with one of these
//   npm run test:libraries -- --record           writes results.json; then `npm run docs -- libraries`
//   … --directory DIR                            installs into a directory that is kept; --installed takes what is installed there
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

import { needsBundling } from '../../build/runtime/needs-bundling.js';
import { createTestRuntime } from '../../build/testing/index.js';
import { compare } from './compare.mjs';
import { GROUPS, titleOf } from './programs/index.mjs';

const RESULTS = new URL('./results.json', import.meta.url);
const ROOT = resolve(import.meta.dirname, '../..');

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    record: { type: 'boolean' },
    directory: { type: 'string' },
    installed: { type: 'boolean' },
  },
});
process.env.TZ = 'UTC';
const only = values.only?.split(',');
const isWanted = (row) => only === undefined || only.some((start) => titleOf(row).startsWith(start));
const directory = resolve(
  values.directory ?? (values.installed ? ROOT : mkdtempSync(join(tmpdir(), 'nexus-libraries-'))),
);
const rows = Object.entries(GROUPS).flatMap(([group, members]) => members.filter(isWanted).map((row) => [group, row]));
const before = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : [];

const importer = await prepare();
const results = [];
let failed = 0;
for (const [group, row] of rows) {
  const title = titleOf(row);
  const outcome = await compare(row, { createTestRuntime, needsBundling, directory, importer });
  const result = resultOf(group, row, outcome);
  const recorded = before.find((one) => one.title === title);
  const isExpected = outcome.status !== 'differs' && (outcome.status === 'cannot') === (row.instead !== undefined);
  const isSame = values.record === true || recorded?.status === outcome.status;
  if (!isExpected || !isSame) failed++;
  const verdict = isExpected && isSame ? 'ok  ' : 'FAIL';
  console.log(
    `${verdict} ${outcome.status.padEnd(9)} ${title} ${result.version}${outcome.reason === undefined ? '' : `: ${outcome.reason}`}`,
  );
  results.push(result);
}
if (values.record) {
  const kept = before.filter((one) => !results.some(({ title }) => title === one.title));
  const order = Object.values(GROUPS).flat().map(titleOf);
  const all = [...kept, ...results].sort((a, b) => order.indexOf(a.title) - order.indexOf(b.title));
  writeFileSync(
    RESULTS,
    `${JSON.stringify(
      all.filter(({ title }) => order.includes(title)),
      null,
      2,
    )}\n`,
  );
}
if (values.directory === undefined && !values.installed) rmSync(directory, { recursive: true });
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Installs the packages, without their install scripts. */
async function prepare() {
  if (values.installed) return import('./import-from.mjs');
  mkdirSync(directory, { recursive: true });
  if (!existsSync(join(directory, 'package.json')))
    writeFileSync(join(directory, 'package.json'), '{ "private": true }\n');
  const packages = rows.flatMap(([, row]) => [row.package, ...(row.install ?? [])]);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...flags, ...new Set(packages)], { cwd: directory, stdio: 'inherit' });
  copyFileSync(join(import.meta.dirname, 'import-from.mjs'), join(directory, 'import-from.mjs'));
  return import(pathToFileURL(join(directory, 'import-from.mjs')).href);
}

function resultOf(group, row, { status, reason }) {
  const { version } = JSON.parse(readFileSync(join(directory, 'node_modules', row.package, 'package.json'), 'utf8'));
  return {
    group,
    title: titleOf(row),
    version,
    status,
    ...(status === 'cannot' ? { reason: row.reason ?? shortReason(reason), instead: row.instead } : { note: row.note }),
  };
}

function shortReason(message) {
  const builtin = /imports (?:node:)?(\S+), a builtin of Node/.exec(message)?.[1];
  if (builtin !== undefined) return `imports \`${builtin}\` of Node`;
  if (message.includes('eval is not supported')) return 'generates code when it runs';
  const missing = /'(\w+)' is not defined/.exec(message)?.[1];
  return missing === undefined ? message.split('\n')[0] : `needs \`${missing}\``;
}
