import { setTimeout as pause } from 'node:timers/promises';

import { runDurable } from '../lib/durable-runs.mjs';

export const title = 'kill -9 of processes that work, at random';

const QUICK = { runs: 16, kills: 4 };
const LONG = { runs: 2_000, kills: 500 };
const MAX_PAUSE_MS = 900;

export function run(options) {
  const defaults = options.quick ? QUICK : LONG;
  let left = Number(options.kills ?? defaults.kills);
  return runDurable(options, {
    count: Number(options.runs ?? defaults.runs),
    async disturb({ workers }) {
      const [worker] = workers.sort(() => Math.random() - 0.5);
      await worker.ready;
      await pause(Math.random() * MAX_PAUSE_MS);
      if (left === 0) return 0;
      left--;
      worker.child.kill('SIGKILL');
      await worker.ended;
      return 1;
    },
  });
}
