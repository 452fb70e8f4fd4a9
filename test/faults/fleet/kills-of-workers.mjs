import { PAIRS, runPairs } from '../lib/fleet-faults.mjs';

export const title = 'kill -9 of executors and callers';

export function run(options) {
  return runPairs(options, options.quick ? PAIRS.slice(0, 1) : PAIRS, {
    ...(options.quick ? { times: 2, runs: 8 } : { times: 170, runs: 700 }),
    everyMs: 900,
    // Several at once, and never all: starting them takes most of the time.
    async fault({ workers }) {
      const killed = workers.sort(() => Math.random() - 0.5).slice(0, 1 + Math.floor(Math.random() * 3));
      for (const { child } of killed) child.kill('SIGKILL');
      await Promise.all(killed.map(({ ended }) => ended));
      return killed.length;
    },
  });
}
