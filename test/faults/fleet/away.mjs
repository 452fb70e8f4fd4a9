import { setTimeout as pause } from 'node:timers/promises';

import { runWithFaults } from '../lib/fleet-faults.mjs';

export const title = 'store or queue away for some seconds';
export const isLong = true;

const AWAY_MS = 12_000;

export async function run(options) {
  const figures = [];
  for (const which of ['store', 'queue']) {
    const { figure } = await runWithFaults(options, {
      ...{ store: 'postgres', queue: 'redis', times: 10, runs: 150, everyMs: 2_000 },
      async fault(state) {
        await state[which].terminate();
        await pause(AWAY_MS);
        await state[which].restart();
      },
    });
    figures.push(`${which} away ${AWAY_MS / 1_000} s: ${figure}`);
  }
  return { figure: figures.join('; ') };
}
