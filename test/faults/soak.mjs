// Mixed load for a long time: `npm run soak -- --minutes 10`. Prints a line a minute; memory must not grow after the first.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { Findings, mebibytes, thousands } from './lib/findings.mjs';
import { soak } from './lib/soak.mjs';
import { checkSoak } from './pool/mixed-load.mjs';

const MINUTE_MS = 60_000;
/**
 * Growth of the mean of the last third over that of the first. Single minutes differ by more, because workers
 * start and end.
 */
const MAX_GROWTH_BYTES = 48 * 2 ** 20;

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes is ${values.minutes}; it must be a number above 0`);

function growthOf(sizes) {
  const third = Math.ceil(sizes.length / 3);
  const mean = (some) => some.reduce((sum, size) => sum + size, 0) / some.length;
  return mean(sizes.slice(-third)) - mean(sizes.slice(0, third));
}

// Until the last line says otherwise: whatever ends it early is a failure.
process.exitCode = 1;
const scratch = mkdtempSync(join(tmpdir(), 'nexus-soak-'));
const findings = new Findings();
const list = (counts) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${thousands(count)}`)
    .join(', ');
try {
  const reports = await soak({
    durationMs: minutes * MINUTE_MS,
    intervalMs: Math.min(MINUTE_MS, (minutes * MINUTE_MS) / 5),
    cacheDir: join(scratch, 'cache'),
    isFilled: true,
    onReport: ({ minutes: at, rssBytes, heapBytes, stats, rejections }) => {
      const { totalExecutions, errors, kills, retirements } = stats;
      console.log(
        `${at.toFixed(1).padStart(5)} min  ${thousands(totalExecutions).padStart(11)} executions  RSS ${mebibytes(rssBytes)}, heap of the main thread ${mebibytes(heapBytes)}\n` +
          `       errors: ${list(errors)}\n       kills: ${list(kills)}; retired: ${list(retirements)}\n` +
          `       rejections: ${list(rejections)}`,
      );
    },
  });
  checkSoak(reports, findings);
  const growth = growthOf(reports.map(({ rssBytes }) => rssBytes));
  findings.check(growth <= MAX_GROWTH_BYTES, `RSS of the last third is ${mebibytes(growth)} above that of the first`);
  const { figure } = findings.end(
    `RSS of the last third is ${mebibytes(Math.abs(growth))} ${growth > 0 ? 'above' : 'below'} that of the first`,
  );
  console.log(`${figure}\n1 passed, 0 failed`);
  process.exitCode = 0;
} catch (error) {
  console.log(`${error.isFinding ? error.message : error.stack}\n0 passed, 1 failed`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
