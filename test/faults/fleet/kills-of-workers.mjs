import { anyOf, PAIRS, runPairs } from '../lib/fleet-faults.mjs';

export const title = 'kill -9 of executors and callers';

export function run(options) {
  return runPairs(options, options.quick ? PAIRS.slice(0, 1) : PAIRS, {
    ...(options.quick ? { times: 2, runs: 8 } : { times: 170, runs: 700 }),
    everyMs: 900,
    async fault({ workers }) {
      const worker = anyOf(workers);
      worker.child.kill('SIGKILL');
      await worker.ended;
    },
  });
}
