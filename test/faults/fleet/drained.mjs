import { setTimeout as pause } from 'node:timers/promises';

import { runFleet } from '../lib/fleet-runs.mjs';

export const title = 'SIGTERM of executors and callers under load';

const MAX_PAUSE_MS = 900;

export function run(options) {
  let left = options.quick ? 3 : 50;
  return runFleet(options, {
    kind: 'redis',
    count: Number(options.runs ?? (options.quick ? 10 : 300)),
    async disturb({ workers, isOver }) {
      const [worker] = workers.sort(() => Math.random() - 0.5);
      await worker.ready;
      await pause(Math.random() * MAX_PAUSE_MS);
      if (left === 0 || isOver()) return 0;
      left--;
      worker.child.kill('SIGTERM');
      await worker.ended;
      return 1;
    },
  });
}
