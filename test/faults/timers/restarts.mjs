import { runTimers } from '../lib/timers.mjs';

export const title = 'timers and requests, processes that end by themselves';

export function run(options) {
  return runTimers(options, { kills: false });
}
