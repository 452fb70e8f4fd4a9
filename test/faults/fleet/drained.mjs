import { anyOf, runWithFaults } from '../lib/fleet-faults.mjs';

export const title = 'SIGTERM of executors and callers under load';
export const isLong = true;

export function run(options) {
  return runWithFaults(options, {
    ...{ store: 'postgres', queue: 'redis', times: 50, runs: 200, everyMs: 900 },
    async fault({ workers }) {
      const worker = anyOf(workers);
      worker.child.kill('SIGTERM');
      await worker.ended;
    },
  });
}
