// What do metrics and events cost for each execution, on the main thread, and at a scrape? `--short` takes a fifth of the time.
import { createRuntime } from '../../build/index.js';
import { Meter, noUsage } from '../../build/metrics/meter.js';
import { Telemetry } from '../../build/metrics/telemetry.js';
import { measure } from '../harness/batches.mjs';
import { us } from '../harness/format.mjs';
import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printTable } from '../harness/table.mjs';
import { quickStart } from '../work/quick-start.mjs';

const HANDLER_NAMES = isShort ? 20_000 : 100_000;
const SCRAPES = isShort ? 10 : 50;
const ROUNDS = isShort ? 4 : 12;
const ROUND_MS = isShort ? 80 : 300;
const IN_FLIGHT = 64;

const GAUGES = {
  pool: { busy: 1, idle: 1, starting: 0, queued: 0 },
  memoryBytes: 2 ** 25,
  kept: {
    usage: { waiting: 1, waitingBytes: 1, outcomes: 1, outcomeBytes: 1 },
    refused: { total: 0, perTenant: 0 },
    evicted: 0,
  },
  cache: {
    memory: { entries: 1, bytes: 1, evictions: 0, hits: 1 },
    disk: {
      entries: 1,
      bytes: 1,
      evictions: 0,
      hits: 1,
      writes: 1,
      writeFailures: 0,
      droppedWrites: 0,
      rejections: {},
    },
    misses: 1,
    compilations: 1,
    hitRate: 0.5,
  },
  suspended: 0,
};
const RESULT = {
  status: 'success',
  stateMutations: [],
  events: [],
  viewCommands: [],
  logs: [],
  metrics: {
    durationUs: 45.2,
    compilationTimeUs: 2,
    queueTimeUs: 40.1,
    memoryUsedBytes: 1_000,
    memoryPeakBytes: 2 ** 24,
    hostCalls: 2,
    instructionCount: 0,
    cacheHit: true,
    cacheTier: 'memory',
  },
};
const ORIGIN = { handlerName: 'reference' };

/** Reports an execution without executing anything. */
async function recording() {
  const settings = [
    ['metrics off, nobody listens', {}, false],
    ['metrics on, nobody listens', {}, {}],
    ['metrics on, by handler', {}, { handlerLabel: true }],
    ['metrics on, onExecution', { onExecution: () => {} }, {}],
  ];
  const rows = [];
  for (const [title, observer, metrics] of settings) {
    const telemetry = new Telemetry(observer, metrics, () => GAUGES);
    const { lowestUs, medianUs } = await measure(() => telemetry.execution(RESULT, true, ORIGIN));
    rows.push([title, us(lowestUs), us(medianUs)]);
  }
  printTable(['telling of an execution', 'lowest', 'median'], rows);
  console.log('\naim: metrics cost at most 2 µs for each execution\n');
}

/** Adds up what an execution used, by tenant and handler. */
async function metering() {
  const amounts = { bytesIn: 100, bytesOut: 200, calls: 1 };
  const origins = Array.from({ length: 1_000 }, (_, i) => ({
    tenant: `tenant ${i % 100}`,
    handlerName: `handler ${i % 30}`,
  }));
  const settings = [
    ['metering off', {}, undefined],
    ['metering on', {}, new Meter({}, 0)],
    ['metering on, a quota', {}, new Meter({}, 0), noUsage()],
    ['metering on, onUsage', { onUsage: () => {} }, new Meter({}, 0)],
  ];
  const rows = [];
  for (const [title, observer, meter, call] of settings) {
    const telemetry = new Telemetry(observer, false, () => GAUGES, meter);
    let next = 0;
    const { lowestUs, medianUs } = await measure(() =>
      telemetry.usage(RESULT, amounts, true, origins[next++ % origins.length], call),
    );
    rows.push([title, us(lowestUs), us(medianUs)]);
  }
  printTable(['metering an execution', 'lowest', 'median'], rows);
  console.log('\naim: at most 1 µs for each execution\n');
}

/** The same load on two runtimes in turn: executions per second, and main-thread time of each. */
async function throughPool() {
  const settings = [
    ['metrics off', { metrics: false }],
    ['metrics on', {}],
    ['metrics on, onExecution', { observer: { onExecution: () => {} } }],
  ];
  const runtimes = [];
  for (const [, options] of settings) {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 2, minInstances: 2, ...options });
    await runtime.warmup([quickStart.source]);
    runtimes.push(runtime);
  }
  const samples = settings.map(() => []);
  for (let round = -2; round < ROUNDS; round++) {
    for (const [i, runtime] of runtimes.entries()) {
      const sample = await load(runtime);
      if (round >= 0) samples[i].push(sample);
    }
  }
  await Promise.all(runtimes.map((runtime) => runtime.shutdown()));
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const busy = samples.map((rounds) => median(rounds.map((sample) => sample.busyUs)));
  printTable(
    [`${IN_FLIGHT} in flight`, 'executions', 'main thread', 'difference'],
    settings.map(([title], i) => [
      title,
      `${Math.round(median(samples[i].map((sample) => sample.perSecond))).toLocaleString('en-US')}/s`,
      us(busy[i]),
      i === 0 ? '' : `${(busy[i] - busy[0]).toFixed(1)} µs`,
    ]),
  );
  console.log();
}

async function load(runtime) {
  let executions = 0;
  const before = performance.eventLoopUtilization();
  const startedAt = performance.now();
  const until = startedAt + ROUND_MS;
  const caller = async () => {
    while (performance.now() < until) {
      const { returnValue } = await runtime.executeHandler(quickStart.source, quickStart.context);
      if (returnValue !== quickStart.expected) throw new Error(`expected ${quickStart.expected}, got ${returnValue}`);
      executions++;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  const seconds = (performance.now() - startedAt) / 1000;
  const { active } = performance.eventLoopUtilization(before);
  return { perSecond: executions / seconds, busyUs: (active * 1000) / executions };
}

/** With any number of handler names. */
async function scrapes() {
  const rows = [];
  for (const [title, metrics] of [
    ['without the label handler', {}],
    ['with it', { handlerLabel: true }],
  ]) {
    const telemetry = new Telemetry({}, metrics, () => GAUGES);
    for (let i = 0; i < HANDLER_NAMES; i++) telemetry.execution(RESULT, true, { handlerName: `handler ${i}` });
    await telemetry.text();
    const times = [];
    for (let i = 0; i < SCRAPES; i++) {
      const startedAt = performance.now();
      await telemetry.text();
      times.push(performance.now() - startedAt);
    }
    times.sort((a, b) => a - b);
    const text = await telemetry.text();
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    const ms = (value) => `${value.toFixed(2)} ms`;
    rows.push([title, series.toLocaleString('en-US'), ms(times[times.length >> 1]), ms(times.at(-1))]);
  }
  printTable([`a scrape after ${HANDLER_NAMES.toLocaleString('en-US')} names`, 'series', 'median', 'slowest'], rows);
  console.log('\naim: under 20 ms');
}

printMachine();
await recording();
await metering();
await throughPool();
await scrapes();
