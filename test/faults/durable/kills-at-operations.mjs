import { setTimeout as pause } from 'node:timers/promises';

import { runDurable } from '../lib/durable-runs.mjs';
import { endOf } from '../lib/severally.mjs';

export const title = 'kill -9 before and after each operation of the store';

const LOOK_MS = 20;
const FIRST = 5;
const EACH = { quick: { runs: 4, last: 16, step: 10 }, long: { runs: 120, last: 130, step: 1 } };

/** The processes die one after the other: the first before its operation `FIRST`, the second after it, the third before the one behind it, … */
export async function run(options) {
  const { runs, last, step } = options.quick ? EACH.quick : EACH.long;
  const operations = [];
  for (let operation = Number(options.first ?? FIRST); operation <= Number(options.kills ?? last); operation += step) {
    operations.push({ operation, isAfter: false }, { operation, isAfter: true });
  }
  let next = 0;
  let killed = 0;
  let counted = 0;
  const byName = new Map();
  return runDurable(options, {
    count: Number(options.runs ?? runs),
    times: operations.length,
    untilMs: endOf(options),
    workerOptions: () => (next < operations.length ? { kill: operations[next++] } : {}),
    async disturb() {
      await pause(LOOK_MS);
      const more = killed - counted;
      counted = killed;
      return more;
    },
    onKilled(name) {
      killed++;
      byName.set(name, (byName.get(name) ?? 0) + 1);
    },
    more: () => `; ${killed} at operations: ${[...byName].map(([name, times]) => `${name} ${times}`).join(', ')}`,
  });
}
