// What does a sequential `await` of an extension cost in `run`, alone and with many runs at once, here and in products that
// call functions of the application as well?
import { AWAITING_PACKAGES, withProducts } from '../awaiting/index.mjs';
import { ratio, us } from '../harness/format.mjs';
import { inTurn, measureCalls, runFor, section } from '../harness/load.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printData, printTable } from '../harness/table.mjs';
import { check } from '../suspension/awaits.mjs';

const AWAITS = [1, 5, 10, 50];
const IN_FLIGHT = 64;
const WITHOUT = 'run without awaits';
const ROUNDS = isShort ? 2 : 12;
/** Of each subject, before the first round: V8 optimises what runs wait through. */
const WARM_UP_MS = isShort ? 2_000 : 5_000;

/** Times of single runs, and the processor time of all threads for each. */
async function measureRuns(inFlight, awaits, run) {
  const before = process.cpuUsage();
  let calls = 0;
  const figures = await measureCalls(inFlight, async () => {
    const outcome = await run();
    check(awaits, outcome);
    calls++;
    return outcome;
  });
  const { user, system } = process.cpuUsage(before);
  return { ...figures, cpuUs: (user + system) / calls };
}

async function warmUp(subjects) {
  for (const { prepare } of subjects) if (prepare !== undefined) await runFor(WARM_UP_MS, 1, prepare(AWAITS.at(-1)));
}

async function alone(subjects) {
  for (const awaits of AWAITS) {
    const runs = subjects.map(({ prepare }) => prepare?.(awaits));
    const rows = await measured(subjects, runs, (run) => measureRuns(1, awaits, run), ROUNDS);
    const [ours, plain] = rows;
    for (const row of rows) {
      row.perAwaitUs = row === plain ? undefined : (row.p50Us - (row === ours ? plain.p50Us : 0)) / awaits;
      row.ratio = row.p50Us / ours.p50Us;
      row.cpuRatio = row.cpuUs / ours.cpuUs;
    }
    printData({
      id: `alone-${awaits}`,
      columns: [
        ['subject', `one run at a time, ${awaits} await${awaits === 1 ? '' : 's'}`, 'text'],
        ['p50Us', 'p50', 'time'],
        ['p99Us', 'p99', 'time'],
        ['perAwaitUs', 'per await', 'us'],
        ['ratio', 'ratio', 'ratio'],
        ['cpuUs', 'processor', 'time'],
        ['cpuRatio', 'ratio', 'ratio'],
      ],
      rows,
      note: 'per await: ours beyond a run without awaits; of the others, the whole run by their number',
    });
    console.log();
  }
}

async function inFlight(subjects) {
  const awaits = 10;
  const chosen = subjects.filter(
    ({ subject }) => subject.startsWith('nexus-runtime: run') && !subject.endsWith(WITHOUT),
  );
  const runs = chosen.map(({ prepare }) => prepare(awaits));
  const [figures] = await measured(chosen, runs, (run) => measureRuns(IN_FLIGHT, awaits, run), ROUNDS);
  const { perSecond, mainUs, cpuUs } = figures;
  printTable(
    [`${IN_FLIGHT} runs in flight, ${awaits} awaits each`, 'awaits', 'main thread', 'processor'],
    [['an await', `${Math.round(perSecond * awaits).toLocaleString('en')}/s`, us(mainUs / awaits), us(cpuUs / awaits)]],
  );
  console.log('\ntarget: at least 12,000 awaits per second');
}

/** A row for each subject; every one is measured in every round. */
async function measured(subjects, runs, measure, rounds) {
  const present = runs.filter((run) => run !== undefined);
  const figures = await inTurn(
    present.map((run) => () => measure(run)),
    rounds,
  );
  return subjects.map(({ subject, unavailable }) =>
    unavailable === undefined ? { subject, ...figures.shift() } : { subject, unavailable },
  );
}

printMachine(AWAITING_PACKAGES);
await withProducts(async (subjects) => {
  await warmUp(subjects);
  await section(() => alone(subjects));
  await section(() => inFlight(subjects));
  console.log(
    `targets: an await at most 75 µs; against isolated-vm at least ${ratio(1.5)} at 1, ${ratio(1.2)} at 5 and 10`,
  );
});
