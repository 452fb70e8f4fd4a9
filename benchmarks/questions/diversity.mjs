// Does it matter how many different handlers there are: when the cache holds all of them, and when it does not?
import { createRuntime } from '../../build/index.js';
import { CORES, callers } from '../harness/load.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { percentile } from '../harness/statistics.mjs';
import { printData } from '../harness/table.mjs';
import { quickStart } from '../work/quick-start.mjs';

const COUNTS = isShort ? [10, 1_000] : [10, 100, 1_000, 10_000];
const ROUNDS = isShort ? 2 : 6;
const CALLS = isShort ? 1_000 : 10_000;
const IN_FLIGHT = 64;

/** Different handlers of the same kind, none of which share bytecode. */
const sources = Array.from({ length: COUNTS.at(-1) }, (_, i) => `const handler = ${i};\n${quickStart.source}`);

const CACHES = [
  // The default: 64 MiB.
  ['fits', {}],
  // Room for a few: nearly every execution compiles.
  ['does not fit', { maxCacheSizeBytes: 32 * 1024 }],
];

async function execute(runtime, source) {
  const { returnValue, error, metrics } = await runtime.executeHandler(source, quickStart.context);
  if (returnValue !== quickStart.expected) throw new Error(`expected ${quickStart.expected}: ${error?.message}`);
  return metrics.cacheHit;
}

/** Runs all of them in turn, starting where the last round ended. */
function cycle(count) {
  let next = 0;
  return () => sources[next++ % count];
}

async function oneAtATime(runtime, nextSource, calls) {
  const times = [];
  let hits = 0;
  for (let i = 0; i < calls; i++) {
    const source = nextSource();
    const startedAt = performance.now();
    const isHit = await execute(runtime, source);
    times.push((performance.now() - startedAt) * 1000);
    if (isHit) hits++;
  }
  return { times, hits };
}

async function manyInFlight(runtime, nextSource, calls) {
  let left = calls;
  const startedAt = performance.now();
  await callers(
    IN_FLIGHT,
    () => execute(runtime, nextSource()),
    () => left-- > 0,
  );
  return ((performance.now() - startedAt) * 1000) / calls;
}

async function measureCache(options, fits) {
  const runtimes = [];
  for (const count of COUNTS) {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: CORES, minInstances: CORES, ...options });
    runtimes.push({ runtime, nextSource: cycle(count), alone: [], inFlight: [], hitShares: [], count });
    if (fits) await runtime.precompileAll(sources.slice(0, count), { concurrency: IN_FLIGHT });
  }
  // When every execution compiles, fewer executions take long enough to be measured.
  const calls = fits ? CALLS : CALLS / 10;
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { runtime, nextSource, alone, inFlight, hitShares } of runtimes) {
      const { times, hits } = await oneAtATime(runtime, nextSource, calls / 4);
      const eachUs = await manyInFlight(runtime, nextSource, calls);
      // The first round warms up.
      if (round === 0) continue;
      for (const time of times) alone.push(time);
      inFlight.push(eachUs);
      hitShares.push(hits / times.length);
    }
  }
  const rows = [];
  for (const { runtime, alone, inFlight, hitShares, count } of runtimes) {
    const { cache } = runtime.getStats();
    rows.push({
      count,
      aloneUs: percentile(alone, 0.5),
      aloneP99Us: percentile(alone, 0.99),
      inFlightUs: percentile(inFlight, 0.5),
      hits: percentile(hitShares, 0.5),
      cacheBytes: cache.memory.bytes,
    });
    await runtime.shutdown();
  }
  return rows;
}

printMachine(['nexus-runtime']);
for (const [cache, options] of CACHES) {
  const rows = await measureCache(options, cache === 'fits');
  for (const row of rows) {
    row.aloneRatio = row.aloneUs / rows[0].aloneUs;
    row.inFlightRatio = row.inFlightUs / rows[0].inFlightUs;
  }
  printData({
    id: cache,
    columns: [
      ['count', `different handlers, cache that ${cache}`, 'count'],
      ['aloneUs', 'one at a time', 'time'],
      ['aloneRatio', 'ratio', 'ratio'],
      ['aloneP99Us', 'p99', 'time'],
      ['inFlightUs', `${IN_FLIGHT} in flight, each`, 'time'],
      ['inFlightRatio', 'ratio', 'ratio'],
      ['hits', 'hits', 'percent'],
      ['cacheBytes', 'cache', 'bytes'],
    ],
    rows,
  });
  console.log();
}
