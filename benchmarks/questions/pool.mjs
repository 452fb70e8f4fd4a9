// What does an execution cost through the pool: alone, many at once, with large contexts, with more workers, beside another tenant?
// `--short` takes a sixth of the time.
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { createRuntime } from '../build/index.js';
import { printMachine, printTable, us } from './harness.mjs';
import { CONTEXT, EXPECTED, SOURCE } from './reference-handler.mjs';

const { short: isShort } = parseArgs({ options: { short: { type: 'boolean', default: false } } }).values;
const ROUNDS = isShort ? 4 : 8;
/** A round of large contexts takes seconds. */
const CONTEXT_ROUNDS = isShort ? 1 : 4;
/** Of one setting in one round, after a tenth of it to warm up. */
const MEASURE_MS = isShort ? 80 : 300;
/** Of a runtime, at full load: compilers of JavaScript and of WebAssembly take their time, in every thread. */
const WARM_UP_MS = isShort ? 300 : 1000;
const CORES = availableParallelism();
const MIB = 1024 * 1024;

const REFERENCE = { source: SOURCE, context: CONTEXT, expected: EXPECTED };

/** Runtimes with so many workers each, for as long as `use` takes. All workers are up before: none starts while something is measured. */
async function withWorkers(counts, use, options = {}) {
  const runtimes = [];
  try {
    for (const count of counts) {
      const instances = { maxInstances: count, minInstances: count };
      const runtime = await createRuntime({ cacheDir: false, metrics: false, ...instances, ...options });
      runtimes.push(runtime);
      await runtime.warmup([SOURCE]);
      await runFor(WARM_UP_MS, 64, () => execute(runtime, REFERENCE));
    }
    return await use(...runtimes);
  } finally {
    await Promise.all(runtimes.map((runtime) => runtime.shutdown()));
  }
}

/** One execution, checked. */
async function execute(runtime, { source, context, expected }, options) {
  const result = await runtime.executeHandler(source, context, options);
  if (result.returnValue !== expected) throw new Error(`expected ${expected}: ${JSON.stringify(result)}`);
  return result;
}

/** So many callers, each of which calls again as soon as it has its answer. Resolves when all have their last one. */
function callers(inFlight, call, goesOn) {
  const caller = async () => {
    while (goesOn()) await call();
  };
  return Promise.all(Array.from({ length: inFlight }, caller));
}

function runFor(ms, inFlight, call) {
  const until = performance.now() + ms;
  return callers(inFlight, call, () => performance.now() < until);
}

/**
 * Times of single executions, not of batches: who waits, waits for a single one. The main thread's time is all that it is not asleep,
 * so this program's own part is in it.
 *
 * @param {() => Promise<import('../build/index.js').WasmResult>} call
 */
async function measureCalls(inFlight, call) {
  // What ran before it took the caches.
  await runFor(MEASURE_MS / 10, 1, call);
  const times = [];
  const parts = { toWorker: [], inVm: [], back: [] };
  const timed = async () => {
    const calledAt = performance.now();
    const { metrics } = await call();
    const tookUs = (performance.now() - calledAt) * 1000;
    const toWorkerUs = metrics.queueTimeUs + metrics.compilationTimeUs;
    times.push(tookUs);
    parts.toWorker.push(toWorkerUs);
    parts.inVm.push(metrics.durationUs);
    parts.back.push(tookUs - toWorkerUs - metrics.durationUs);
  };
  const before = performance.eventLoopUtilization();
  const start = performance.now();
  await runFor(MEASURE_MS, inFlight, timed);
  const elapsedMs = performance.now() - start;
  const { active, utilization } = performance.eventLoopUtilization(before);
  return {
    p50Us: percentile(times, 0.5),
    p99Us: percentile(times, 0.99),
    toWorkerUs: percentile(parts.toWorker, 0.5),
    inVmUs: percentile(parts.inVm, 0.5),
    backUs: percentile(parts.back, 0.5),
    perSecond: (times.length / elapsedMs) * 1000,
    mainUs: (active / times.length) * 1000,
    mainShare: utilization,
  };
}

/** Every measurement in every round, so that a busy neighbour hits all of them: for each, the medians over rounds of what it gives. */
async function inTurn(measurements, rounds = ROUNDS) {
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

/** One at a time, and where the time goes. */
async function alone(runtime) {
  const [figures] = await inTurn([() => measureCalls(1, () => execute(runtime, REFERENCE))]);
  const { p50Us, p99Us, toWorkerUs, inVmUs, backUs } = figures;
  const row = (title, medianUs, p99 = '') => [title, us(medianUs), p99, percent(medianUs / p50Us)];
  printTable(
    ['one at a time', 'p50', 'p99', 'share'],
    [
      row('an execution, from the call to the result', p50Us, us(p99Us)),
      row('  to the worker: check, encode, wake it', toWorkerUs),
      row('  in the VM: restore, context in, run, outcome out', inVmUs),
      row('  back: wake the main thread, decode', backUs),
    ],
  );
  console.log('\ntarget: p50 at most 150 µs alone');
}

/** More at once than workers share messages, and wait for each other. */
async function inFlight(runtime) {
  const settings = [1, 8, 64, 512];
  const figures = await inTurn(settings.map((count) => () => measureCalls(count, () => execute(runtime, REFERENCE))));
  printTable(
    [`in flight, ${CORES} workers`, 'executions', 'ratio', 'p50', 'p99', 'main thread'],
    settings.map((count, i) => {
      const { perSecond, p50Us, p99Us, mainUs } = figures[i];
      return [count, rate(perSecond), ratio(perSecond, figures[0].perSecond), us(p50Us), us(p99Us), us(mainUs)];
    }),
  );
  console.log('\nmain thread: its time for each execution, this program included');
  console.log('target: at least 20,000/s at 64 in flight');
}

/** A state that has some size as JSON, and a handler that reads one key of it. */
function sized(bytes) {
  const records = [];
  for (let length = 0; length < bytes; ) {
    const id = records.length;
    const record = { id, name: `customer ${id * 7919}`, total: id * 12.5 };
    records.push(record);
    length += JSON.stringify(record).length + 1;
  }
  const context = { ...CONTEXT, stateSnapshot: { records } };
  return { source: 'return $state.records.length;', context, expected: records.length };
}

/** All of a context is encoded by the main thread and decoded in the VM, whatever the handler reads of it. */
async function contextSizes(runtime) {
  const sizes = [
    ['1 KB', sized(1e3)],
    ['100 KB', sized(100e3)],
    ['5 MB', sized(5e6)],
  ];
  const measurements = sizes.flatMap(([, handler]) =>
    [1, 8].map((count) => () => measureCalls(count, () => execute(runtime, handler))),
  );
  const figures = await inTurn(measurements, CONTEXT_ROUNDS);
  printTable(
    ['context, as JSON', 'p50', 'p99', 'main thread', 'in the VM', '8 in flight', 'main thread'],
    sizes.map(([title], i) => {
      const [one, eight] = [figures[2 * i], figures[2 * i + 1]];
      const times = [one.p50Us, one.p99Us, one.mainUs, one.inVmUs].map(us);
      return [title, ...times, rate(eight.perSecond), us(eight.mainUs)];
    }),
  );
  console.log(
    '\nAll but 8 in flight: one at a time. Of 5 MB there are few in a round, and the p99 is the slowest of them.',
  );
}

/** 1, 2, 4, … and all cores: each of them would take too long on a machine with many. */
function workerCounts() {
  const counts = [];
  for (let count = 1; count < CORES; count *= 2) counts.push(count);
  return [...counts, CORES];
}

/** The runtimes exist side by side, to be measured in turn: workers without work sleep. */
async function scaling(counts, runtimes) {
  const figures = await inTurn(runtimes.map((runtime) => () => measureCalls(64, () => execute(runtime, REFERENCE))));
  printTable(
    ['workers, 64 in flight', 'executions', 'ratio', 'main thread busy'],
    counts.map((count, i) => {
      const { perSecond, mainShare } = figures[i];
      return [count, rate(perSecond), ratio(perSecond, figures[0].perSecond), percent(mainShare)];
    }),
  );
  // It encodes, decodes and hands out for all of them: the last worker adds less than the others, and it is the first to be short.
  console.log(`\nThe main thread needs a core, too: beside ${CORES} workers on ${CORES} cores it has none of its own.`);
}

/** What a caller who calls one at a time notices of another tenant that always has many waiting. */
async function fairness(runtime) {
  const a = { tenant: 'a' };
  const b = { tenant: 'b' };
  const situations = [
    ['nothing else runs', 0, undefined, b],
    ['beside 8 of tenant a', 8, a, b],
    ['beside 32 of tenant a', 32, a, b],
    // Tenants are what keeps them from each other: this is what it would be without.
    ['beside 32, all without a tenant', 32, undefined, undefined],
  ];
  const figures = await inTurn(
    situations.map(([, others, otherOptions, options]) => async () => {
      let isMeasuring = true;
      let executions = 0;
      const call = async () => {
        await execute(runtime, REFERENCE, otherOptions);
        executions++;
      };
      const start = performance.now();
      const beside = callers(others, call, () => isMeasuring);
      const measured = measureCalls(1, () => execute(runtime, REFERENCE, options)).finally(() => {
        isMeasuring = false;
      });
      const [{ p50Us, p99Us, perSecond }] = await Promise.all([measured, beside]);
      return { p50Us, p99Us, perSecond, besidePerSecond: (executions / (performance.now() - start)) * 1000 };
    }),
  );
  printTable(
    [`tenant b, one at a time, ${CORES} workers`, 'p50', 'ratio', 'p99', 'b', 'the others'],
    situations.map(([title], i) => {
      const { p50Us, p99Us, perSecond, besidePerSecond } = figures[i];
      return [title, us(p50Us), ratio(p50Us, figures[0].p50Us), us(p99Us), rate(perSecond), rate(besidePerSecond)];
    }),
  );
  console.log();
}

/** @param values in any order */
function percentile(values, part) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length * part)];
}

const rate = (perSecond) => `${Math.round(perSecond).toLocaleString('en')}/s`;
const ratio = (value, one) => `${(value / one).toFixed(2)}×`;
const percent = (share) => `${Math.round(share * 100)} %`;

/** What others on this machine had of it is what the figures lack: with half of two cores gone, two workers do what one does. */
async function section(measureAndPrint) {
  const busyMs = () => cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const [start, busyBefore, ownBefore] = [performance.now(), busyMs(), process.cpuUsage()];
  await measureAndPrint();
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(ownBefore);
  const othersMs = Math.max(0, busyMs() - busyBefore - (user + system) / 1000);
  console.log(`other programs: ${(othersMs / elapsedMs).toFixed(1)} of ${cpus().length} cores meanwhile\n`);
}

printMachine();
await withWorkers([CORES], async (runtime) => {
  await section(() => alone(runtime));
  await section(() => inFlight(runtime));
});
// The records take several times as much in the VM as they do as JSON.
await withWorkers([CORES], (runtime) => section(() => contextSizes(runtime)), { memoryLimitBytes: 128 * MIB });
const counts = workerCounts();
await withWorkers(counts, (...runtimes) => section(() => scaling(counts, runtimes)));
await withWorkers([CORES], (runtime) => section(() => fairness(runtime)));
