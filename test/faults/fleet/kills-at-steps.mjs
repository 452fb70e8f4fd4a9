import { pairsOf } from '../lib/fleet-faults.mjs';
import { runFleet } from '../lib/fleet-runs.mjs';

export const title = 'kill -9 before and after each operation of a store';
export const isLong = true;

const PAIRS = ['postgres', 'redis'].flatMap((store) => ['redis', 'postgres'].map((queue) => ({ store, queue })));
const STEPS = 40;

export async function run(options) {
  const figures = [];
  const steps = Number(options.kills ?? 2 * STEPS) / 2;
  for (const pair of pairsOf(options, PAIRS)) {
    const cuts = Array.from({ length: steps }, (_, index) => index + 1).flatMap((at) => [
      { at, when: 'before' },
      { at, when: 'after' },
    ]);
    const { figure } = await runFleet(options, {
      ...pair,
      count: Number(options.runs ?? 4 * steps),
      // Each process that begins has its own operation to die at.
      deaths: () => cuts.shift(),
      async disturb({ workers }) {
        const ended = await Promise.race([
          ...workers.map(({ ended }) => ended.then(() => 1)),
          new Promise((resolve) => setTimeout(resolve, 500, 0)),
        ]);
        return ended;
      },
    });
    figures.push(`${figure}, ${2 * steps - cuts.length} operations`);
  }
  return { figure: figures.join('; ') };
}
