import { Findings } from '../lib/findings.mjs';
import { runWithFaults } from '../lib/fleet-faults.mjs';

export const title = 'slots of a Redis Cluster of 3 are moved under load';
export const isLong = true;

/** Of 16,384, so that some of the 64 partitions are among them. */
const SLOTS = 1_000;

export async function run(options) {
  const findings = new Findings();
  let moved = 0;
  const { figure } = await runWithFaults(options, {
    ...{ store: 'cluster', queue: 'redis', times: 10, runs: 200, everyMs: 500 },
    async fault({ store }) {
      moved += await store.moveSlots(SLOTS);
    },
  });
  findings.check(moved > 0, 'no slot was moved');
  return findings.end(`${figure}, ${moved} slots moved`);
}
