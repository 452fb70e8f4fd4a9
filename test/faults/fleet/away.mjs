import { setTimeout as pause } from 'node:timers/promises';

import { Findings } from '../lib/findings.mjs';
import { runWithFaults } from '../lib/fleet-faults.mjs';

export const title = 'store or queue away';
export const isLong = true;

const AWAY_SECONDS = 60;
/** What is promised is 10 s; the processes of a campaign share few cores. */
const MAX_MOVING_MS = 15_000;

export async function run(options) {
  const awayMs = 1_000 * Number(options.seconds ?? AWAY_SECONDS);
  const findings = new Findings();
  const figures = [];
  for (const which of ['store', 'queue']) {
    let longest = 0;
    const { figure } = await runWithFaults(options, {
      ...{ store: 'postgres', queue: 'redis', times: 10, runs: 150, everyMs: 2_000 },
      async fault(state) {
        await state[which].terminate();
        await pause(awayMs);
        const before = state.steps();
        await state[which].restart();
        const sinceMs = Date.now();
        while (state.steps() === before && !state.isOver()) await pause(20);
        longest = Math.max(longest, Date.now() - sinceMs);
      },
    });
    findings.check(longest <= MAX_MOVING_MS, `${which}: nothing moved for ${longest} ms after it was there again`);
    figures.push(`${which} away ${awayMs / 1_000} s: ${figure}, moving ${(longest / 1_000).toFixed(1)} s after`);
  }
  return findings.end(figures.join('; '));
}
