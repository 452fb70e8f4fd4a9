// Calls that are too short for the clock are measured in batches. Medians are used, because on shared
// machines the mean depends on other load.
import { isShort } from './options.mjs';

const WARM_UP_MS = isShort ? 40 : 300;
const BATCHES = isShort ? 10 : 60;
const BATCH_MS = isShort ? 4 : 15;
const ROUNDS = isShort ? 3 : 25;
const CALLS = isShort ? 20 : 100;

/**
 * Lowest, median and 99th percentile over batches of the mean time of one call, in microseconds. The
 * percentile is of slow batches, not of single slow calls.
 *
 * @param {() => unknown} run awaited if it returns a promise
 */
export async function measure(run) {
  const perBatch = await callsWithin(run, BATCH_MS);
  const batches = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = performance.now();
    for (let i = 0; i < perBatch; i++) await run();
    batches.push(((performance.now() - start) / perBatch) * 1000);
  }
  batches.sort((a, b) => a - b);
  return {
    lowestUs: batches[0],
    medianUs: batches[BATCHES >> 1],
    p99Us: batches[Math.floor(BATCHES * 0.99)],
    calls: perBatch * BATCHES,
  };
}

/**
 * Measures several functions alternately, so that other load affects all of them. For each, returns the
 * lowest and the median over rounds of the mean time of one call, in microseconds.
 *
 * @param {(() => Promise<unknown>)[]} runs
 */
export async function measureInTurn(runs, { rounds = ROUNDS, calls = CALLS } = {}) {
  const times = runs.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, run] of runs.entries()) {
      // The previous case has evicted the caches.
      for (let call = 0; call < calls / 10; call++) await run();
      const start = performance.now();
      for (let call = 0; call < calls; call++) await run();
      // The first round warms up.
      if (round > 0) times[i].push(((performance.now() - start) / calls) * 1000);
    }
  }
  return times.map((sample) => {
    sample.sort((a, b) => a - b);
    return { lowestUs: sample[0], medianUs: sample[sample.length >> 1] };
  });
}

/** Warms up, and returns how many calls fit into a batch. */
async function callsWithin(run, batchMs) {
  let calls = 0;
  const start = performance.now();
  while (performance.now() - start < WARM_UP_MS) {
    await run();
    calls++;
  }
  return Math.max(1, Math.round((calls / WARM_UP_MS) * batchMs));
}
