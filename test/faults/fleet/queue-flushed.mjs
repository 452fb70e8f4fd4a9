import { runWithFaults } from '../lib/fleet-faults.mjs';

export const title = 'the queue is emptied while runs are under way';

export function run(options) {
  return runWithFaults(options, {
    ...(options.quick ? { times: 2, runs: 6 } : { times: 20, runs: 200 }),
    ...{ store: 'postgres', queue: 'redis', everyMs: 1_400 },
    fault: ({ queue }) => queue.flush(),
  });
}
