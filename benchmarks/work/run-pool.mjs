// `run` as a server would call it: it refuses what is more than its workers, so callers wait for one before them.

import { CORES } from '../harness/load.mjs';
import * as peer from '../peers/run.mjs';

/** As many as it takes by itself on a machine with memory enough. */
const ITS_DEFAULT = 32;

/** Its pool in the sizes that make sense here, each a function that executes the work once. */
export async function loadRun(work) {
  let loaded;
  try {
    loaded = await peer.load();
  } catch (error) {
    return { unavailable: `does not load on Node ${process.version}: ${error.message}` };
  }
  const { run } = loaded.variants['its own worker'](work);
  const pool = (workers) => {
    const acquire = semaphore(workers);
    return async () => {
      const release = await acquire();
      try {
        // Of the process: pools are measured in turn, never at the same time.
        loaded.setMaxWorkers(workers);
        const outcome = await run();
        if (outcome.returnValue !== work.expected)
          throw new Error(`expected ${work.expected}: ${JSON.stringify(outcome)}`);
        return outcome;
      } finally {
        release();
      }
    };
  };
  return { pools: { [`run, ${CORES} workers`]: pool(CORES), [`run, ${ITS_DEFAULT} workers`]: pool(ITS_DEFAULT) } };
}

function semaphore(places) {
  const waiting = [];
  let free = places;
  const release = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return async () => {
    if (free > 0) free--;
    else await new Promise((resolve) => waiting.push(resolve));
    return release;
  };
}
