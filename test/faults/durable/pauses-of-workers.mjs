import { setTimeout as pause } from 'node:timers/promises';

import { runDisturbed } from '../lib/durable-runs.mjs';

export const title = 'SIGSTOP of processes that work, beyond the lease';

const RUNS = { quick: { runs: 6, kills: 1 }, long: { runs: 300, kills: 100 } };
const LEASE_MS = 1_000;

export function run(options) {
  const stop = async ({ child }) => {
    child.kill('SIGSTOP');
    await pause(2 * LEASE_MS);
    child.kill('SIGCONT');
  };
  return runDisturbed(options, RUNS, stop, { leaseMs: LEASE_MS });
}
