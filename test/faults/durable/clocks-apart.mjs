import { setTimeout as pause } from 'node:timers/promises';

import { OPEN_RUNS, runDurable, WITHOUT_TIMER } from '../lib/durable-runs.mjs';
import { endOf } from '../lib/severally.mjs';

export const title = 'processes whose clocks are 10 minutes apart, one of them killed at times';

const MINUTE_MS = 60 * 1000;
/** By the place of a process. */
const CLOCKS_MS = [5 * MINUTE_MS, -5 * MINUTE_MS, 0];
const RUNS = { quick: { runs: 4, kills: 1 }, long: { runs: 200, kills: 20 } };
const MAX_PAUSE_MS = 3_000;

/** To the one ahead, each lease of the other has lapsed: it takes runs away, and only one of the two may count. */
export async function run(options) {
  const { runs, kills } = options.quick ? RUNS.quick : RUNS.long;
  let left = Number(options.kills ?? kills);
  return runDurable(options, {
    count: Number(options.runs ?? runs),
    source: WITHOUT_TIMER,
    openRuns: OPEN_RUNS,
    untilMs: endOf(options),
    workerOptions: (place) => ({ clockMs: CLOCKS_MS[place] }),
    async disturb({ workers }) {
      await pause(Math.random() * MAX_PAUSE_MS);
      const ready = workers.filter(({ isReady }) => isReady);
      if (left === 0 || ready.length < 2) return 0;
      left--;
      ready[0].child.kill('SIGKILL');
      await ready[0].ended;
      return 1;
    },
  });
}
