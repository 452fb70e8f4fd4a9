// Compares two checkouts in one process: the same work alternately, in slices so short that a temporary
// slowdown of the machine affects both. Prints the median of the ratios of neighbouring slices, with its 95 %
// confidence interval. Times are processor times of all threads of the process, on which other load has
// little influence; for the pool, where threads wait for each other, they are wall-clock times.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { us } from './harness/format.mjs';
import { printMachine } from './harness/machine.mjs';
import { median } from './harness/statistics.mjs';
import { printTable } from './harness/table.mjs';
import { CAPABILITIES, CONTRACT, LARGE_STATE, REFERENCE, STATE, WEB } from './work/contract.mjs';
import { exampleHandlers, markdown, salesReport } from './work/handlers.mjs';
import { heavy } from './work/heavy.mjs';
import { quickStart } from './work/quick-start.mjs';

const SLICE_MS = 80;
const WARM_UP_MS = 400;
/** Slices of each checkout in a round. */
const TURNS = 3;
/** A compilation is never repeated with the same text, because that would be a cache hit. */
const COMPILED_HANDLER =
  'const total = $args.items.reduce((sum, { price, count }) => sum + price * count, 0);\nreturn total';

/** The comparisons, by question. Each returns the names and runs of its cases for one checkout. */
const QUESTIONS = { pristine, contract, heavy: heavyWork, library, cache, pool };

/**
 * @param {[here: string, there: string]} checkouts both must be built
 * @param {string[]} names the names of the questions
 */
export async function compareCheckouts([here, there], names = Object.keys(QUESTIONS), rounds = 15) {
  const unknown = names.filter((name) => QUESTIONS[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`no comparison named ${unknown.join(', ')}: there are ${Object.keys(QUESTIONS).join(', ')}`);
  printMachine();
  const releases = [];
  const scratch = mkdtempSync(join(tmpdir(), 'nexus-bench-against-'));
  try {
    for (const name of names) {
      const sides = [];
      for (const [i, folder] of [here, there].entries()) {
        const side = { load: loader(folder), directory: join(scratch, `${name}-${i}`), releases };
        sides.push(await QUESTIONS[name](side));
      }
      const rows = [];
      const timeUs = name === 'pool' ? clockUs : processorUs;
      for (const [title, run] of sides[0])
        rows.push(await compareRuns(title, [run, sides[1].get(title)], rounds, timeUs));
      console.log();
      printTable([`${name}, ${rounds} rounds`, 'there', 'here', 'here / there', '95 %'], rows);
    }
  } finally {
    for (const release of releases) await release();
    rmSync(scratch, { recursive: true, force: true });
  }
}

const loader = (folder) => (file) => import(pathToFileURL(join(folder, file)).href);

async function compareRuns(title, runs, rounds, timeUs) {
  for (const run of runs) await slice(run, WARM_UP_MS, timeUs);
  const figures = [[], []];
  const ratios = [];
  for (let round = 0; round < rounds; round++) {
    const own = [[], []];
    for (let turn = 0; turn < TURNS * 2; turn++) {
      // ABBA order, so that neither is always the second.
      const side = [0, 1, 1, 0][turn % 4];
      own[side].push(await slice(runs[side], SLICE_MS, timeUs));
    }
    const [here, there] = own.map(median);
    figures[0].push(here);
    figures[1].push(there);
    ratios.push(here / there);
  }
  ratios.sort((a, b) => a - b);
  const [low, high] = intervalOf(ratios);
  const [here, there] = figures.map(median);
  return [title, us(there), us(here), `${median(ratios).toFixed(3)}×`, `${low.toFixed(3)} to ${high.toFixed(3)}`];
}

/** Mean time of a call, in microseconds. */
async function slice(run, ms, timeUs) {
  const until = performance.now() + ms;
  const before = timeUs();
  let calls = 0;
  do calls += (await run()) ?? 1;
  while (performance.now() < until);
  return (timeUs() - before) / calls;
}

function processorUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

const clockUs = () => performance.now() * 1000;

/** The interval of the median, from ranks only, for any distribution. @param {number[]} sorted */
function intervalOf(sorted) {
  const count = sorted.length;
  let probability = 0.5 ** count;
  let tail = probability;
  let rank = 0;
  while (tail <= 0.025) {
    rank++;
    probability *= (count - rank + 1) / rank;
    tail += probability;
  }
  const from = Math.max(0, rank - 1);
  return [sorted[from], sorted[count - 1 - from]];
}

async function executions({ load }, works) {
  const { load: loadVariants } = await load('benchmarks/peers/nexus-runtime.mjs');
  const [prepare] = Object.values((await loadVariants()).variants);
  const runs = new Map();
  for (const [title, work] of works) {
    const { run } = await prepare(work);
    // Batches, because reading the clock costs up to a tenth of a short call through the pool.
    const batch = inBatches(run, work.isLong ? 1 : 10);
    runs.set(title, batch);
  }
  return runs;
}

function inBatches(run, count) {
  return async () => {
    for (let i = 0; i < count; i++) await run();
    return count;
  };
}

function pristine(side) {
  const works = [quickStart, ...exampleHandlers].map((work) => [work.name, work]);
  return executions(side, [...works, [markdown.name, { ...markdown, isLong: true }]]);
}

function contract(side) {
  const context = (stateSnapshot) => ({ stateSnapshot, args: { n: 3 }, scope: {}, capabilities: CAPABILITIES });
  const uses = Object.values(WEB).map((use) => `${use};`);
  const work = (source, state = STATE) => ({ source, context: context(state) });
  return executions(side, [
    ['the reference handler', work(REFERENCE)],
    ...Object.entries(CONTRACT).map(([title, use]) => [title, work(use + REFERENCE)]),
    ['uses all globals of the web platform', work(uses.join(' ') + REFERENCE)],
    ['has a state of 9 KB', work(REFERENCE, LARGE_STATE)],
    [
      'reads all of a state of 9 KB',
      work(`let sum = 0; for (const order of $state.orders) sum += order.total;${REFERENCE}`, LARGE_STATE),
    ],
  ]);
}

function heavyWork(side) {
  const works = heavy.map(({ name, source, args }) => [
    name,
    { source, context: { args, capabilities: [] }, isLong: true },
  ]);
  return executions(side, works);
}

function library(side) {
  return executions(side, [
    ['lodash, later runs', { ...salesReport, isLong: true }],
    ['marked, later runs', { ...markdown, isLong: true }],
  ]);
}

async function cache({ load, directory, releases }) {
  const { HandlerCompiler } = await load('dist/index.js');
  const compiler = new HandlerCompiler({ cacheDir: directory, cacheSecret: 'a secret for the comparison' });
  releases.push(() => compiler.close());
  const runs = new Map();
  let number = 0;
  const compiled = (title, source) =>
    runs.set(title, async () => {
      await compiler.compile(`${source}\n// ${number++}`);
    });
  compiled('compile a handler of 2 lines', COMPILED_HANDLER);
  compiled('compile lodash', salesReport.libraries.lodash);
  compiled('compile marked', markdown.libraries.marked);
  runs.set('a hit on disk', async () => {
    await compiler.clearCache({ memory: true, disk: false });
    await compiler.compile(COMPILED_HANDLER);
  });
  await compiler.compile(COMPILED_HANDLER);
  runs.set(
    'a hit in memory',
    inBatches(() => compiler.compile(COMPILED_HANDLER), 10),
  );
  return runs;
}

async function pool({ load, releases }) {
  const { createRuntime } = await load('dist/index.js');
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 2, minInstances: 2 });
  releases.push(() => runtime.shutdown());
  await runtime.warmup([quickStart.source]);
  const execute = async () => {
    const result = await runtime.executeHandler(quickStart.source, quickStart.context);
    if (result.returnValue !== quickStart.expected) throw new Error(JSON.stringify(result));
  };
  const together = (inFlight) => async () => {
    const caller = async () => {
      for (let i = 0; i < 10; i++) await execute();
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
    return inFlight * 10;
  };
  return new Map([
    ['one at a time', inBatches(execute, 10)],
    ['64 in flight', together(64)],
  ]);
}
