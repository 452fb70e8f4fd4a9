// `run` as a server would call it: it refuses calls beyond its number of workers, so callers wait for a free
// one.

import { CORES } from '../harness/load.mjs';
import * as peer from '../peers/run.mjs';

/** The number of workers that it uses by default on a machine with enough memory. */
const ITS_DEFAULT = 32;

/** Its pool in the useful sizes, each as a function that executes the work once. */
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
        // The setting of the process: pools are measured alternately, never at the same time.
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
