// Many concurrent calls: how many per second, how long each takes, and how much time of the main thread.
import { availableParallelism, cpus } from 'node:os';
import { createRuntime } from '../../build/index.js';
import { isShort } from './options.mjs';
import { median, percentile } from './statistics.mjs';

export const CORES = availableParallelism();
export const ROUNDS = isShort ? 2 : 8;
/** The time of one setting in one round, after a tenth of it to warm up. */
const MEASURE_MS = isShort ? 60 : 300;
/**
 * The time until a runtime is warm at full load: compiling JavaScript and WebAssembly takes time in every
 * thread.
 */
const WARM_UP_MS = isShort ? 200 : 1000;

/**
 * Runs `use` with runtimes that have the given numbers of workers. All workers are started before, so none
 * starts during a measurement.
 */
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

/** One execution, with a check of its result. */
export async function execute(runtime, { source, context, expected }, options) {
  const result = await runtime.executeHandler(source, context, options);
  if (result.returnValue !== expected) throw new Error(`expected ${expected}: ${JSON.stringify(result)}`);
  return result;
}

/**
 * Runs this many callers, each of which calls again as soon as it has its answer. Resolves when all have
 * their last answer.
 */
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
 * Times of single executions instead of batches, because a caller waits for a single one. The main thread's
 * time is all time in which it does not sleep, including that of this program.
 *
 * @param {() => Promise<unknown>} call
 * @param note called with each answer and its time
 */
export async function measureCalls(inFlight, call, note = () => {}) {
  // The previous case has evicted the caches.
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

/** One call at a time, with the time of its parts by its metrics. */
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

/**
 * Runs every measurement in every round, so that other load affects all of them. Returns for each the medians
 * over rounds of its results.
 */
export async function inTurn(measurements, rounds = ROUNDS) {
  const given = measurements.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, run] of measurements.entries()) {
      const figures = await run();
      // The first of several rounds warms up.
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

/**
 * Reports how much of the machine other processes used, because this time is missing in the figures: with
 * half of two cores gone, two workers do the work of one.
 */
export async function section(measureAndPrint) {
  const busyMs = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const [start, busyBefore, ownBefore] = [performance.now(), busyMs(), process.cpuUsage()];
  await measureAndPrint();
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(ownBefore);
  const othersMs = Math.max(0, busyMs() - busyBefore - (user + system) / 1000);
  console.log(`other programs: ${(othersMs / elapsedMs).toFixed(1)} of ${cpus().length} cores meanwhile\n`);
}
