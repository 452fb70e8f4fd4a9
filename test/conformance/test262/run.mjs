// test262 through the product, the unmodified engine and the newest Node of this machine:
// `npm run test:262 -- --suite FOLDER [--roots language,built-ins] [--filter TEXT] [--every N] [--columns product,node] [--out FILE]`.
//
// The suite is a checkout of tc39/test262; `TEST262` names it, too. A run counts when Node passes it: what does not fit the body of a
// function fails there as well. The exit code is 1 when the product fails what Node or the unmodified engine passes, unless
// `expected-failures.txt` says why.
import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { COLUMNS, openColumn } from '../columns/built-columns.mjs';
import { Bodies, whyWrong } from './body.mjs';
import { ExpectedFailures } from './expected.mjs';
import { Rates } from './rates.mjs';
import { runsOf } from './suite.mjs';

/** Enough to keep every engine busy. */
const AT_ONCE = 12;
const PROGRESS_MS = 30_000;
const SHOWN_FAILURES = 50;

const { values } = parseArgs({
  options: {
    suite: { type: 'string', default: process.env.TEST262 ?? '' },
    roots: { type: 'string', default: 'language,built-ins' },
    filter: { type: 'string' },
    every: { type: 'string', default: '1' },
    columns: { type: 'string', default: COLUMNS.join(',') },
    expected: { type: 'string', default: new URL('expected-failures.txt', import.meta.url).pathname },
    out: { type: 'string' },
  },
});

// Until the last line says otherwise: whatever ends it early is a failure.
process.exitCode = 1;
if (!existsSync(join(values.suite, 'harness', 'assert.js'))) {
  throw new Error(
    `"${values.suite}" is no checkout of test262: give one with --suite FOLDER, or in the environment as TEST262.`,
  );
}
const names = values.columns.split(',');
const columns = await Promise.all(names.map((name) => openColumn(name, { maxInstances: 1 })));
const expected = ExpectedFailures.read(values.expected);
const bodies = new Bodies(values.suite);
const rates = new Rates(columns.map(({ title }) => title));
const out = values.out === undefined ? undefined : createWriteStream(values.out);
const failures = [];
let skipped = 0;
let number = 0;
const startedAt = performance.now();
let toldAt = startedAt;

const runs = runsOf(values.suite, {
  roots: values.roots.split(','),
  filter: values.filter && new RegExp(values.filter),
});
await Promise.all(Array.from({ length: AT_ONCE }, work));

async function work() {
  for (const run of runs) {
    if (run.skip !== undefined) skipped++;
    else if (number++ % Number(values.every) === 0) await judge(run);
  }
}

async function judge(run) {
  const body = bodies.of(run);
  const isCompiled = run.test.negative?.phase === 'parse';
  const outcomes = await Promise.all(columns.map((column) => column.run(body, { isCompiled })));
  const wrongs = outcomes.map((outcome) => whyWrong(run.test, outcome));
  const passes = Object.fromEntries(names.map((name, i) => [name, wrongs[i] === undefined]));
  rates.add(
    run,
    wrongs.map((wrong) => wrong === undefined),
    passes.node ?? true,
    expected.isByDesign(run),
  );
  out?.write(`${JSON.stringify({ path: run.test.path, mode: run.mode, wrongs })}\n`);
  const counts = names.length === 1 || passes.node || passes.unmodified;
  if (passes.product === false && counts) {
    const reason = expected.reasonOf(run);
    if (reason === undefined)
      failures.push({ name: `${run.test.path} ${run.mode}`, why: wrongs[names.indexOf('product')] });
    rates.expect(reason ?? 'NOT EXPECTED');
  }
  if (performance.now() - toldAt < PROGRESS_MS) return;
  toldAt = performance.now();
  console.log(`${rates.count} runs, ${failures.length} failures that are not expected, at ${run.test.path}`);
}

const minutes = (performance.now() - startedAt) / 60_000;
await Promise.all(columns.map((column) => column.close()));
out?.end();
for (const line of rates.lines()) console.log(line);
const perMinute = Math.round(rates.count / minutes).toLocaleString('en-US');
console.log(`${rates.count} runs, ${skipped} tests skipped, ${minutes.toFixed(1)} minutes, ${perMinute} a minute`);
for (const { name, why } of failures.slice(0, SHOWN_FAILURES)) console.log(`NOT EXPECTED ${name}: ${why}`);
if (values.every === '1' && values.filter === undefined)
  for (const entry of expected.unused) console.log(`no longer fails: ${entry}`);
console.log(
  failures.length === 0 ? 'nothing fails that is not expected' : `${failures.length} failures that are not expected`,
);
process.exitCode = failures.length === 0 && rates.count > 0 ? 0 : 1;
