// The time until a fresh process has its first result, counted from its start, compared with a process that
// does nothing. The code cache of the package is warm, unless the row says otherwise.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { percentile } from '../harness/statistics.mjs';
import { printData } from '../harness/table.mjs';
import { PEER_NAMES, PEER_PACKAGES } from '../peers/index.mjs';

const RUNS = isShort ? 2 : 21;
const program = (name) => fileURLToPath(new URL(`../programs/${name}.mjs`, import.meta.url));
const cacheDir = mkdtempSync(join(tmpdir(), 'nexus-start-'));
const clear = () => rmSync(cacheDir, { recursive: true, force: true });

const subjects = [
  { subject: 'node that does nothing', args: ['-e', 'console.log(JSON.stringify({ result: performance.now() }))'] },
  { subject: 'nexus-runtime: cold cache', args: [program('first-result'), cacheDir], before: clear },
  { subject: 'nexus-runtime: warm disk cache', args: [program('first-result'), cacheDir] },
  {
    subject: 'nexus-runtime: warm disk cache, no code cache',
    args: [program('first-result'), cacheDir],
    env: { NEXUS_CODE_CACHE: 'off' },
  },
  { subject: 'nexus-runtime/testing: warm disk cache', args: [program('first-result-of-kit'), cacheDir] },
  ...PEER_NAMES.filter((name) => name !== 'nexus-runtime').map((name) => ({
    subject: name,
    args: [program('first-result-of-peer'), name],
  })),
];

/** Runs them alternately. Each prints the milliseconds since its own start. */
function measure() {
  const times = subjects.map(() => []);
  const reasons = [];
  for (let round = 0; round < RUNS; round++) {
    for (const [i, { subject, args, env, before = () => {} }] of subjects.entries()) {
      if (reasons[i] !== undefined) continue;
      before();
      try {
        const options = { encoding: 'utf8', stdio: 'pipe', env: { ...process.env, ...env } };
        times[i].push(JSON.parse(execFileSync(process.execPath, args, options)));
      } catch (error) {
        if (subject.startsWith('nexus-runtime')) throw error;
        reasons[i] = /\n(?<message>\w*Error.*)/.exec(error.stderr)?.groups.message ?? error.message;
      }
    }
  }
  // Round by round: the speed of the machine drifts.
  const beyond = (i) =>
    percentile(
      times[i].map(({ result }, round) => result - times[0][round].result),
      0.5,
    );
  return subjects.map(({ subject }, i) => {
    if (reasons[i] !== undefined) return { subject, unavailable: reasons[i] };
    const at = (key, part) => {
      const values = times[i].map((time) => time[key]);
      return values[0] === undefined ? undefined : percentile(values, part);
    };
    const [importedMs, readyMs, resultMs] = ['imported', 'ready', 'result'].map((key) => at(key, 0.5));
    return { subject, importedMs, readyMs, resultMs, p99Ms: at('result', 0.99), ...(i > 0 && { beyondMs: beyond(i) }) };
  });
}

printMachine(PEER_PACKAGES);
// Writes the code cache, if it is not there yet.
for (const { subject, args } of subjects) {
  if (subject.startsWith('nexus-runtime')) execFileSync(process.execPath, args, { stdio: 'pipe' });
}
try {
  printData({
    id: 'start',
    columns: [
      ['subject', `first result of a process, median of ${RUNS}`, 'text'],
      ['importedMs', 'imported', 'ms'],
      ['readyMs', 'runtime ready', 'ms'],
      ['resultMs', 'first result', 'ms'],
      ['p99Ms', 'p99', 'ms'],
      ['beyondMs', 'beyond a process that does nothing', 'ms'],
    ],
    rows: measure(),
    note: 'nexus-runtime starts a pool of threads, and a cache on disk; `run` a thread; the others execute in the main thread.',
  });
} finally {
  clear();
}
