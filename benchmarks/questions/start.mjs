// How long until a fresh process has its first result, counted from the start of the process, beside what a process takes
// that does nothing.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { printMachine, printTable } from './harness.mjs';

const RUNS = 21;
const PROGRAM = fileURLToPath(new URL('start-program.mjs', import.meta.url));
const cacheDir = mkdtempSync(join(tmpdir(), 'nexus-start-'));

/** Median over processes of what each prints: milliseconds since its own start. */
function median(args, before = () => {}) {
  const times = [];
  for (let run = 0; run < RUNS; run++) {
    before();
    times.push(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })));
  }
  const at = (key) => times.map((time) => time[key]).sort((a, b) => a - b)[RUNS >> 1];
  return Object.fromEntries(Object.keys(times[0]).map((key) => [key, at(key)]));
}

try {
  const bare = median(['-e', 'console.log(JSON.stringify({ result: performance.now() }))']);
  const cold = median([PROGRAM, cacheDir], () => rmSync(cacheDir, { recursive: true, force: true }));
  const warm = median([PROGRAM, cacheDir]);
  printMachine();
  const ms = (value) => (value === undefined ? '' : `${value.toFixed(0)} ms`);
  printTable(
    [`first result of a process, median of ${RUNS}`, 'imported', 'runtime ready', 'first result'],
    [
      ['node that does nothing', '', '', ms(bare.result)],
      ['cold cache', ms(cold.imported), ms(cold.ready), ms(cold.result)],
      ['warm disk cache', ms(warm.imported), ms(warm.ready), ms(warm.result)],
    ],
  );
} finally {
  rmSync(cacheDir, { recursive: true, force: true });
}
