// The effect of the cache on a test suite. Every test runs a handler that uses a 250 KB bundle: each in a
// separate process that compiles it, each in one that finds it compiled, and all in one process on one test
// runtime.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { percentile } from '../harness/statistics.mjs';
import { printData } from '../harness/table.mjs';
import { bundle } from '../work/bundled-handler.mjs';

const TESTS = isShort ? 6 : 94;
/** Runs of the whole suite in one process: each is short. */
const SHARED_RUNS = isShort ? 2 : 7;
const program = fileURLToPath(new URL('../programs/suite-test.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nexus-suite-'));
const cacheDir = join(folder, 'cache');
const handler = join(folder, 'handler.js');
const clear = () => rmSync(cacheDir, { recursive: true, force: true });

/** Milliseconds from before the process is started until it has ended. */
function run(...args) {
  const startedAt = performance.now();
  const output = execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return { ms: performance.now() - startedAt, output };
}

const test = (number) => run(program, handler, cacheDir, `${number}`, `${number + 1}`);
const median = (values) => percentile(values, 0.5);
const sum = (values) => values.reduce((total, value) => total + value, 0);

/**
 * All tests, one process after the other. The three variants alternate, so that other load affects all of
 * them.
 */
function measure() {
  const bare = [];
  const cold = [];
  const warm = [];
  for (let number = 0; number < TESTS; number++) {
    bare.push(run('-e', '0').ms);
    clear();
    cold.push(test(number).ms);
    warm.push(test(number).ms);
  }
  const shared = Array.from({ length: SHARED_RUNS }, () => run(program, handler, cacheDir, '0', `${TESTS}`).ms);
  return { bare, cold, warm, shared: median(shared) };
}

/** The time from the end of an idle process to the first result, from outside, including printing it. */
function firstResult() {
  const over = [];
  for (let round = 0; round < (isShort ? 3 : 21); round++) {
    const bare = run('-e', '0').ms;
    const { ms, output } = run(program, handler, cacheDir, '0', '1', 'print');
    over.push({ wholeMs: ms - bare, firstMs: JSON.parse(output).firstMs, bareMs: bare });
  }
  return Object.fromEntries(['wholeMs', 'firstMs', 'bareMs'].map((key) => [key, median(over.map((one) => one[key]))]));
}

printMachine(['yaml']);
try {
  const source = await bundle();
  writeFileSync(handler, source);
  const { bare, cold, warm, shared } = measure();
  const added = (times) => sum(times) - sum(bare);
  const row = (subject, totalMs, addedMs) => ({
    subject,
    totalMs,
    perTestMs: totalMs / TESTS,
    ratio: sum(cold) / totalMs,
    addedMs,
    addedRatio: addedMs === undefined || addedMs <= 0 ? undefined : added(cold) / addedMs,
  });
  printData({
    id: 'suite',
    columns: [
      ['subject', `${TESTS} tests, a handler on ${Math.round(source.length / 1000)} KB`, 'text'],
      ['totalMs', 'all', 'ms'],
      ['perTestMs', 'per test', 'ms'],
      ['ratio', 'faster', 'ratio'],
      ['addedMs', 'beyond bare processes', 'ms'],
      ['addedRatio', 'faster', 'ratio'],
    ],
    rows: [
      row('a process each, cold cache', sum(cold), added(cold)),
      row('a process each, warm cache', sum(warm), added(warm)),
      row('one process, shared test runtime', shared, shared - median(bare)),
      row('as many processes that do nothing', sum(bare)),
    ],
    note: `One process each with a warm cache takes ${(sum(warm) / shared).toFixed(1)} times as long as the shared test runtime.`,
  });
  const { wholeMs, firstMs, bareMs } = firstResult();
  printData({
    id: 'first-result',
    columns: [
      ['subject', 'a fresh process with a warm cache', 'text'],
      ['ms', 'median', 'ms'],
    ],
    rows: [
      { subject: 'node that does nothing, from outside', ms: bareMs },
      { subject: 'its first result, since its own start', ms: firstMs },
      { subject: 'all of it, from outside, beyond node that does nothing', ms: wholeMs },
    ],
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
