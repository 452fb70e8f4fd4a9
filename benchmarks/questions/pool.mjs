// What does an execution through the pool cost, alone and with many at once, here and in `run`, which also has a pool?
import { percent, rate, times, us } from '../harness/format.mjs';
import { CORES, execute, inTurn, measureCalls, measureParts, section, withWorkers } from '../harness/load.mjs';
import { printMachine } from '../harness/machine.mjs';
import { printData, printTable } from '../harness/table.mjs';
import { quickStart } from '../work/quick-start.mjs';
import { loadRun } from '../work/run-pool.mjs';

const HANDLER = quickStart;

/** One execution at a time, and where its time is spent. */
async function alone(runtime) {
  const [figures] = await inTurn([() => measureParts(runtime, HANDLER)]);
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

/** With more concurrent calls than workers, calls share messages and wait for each other. */
async function inFlight(runtime) {
  const settings = [1, 8, 64, 512];
  const figures = await inTurn(settings.map((count) => () => measureCalls(count, () => execute(runtime, HANDLER))));
  printTable(
    [`in flight, ${CORES} workers`, 'executions', 'ratio', 'p50', 'p99', 'main thread'],
    settings.map((count, i) => {
      const { perSecond, p50Us, p99Us, mainUs } = figures[i];
      return [count, rate(perSecond), times(perSecond, figures[0].perSecond), us(p50Us), us(p99Us), us(mainUs)];
    }),
  );
  console.log('\nmain thread: its time for each execution, this program included');
  console.log('target: at least 20,000/s at 64 in flight');
}

/** Both pools in the same process. Each is measured while the other is idle. */
async function besideRun(runtime) {
  const run = await loadRun(HANDLER);
  const subjects = [
    ['nexus-runtime', () => execute(runtime, HANDLER)],
    ...(run.unavailable ? [] : Object.entries(run.pools)),
  ];
  const settings = subjects.flatMap(([subject, call]) => [1, 64].map((inFlight) => ({ subject, inFlight, call })));
  const figures = await inTurn(
    settings.map(
      ({ inFlight, call }) =>
        () =>
          measureCalls(inFlight, call),
    ),
  );
  const rows = settings.map(({ subject, inFlight }, i) => ({ subject, inFlight, ...figures[i] }));
  for (const row of rows) {
    const ours = rows.find(({ subject, inFlight }) => subject === 'nexus-runtime' && inFlight === row.inFlight);
    row.ratio = ours.perSecond / row.perSecond;
  }
  if (run.unavailable) rows.push({ subject: 'run', unavailable: run.unavailable });
  printData({
    id: 'pool',
    columns: [
      ['subject', 'the first example of the README, through the pool', 'text'],
      ['inFlight', 'in flight', 'count'],
      ['perSecond', 'executions', 'rate'],
      ['ratio', 'nexus-runtime', 'ratio'],
      ['p50Us', 'p50', 'time'],
      ['p99Us', 'p99', 'time'],
      ['mainUs', 'main thread', 'time'],
    ],
    rows,
    note: 'main thread: its time for each execution, this program included',
  });
}

printMachine(['nexus-runtime', 'run']);
await withWorkers([CORES], HANDLER, async (runtime) => {
  await section(() => alone(runtime));
  await section(() => inFlight(runtime));
  await section(() => besideRun(runtime));
});
