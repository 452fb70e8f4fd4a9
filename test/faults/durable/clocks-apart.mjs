import { setTimeout as pause } from 'node:timers/promises';

import { runDurable, WITHOUT_TIMER } from '../lib/durable-runs.mjs';

export const title = 'processes whose clocks are 10 minutes apart, one of them killed at times';

const APART_MS = 5 * 60 * 1000;
const RUNS = { quick: { runs: 4, kills: 1 }, long: { runs: 200, kills: 20 } };
const MAX_PAUSE_MS = 1_500;

/** To the one ahead, each lease of the other has lapsed: it takes runs away, and only one of the two may count. */
export async function run(options) {
  const { runs, kills } = options.quick ? RUNS.quick : RUNS.long;
  let left = Number(options.kills ?? kills);
  return runDurable(options, {
    count: Number(options.runs ?? runs),
    source: WITHOUT_TIMER,
    workerOptions: (number) => ({ clockMs: number % 2 === 0 ? APART_MS : -APART_MS }),
    async disturb({ workers }) {
      await pause(Math.random() * MAX_PAUSE_MS);
      if (left === 0 || workers.length === 0) return 0;
      left--;
      workers[0].child.kill('SIGKILL');
      await workers[0].ended;
      return 1;
    },
  });
}
