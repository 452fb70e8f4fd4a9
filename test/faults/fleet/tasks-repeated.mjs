import { setTimeout as pause } from 'node:timers/promises';

import { Findings } from '../lib/findings.mjs';
import { runFleet } from '../lib/fleet-runs.mjs';

export const title = 'tasks delivered 2 to 5 times, in any order';

/** A run has some 18 tasks, and each comes 3.5 times. */
const RUNS = { quick: 12, long: 200 };

export async function run(options) {
  const count = Number(options.runs ?? (options.quick ? RUNS.quick : RUNS.long));
  const { figure, deliveries } = await runFleet(options, {
    ...{ kind: 'redis', count, repeats: true },
    async disturb() {
      await pause(200);
      return 0;
    },
  });
  const findings = new Findings();
  findings.check(deliveries >= 10 * count, `only ${deliveries} tasks were delivered`);
  return findings.end(figure);
}
