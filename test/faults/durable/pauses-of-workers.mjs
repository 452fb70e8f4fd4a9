import { setTimeout as pause } from 'node:timers/promises';

import { LEASE_MS, runDisturbed } from '../lib/durable-runs.mjs';

export const title = 'SIGSTOP of processes that work, beyond the lease';

const RUNS = { quick: { runs: 6, kills: 1 }, long: { runs: 600, kills: 100 } };
const MAX_PAUSE_MS = 300;

export function run(options) {
  return runDisturbed(options, RUNS, MAX_PAUSE_MS, async ({ child }) => {
    child.kill('SIGSTOP');
    await pause(2 * LEASE_MS);
    child.kill('SIGCONT');
  });
}
