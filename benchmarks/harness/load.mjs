// Many calls at once of something that answers by itself: how many a second, how long each, and what the main thread has to do.
import { availableParallelism, cpus } from 'node:os';
import { createRuntime } from '../../build/index.js';
import { isShort } from './options.mjs';
import { median, percentile } from './statistics.mjs';

export const CORES = availableParallelism();
export const ROUNDS = isShort ? 2 : 8;
/** Of one setting in one round, after a tenth of it to warm up. */
const MEASURE_MS = isShort ? 60 : 300;
/** Of a runtime, at full load: compilers of JavaScript and of WebAssembly take their time, in every thread. */
const WARM_UP_MS = isShort ? 200 : 1000;

/** Runtimes with so many workers each, for as long as `use` takes. All workers are up before: none starts while something is measured. */
export async function withWorkers(counts, handler, use, options = {}) {
  const runtimes = [];
  try {
    for (const count of counts) {
      const instances = { maxInstances: count, minInstances: count };
      const runtime = await createRuntime({ cacheDir: false, ...instances, ...options });
      runtimes.push(runtime);
      await runtime.warmup([handler.source]);
      await runFor(WARM_UP_MS, 64, () => execute(runtime, handler));
    }
    return await use(...runtimes);
  } finally {
    await Promise.all(runtimes.map((runtime) => runtime.shutdown()));
  }
}

/** One execution, checked. */
export async function execute(runtime, { source, context, expected }, options) {
  const result = await runtime.executeHandler(source, context, options);
  if (result.returnValue !== expected) throw new Error(`expected ${expected}: ${JSON.stringify(result)}`);
  return result;
}

/** So many callers, each of which calls again as soon as it has its answer. Resolves when all have their last one. */
export function callers(inFlight, call, goesOn) {
  const caller = async () => {
    while (goesOn()) await call();
  };
  return Promise.all(Array.from({ length: inFlight }, caller));
}

export function runFor(ms, inFlight, call) {
  const until = performance.now() + ms;
  return callers(inFlight, call, () => performance.now() < until);
}

/**
 * Times of single executions, not of batches: who waits, waits for a single one. The main thread's time is all that it is not asleep,
 * so this program's own part is in it.
 *
 * @param {() => Promise<unknown>} call
 * @param note told of each answer, and how long it took
 */
export async function measureCalls(inFlight, call, note = () => {}) {
  // What ran before it took the caches.
  await runFor(MEASURE_MS / 10, inFlight, call);
  const times = [];
  const timed = async () => {
    const calledAt = performance.now();
    const answer = await call();
    const tookUs = (performance.now() - calledAt) * 1000;
    times.push(tookUs);
    note(answer, tookUs);
  };
  const before = performance.eventLoopUtilization();
  const start = performance.now();
  await runFor(MEASURE_MS, inFlight, timed);
  const elapsedMs = performance.now() - start;
  const { active, utilization } = performance.eventLoopUtilization(before);
  return {
    p50Us: percentile(times, 0.5),
    p99Us: percentile(times, 0.99),
    perSecond: (times.length / elapsedMs) * 1000,
    mainUs: (active / times.length) * 1000,
    mainShare: utilization,
    samples: times.length,
  };
}

/** One at a time, and where the time goes, by what their metrics say. */
export async function measureParts(runtime, handler) {
  const parts = { toWorker: [], inVm: [], back: [] };
  const figures = await measureCalls(
    1,
    () => execute(runtime, handler),
    ({ metrics }, tookUs) => {
      const toWorkerUs = metrics.queueTimeUs + metrics.compilationTimeUs;
      parts.toWorker.push(toWorkerUs);
      parts.inVm.push(metrics.durationUs);
      parts.back.push(tookUs - toWorkerUs - metrics.durationUs);
    },
  );
  const [toWorkerUs, inVmUs, backUs] = [parts.toWorker, parts.inVm, parts.back].map(median);
  return { ...figures, toWorkerUs, inVmUs, backUs };
}

/** Every measurement in every round, so that a busy neighbour hits all of them: for each, the medians over rounds of what it gives. */
export async function inTurn(measurements, rounds = ROUNDS) {
  const given = measurements.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, run] of measurements.entries()) {
      const figures = await run();
      // The first of several warms up.
      if (round > 0 || rounds === 1) given[i].push(figures);
    }
  }
  return given.map((all) => {
    const medianOf = (name) =>
      percentile(
        all.map((figures) => figures[name]),
        0.5,
      );
    return Object.fromEntries(Object.keys(all[0]).map((name) => [name, medianOf(name)]));
  });
}

/** What others on this machine had of it is what the figures lack: with half of two cores gone, two workers do what one does. */
export async function section(measureAndPrint) {
  const busyMs = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const [start, busyBefore, ownBefore] = [performance.now(), busyMs(), process.cpuUsage()];
  await measureAndPrint();
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(ownBefore);
  const othersMs = Math.max(0, busyMs() - busyBefore - (user + system) / 1000);
  console.log(`other programs: ${(othersMs / elapsedMs).toFixed(1)} of ${cpus().length} cores meanwhile\n`);
}
