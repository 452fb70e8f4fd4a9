// How does an execution through the pool change with large contexts, with more workers, and beside another tenant?
import { percent, rate, times, us } from '../harness/format.mjs';
import { CORES, callers, execute, inTurn, measureCalls, measureParts, section, withWorkers } from '../harness/load.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printTable } from '../harness/table.mjs';
import { quickStart } from '../work/quick-start.mjs';
import { sized } from '../work/sized.mjs';

const HANDLER = quickStart;
/** A round with large contexts takes seconds. */
const CONTEXT_ROUNDS = isShort ? 1 : 4;
const MIB = 1024 * 1024;

/** The main thread encodes the whole context and the VM decodes it, whatever the handler reads. */
async function contextSizes(runtime) {
  const sizes = [
    ['1 KB', sized(1e3)],
    ['100 KB', sized(100e3)],
    ['5 MB', sized(5e6)],
  ];
  const measurements = sizes.flatMap(([, handler]) => [
    () => measureParts(runtime, handler),
    () => measureCalls(8, () => execute(runtime, handler)),
  ]);
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

/** 1, 2, 4, … and all cores. Measuring every number would take too long on a machine with many cores. */
function workerCounts() {
  const counts = [];
  for (let count = 1; count < CORES; count *= 2) counts.push(count);
  return [...counts, CORES];
}

/** The runtimes exist side by side and are measured in turn: idle workers sleep. */
async function scaling(counts, runtimes) {
  const figures = await inTurn(runtimes.map((runtime) => () => measureCalls(64, () => execute(runtime, HANDLER))));
  printTable(
    ['workers, 64 in flight', 'executions', 'ratio', 'main thread busy'],
    counts.map((count, i) => {
      const { perSecond, mainShare } = figures[i];
      return [count, rate(perSecond), times(perSecond, figures[0].perSecond), percent(mainShare)];
    }),
  );
  // The main thread encodes, decodes and dispatches for all workers: the last worker adds less than the others.
  console.log(`\nThe main thread needs a core, too: beside ${CORES} workers on ${CORES} cores it has none of its own.`);
}

/** What a caller with one call at a time notices of another tenant that always has many waiting. */
async function fairness(runtime) {
  const a = { tenant: 'a' };
  const b = { tenant: 'b' };
  const situations = [
    ['nothing else runs', 0, undefined, b],
    ['beside 8 of tenant a', 8, a, b],
    ['beside 32 of tenant a', 32, a, b],
    // Without tenants, for comparison: tenants keep callers from delaying each other.
    ['beside 32, all without a tenant', 32, undefined, undefined],
  ];
  const figures = await inTurn(
    situations.map(([, others, otherOptions, options]) => async () => {
      let isMeasuring = true;
      let executions = 0;
      const call = async () => {
        await execute(runtime, HANDLER, otherOptions);
        executions++;
      };
      const start = performance.now();
      const beside = callers(others, call, () => isMeasuring);
      const measured = measureCalls(1, () => execute(runtime, HANDLER, options)).finally(() => {
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
      return [title, us(p50Us), times(p50Us, figures[0].p50Us), us(p99Us), rate(perSecond), rate(besidePerSecond)];
    }),
  );
  console.log();
}

printMachine();
// The records take several times as much memory in the VM as they do as JSON.
await withWorkers([CORES], HANDLER, (runtime) => section(() => contextSizes(runtime)), { memoryLimitBytes: 128 * MIB });
const counts = workerCounts();
await withWorkers(counts, HANDLER, (...runtimes) => section(() => scaling(counts, runtimes)));
await withWorkers([CORES], HANDLER, (runtime) => section(() => fairness(runtime)));
