import { setTimeout as pause } from 'node:timers/promises';

import { runFleet } from '../lib/fleet-runs.mjs';

export const title = 'kill -9 of executors and callers, queue on PostgreSQL';

const MAX_PAUSE_MS = 900;

export function run(options) {
  let left = Number(options.kills ?? (options.quick ? 6 : 250));
  return runFleet(options, {
    kind: 'postgres',
    count: Number(options.runs ?? (options.quick ? 12 : 1_000)),
    async disturb({ workers, isOver }) {
      const [worker] = workers.sort(() => Math.random() - 0.5);
      await worker.ready;
      await pause(Math.random() * MAX_PAUSE_MS);
      if (left === 0 || isOver()) return 0;
      left--;
      worker.child.kill('SIGKILL');
      await worker.ended;
      return 1;
    },
  });
}
