import { setTimeout as pause } from 'node:timers/promises';

import { LEASE_MS } from '../lib/durable-runs.mjs';
import { anyOf, PAIRS, runPairs } from '../lib/fleet-faults.mjs';

export const title = 'SIGSTOP of executors and callers, longer than the lease';
export const isLong = true;

export function run(options) {
  return runPairs(options, PAIRS, {
    ...{ times: 34, runs: 200, everyMs: 500 },
    async fault({ workers }) {
      const { child } = anyOf(workers);
      child.kill('SIGSTOP');
      await pause(2 * LEASE_MS);
      child.kill('SIGCONT');
    },
  });
}
