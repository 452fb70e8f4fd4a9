import { setTimeout as pause } from 'node:timers/promises';

import { PAIRS, runPairs } from '../lib/fleet-faults.mjs';

export const title = 'connections: cut, half-open, 5 s late, answers lost';
export const isLong = true;

const HELD_MS = 3_000;
const LATE_MS = 5_000;
const FAULTS = [
  async (proxy) => proxy.cut(),
  async (proxy) => {
    proxy.hold();
    await pause(HELD_MS);
    proxy.cut();
    proxy.goOn();
  },
  async (proxy) => {
    proxy.delay(LATE_MS);
    await pause(LATE_MS);
    proxy.goOn();
  },
  async (proxy) => proxy.loseAnswers(),
];

export function run(options) {
  let next = 0;
  return runPairs(options, PAIRS.slice(0, 2), {
    ...{ proxied: true, times: 100, runs: 300, everyMs: 800 },
    fault: ({ storeProxy }) => FAULTS[next++ % FAULTS.length](storeProxy),
  });
}
