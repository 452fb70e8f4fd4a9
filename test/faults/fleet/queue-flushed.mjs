import { setTimeout as pause } from 'node:timers/promises';

import { runFleet } from '../lib/fleet-runs.mjs';

export const title = 'the queue is emptied while runs are under way';

const PAUSE_MS = 700;

export function run(options) {
  let left = options.quick ? 3 : 20;
  return runFleet(options, {
    kind: 'redis',
    count: Number(options.runs ?? (options.quick ? 10 : 300)),
    async disturb({ flush }) {
      await pause(PAUSE_MS);
      if (left === 0) return 0;
      left--;
      await flush();
      return 1;
    },
  });
}
