// Times of single calls, measured alternately.
import { Bench } from 'tinybench';
import { isShort } from './options.mjs';
import { percentile } from './statistics.mjs';

/**
 * Until V8 has optimised the hot code, especially WebAssembly: after 100 ms, times are still three times as
 * high.
 */
export const WARM_UP_MS = 500;

/**
 * Each case has a slice of time in every round, so that other load affects all of them. The first round warms
 * up. The percentiles are those of single calls over all other rounds.
 *
 * @param {{ name: string, run: () => unknown }[]} cases a run is awaited if it returns a promise
 * @returns {Promise<{ medianUs: number, p99Us: number, samples: number }[]>} in the order of the cases
 */
export async function compare(
  cases,
  {
    rounds = isShort ? 2 : 10,
    sliceMs = isShort ? 25 : 120,
    warmUpMs = isShort ? 50 : WARM_UP_MS,
    leastCalls = 2,
  } = {},
) {
  const samples = cases.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { name, run }] of cases.entries()) {
      const bench = new Bench({
        time: sliceMs,
        iterations: leastCalls,
        // At first, JavaScript and WebAssembly must be compiled; later, the previous case has evicted the
        // caches.
        warmupTime: round === 0 ? warmUpMs : sliceMs / 5,
        warmupIterations: 1,
        retainSamples: true,
        throws: true,
      });
      bench.add(name, run);
      const [{ result }] = await bench.run();
      if (round === 0) continue;
      for (const tookMs of result.latency.samples) samples[i].push(tookMs * 1000);
    }
  }
  return samples.map((times) => ({
    medianUs: percentile(times, 0.5),
    p99Us: percentile(times, 0.99),
    samples: times.length,
  }));
}
