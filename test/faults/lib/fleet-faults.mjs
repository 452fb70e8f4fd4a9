// What is done to a fleet, so many times.
import { setTimeout as pause } from 'node:timers/promises';

import { runFleet } from './fleet-runs.mjs';

/** Stores and queues that are measured together. */
export const PAIRS = [
  { store: 'postgres', queue: 'redis' },
  { store: 'redis', queue: 'redis' },
  { store: 'postgres', queue: 'postgres' },
];

/**
 * Does something again and again while runs are under way.
 *
 * @param options of the command line; `kills` and `runs` replace the numbers
 * @param given for {@link runFleet}, with `times` that it is done, and `runs`
 * @param everyMs the longest pause before each
 * @param fault does it once, and resolves when what was taken is there again; may return how often it was done
 */
export function runWithFaults(options, { times, runs, everyMs, fault, ...given }) {
  const wanted = Number(options.kills ?? times);
  let left = wanted;
  return runFleet(options, {
    ...given,
    times: wanted,
    count: Number(options.runs ?? runs),
    async disturb(state) {
      await Promise.all(state.workers.map(({ ready, ended }) => Promise.race([ready, ended])));
      await pause(Math.random() * everyMs);
      if (left <= 0 || state.isOver()) return 0;
      const answer = await fault(state);
      const done = typeof answer === 'number' ? answer : 1;
      left -= done;
      return done;
    },
  });
}

/** Those that the command line names, if it names any: `store/queue`, with commas between. */
export function pairsOf({ pairs: names }, pairs) {
  return names === undefined
    ? pairs
    : pairs.filter(({ store, queue }) => names.split(',').includes(`${store}/${queue}`));
}

/** The same for several pairs, one after the other. */
export async function runPairs(options, pairs, given) {
  const figures = [];
  for (const pair of pairsOf(options, pairs))
    figures.push((await runWithFaults(options, { ...given, ...pair })).figure);
  return { figure: figures.join('; ') };
}

/** Any of the processes that work. */
export function anyOf(workers) {
  return workers[Math.floor(Math.random() * workers.length)];
}
