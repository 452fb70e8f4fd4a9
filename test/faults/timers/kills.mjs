import { runTimers } from '../lib/timers.mjs';

export const title = 'timers and requests, processes that are killed';

export function run(options) {
  return runTimers(options, { kills: true });
}
