import { join } from 'node:path';

import { Findings, mebibytes, thousands } from '../lib/findings.mjs';
import { decreases, soak } from '../lib/soak.mjs';

export const title = 'mixed load';

/** A short soak; `npm run soak` is the long one. */
export async function run({ quick, scratch }) {
  const findings = new Findings();
  const durationMs = quick ? 3_000 : 60_000;
  const reports = await soak({ durationMs, intervalMs: durationMs / 6, cacheDir: join(scratch, 'cache') });
  checkSoak(reports, findings);
  const last = reports.at(-1);
  const { totalExecutions, kills, retirements } = last.stats;
  return findings.end(
    `${durationMs / 1_000} s: ${thousands(totalExecutions)} executions, kills ${Object.values(kills).join('/')}, ` +
      `${retirements.crashed ?? 0} crashes, RSS ${reports.map(({ rssBytes }) => mebibytes(rssBytes).split('.')[0]).join(' ')} MiB`,
  );
}

export function checkSoak(reports, findings) {
  const { wrong, rejections, warnings } = reports.at(-1);
  for (const [client, times] of Object.entries(wrong)) findings.check(false, `${client}: ${times} wrong outcomes`);
  for (const [code, times] of Object.entries(rejections)) {
    // The killer's victims are told, and a surge fills the queue for others, too.
    const isExpected = code === 'INTERNAL_ERROR' || code === 'POOL_SATURATED';
    findings.check(isExpected, `${times} calls rejected with ${code}`);
  }
  for (const warning of warnings) findings.check(false, `a warning: ${warning}`);
  for (const decrease of decreases(reports)) findings.check(false, decrease);
}
