import { setTimeout as pause } from 'node:timers/promises';

import { LEASE_MS, runDurable } from '../lib/durable-runs.mjs';

export const title = 'SIGSTOP of processes that work, beyond the lease';

const QUICK = { runs: 12, kills: 1 };
const LONG = { runs: 600, kills: 100 };

export function run(options) {
  const defaults = options.quick ? QUICK : LONG;
  let left = Number(options.kills ?? defaults.kills);
  return runDurable(options, {
    count: Number(options.runs ?? defaults.runs),
    async disturb({ workers }) {
      const [worker] = workers.sort(() => Math.random() - 0.5);
      await worker.ready;
      await pause(Math.random() * 300);
      if (left === 0) return 0;
      left--;
      worker.child.kill('SIGSTOP');
      await pause(2 * LEASE_MS);
      worker.child.kill('SIGCONT');
      return 1;
    },
  });
}
