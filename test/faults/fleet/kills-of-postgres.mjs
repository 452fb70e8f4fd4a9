import { runWithFaults } from '../lib/fleet-faults.mjs';

export const title = 'kill -9 of the postmaster';
export const isLong = true;

export function run(options) {
  return runWithFaults(options, {
    ...{ store: 'postgres', queue: 'postgres', times: 50, runs: 200, everyMs: 1_500 },
    async fault({ store }) {
      await store.kill();
      await store.restart();
    },
  });
}
