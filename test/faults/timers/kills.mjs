import { runTimers } from '../lib/timers.mjs';

export const title = 'timers and requests, processes that are killed';

/** After each kill, a lease has to pass. */
export const isLong = true;

export function run(options) {
  return runTimers(options, { kills: true });
}
