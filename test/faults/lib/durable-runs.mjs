// Runs that are started in this process, and executed by others that end in many ways.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { createRuntime } from '#build/index.js';
import { Findings } from './findings.mjs';
import { endOf, severally } from './severally.mjs';

const WORKER = new URL('../durable/workers/working.mjs', import.meta.url);
const WORKERS = { quick: 2, long: 3 };
export const LEASE_MS = 1_500;
const SLEEP_MS = 100;
/** Between two disturbances. */
const MAX_STEPS = 12;
const MAX_STEPS_MS = 20_000;
const MAX_PAUSE_MS = 100;
const LOOK_MS = 10;
/** Ended runs whose results are looked up. */
const CHECKED_AT_ONCE = 16;
const MAX_MS = 90 * 60 * 1000;
const RETRY_MS = 200;
/** So many are under way at a time where their number follows from that of the disturbances. */
export const OPEN_RUNS = 24;
/** What a store that is away is refused with. */
const RETRIED = new Set(['INTERNAL_ERROR', 'INVALID_CONFIG']);

const SLEEP = `
  const before = Date.now();
  await $sleep(${SLEEP_MS});
  const sleptMs = Date.now() - before;`;
/** Eight steps: calls in turn, two at once, one that is answered from elsewhere, a timer. */
const handler = (sleep) => `
  const tokens = [];
  const note = (...given) => { for (const one of given) { tokens.push(one); $emit('token', one) } };
  $emit('begun', $args);
  for (let i = 0; i < 3; i++) note(await $ext.service.token(i));
  note(...await Promise.all([$ext.service.token('a'), $ext.service.token('b')]));
${sleep}
  note(await $ext.service.ask('question'));
  return { tokens, sleptMs };`;
const withTimer = handler(SLEEP);
export const WITHOUT_TIMER = handler('const sleptMs = 1e9;');

const listed = (counts) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

/** Processes that all do the same, and find what there is to do in the store. */
const ALIKE = { worker: WORKER, argsOf: () => undefined, dispatcher: undefined, onTimes() {} };

/**
 * @param disturb called again and again with the processes that work, until all runs have ended; `steps` is how many were told so far
 * @param times how often it is to be disturbed: more runs than `count` are started while that has not been done, a few at a time
 * @param openRuns how many runs are under way at most
 * @param untilMs when no more runs are started, in milliseconds since the epoch
 * @param isPublished whether what is lost or told in two ways is only counted: the fault may do that
 * @param maxMs how long to wait for the end of all runs
 * @param fleet what the processes are: their module, an argument for each by its index, their number, and the dispatcher of this process
 * @param workerOptions what a process that works is given, by its place, if the fleet has no argument for it
 * @param onKilled told of the operation of the store at which a process is about to die
 * @param onResult told the result of each run
 * @param more added to the figure
 * @returns what a fault returns to the campaign
 */
export async function runDurable(
  { scratch, quick },
  {
    count,
    disturb,
    times = 0,
    openRuns = times > 0 ? Math.min(OPEN_RUNS, count) : Number.POSITIVE_INFINITY,
    untilMs = Number.POSITIVE_INFINITY,
    isPublished = false,
    maxMs = MAX_MS,
    leaseMs = LEASE_MS,
    fleet = { ...ALIKE, workers: quick ? WORKERS.quick : WORKERS.long },
    workerOptions = () => ({}),
    source = withTimer,
    onKilled = () => {},
    onResult = () => {},
    more = () => '',
  },
) {
  const findings = new Findings();
  const suspensionDir = join(scratch, 'runs');
  const { dispatcher, suspensions = { suspensionDir } } = fleet;
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false, dispatcher, ...suspensions });
  /** By code. */
  const refused = {};
  /** What a server refused is asked for again, as an application does. */
  const insist = async (ask) => {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!error.retryable && !RETRIED.has(error.code)) throw error;
        refused[error.code] = (refused[error.code] ?? 0) + 1;
        if (process.env.SHOW_REFUSED) console.log(error);
        await pause(RETRY_MS);
      }
    }
  };
  /** By key: the content that was told under it, as text. */
  const told = new Map();
  /** By run: tokens in the order in which their keys were told first. */
  const tokens = new Map();
  const ends = new Map();
  let repeated = 0;
  let differ = 0;
  /** What a fault is allowed to do is counted, and is no violation. */
  const found = (isRight, violation) => isPublished || findings.check(isRight, violation);
  let repeatedAsks = 0;
  const asked = new Set();
  const onLine = (text) => {
    const { key, runId, effects, end, ask, times, killedAt } = JSON.parse(text);
    if (times !== undefined) fleet.onTimes(times);
    else if (killedAt !== undefined) onKilled(killedAt);
    else if (effects !== undefined) {
      const content = JSON.stringify(effects);
      const before = told.get(key);
      if (before === undefined) {
        const given = effects.filter(({ name }) => name === 'token').map(({ payload }) => payload);
        tokens.set(runId, [...(tokens.get(runId) ?? []), ...given]);
      } else repeated++;
      if (before !== undefined && before !== content) differ++;
      found(before === undefined || before === content, `${key} was told with two contents`);
      told.set(key, content);
    } else if (end !== undefined) {
      const before = ends.get(runId);
      const content = JSON.stringify(end);
      found(before === undefined || before === content, `${runId} ended in two ways`);
      ends.set(runId, content);
    } else if (ask !== undefined) {
      if (asked.has(ask)) repeatedAsks++;
      asked.add(ask);
      // From another process, twice, and not at once.
      const answer = async () => {
        const said = await insist(() => runtime.completeCall(ask, { success: true, value: randomUUID() }));
        found(said !== 'unknown', 'a call that was made is unknown');
        return said;
      };
      const both = () => Promise.all([answer(), answer()]);
      setTimeout(() => both().catch((error) => findings.check(false, String(error))), 20);
    }
  };

  const workers = new Set();
  let died = 0;
  let isStopped = false;
  /** One of each place is there at any time. */
  const startWorker = () => {
    const places = new Set([...workers].map(({ index }) => index));
    const index = Array.from({ length: fleet.workers }, (_, at) => at).find((at) => !places.has(at)) ?? 0;
    const args = [suspensionDir, leaseMs, fleet.argsOf(index) ?? workerOptions(index)];
    const program = [fileURLToPath(fleet.worker), ...args.map((arg) => JSON.stringify(arg))];
    const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout });
    const worker = { index, child, isReady: false };
    worker.ready = new Promise((resolve) => {
      lines.once('line', () => {
        worker.isReady = true;
        resolve();
      });
    });
    lines.on('line', (text) => text.includes('isReady') || onLine(text));
    worker.ended = new Promise((resolve) => child.once('close', resolve));
    workers.add(worker);
    void worker.ended.then(() => {
      workers.delete(worker);
      if (!isStopped) died++;
    });
    return worker;
  };
  const stopWorkers = () => {
    isStopped = true;
    for (const { child } of workers) child.kill('SIGKILL');
  };
  process.on('exit', stopWorkers);
  let disturbed = 0;
  const startedAt = Date.now();
  try {
    for (let i = 0; i < fleet.workers; i++) startWorker();
    const ids = [];
    let areStarted = false;
    const capabilities = ['ext:service.*', 'events:emit:*', 'timer'];
    const isTimeLeft = () => Date.now() < Math.min(startedAt + maxMs, untilMs);
    const startAll = async () => {
      for (let index = 0; (index < count || disturbed < times) && isTimeLeft(); index++) {
        while (ids.length - ends.size >= openRuns && isTimeLeft()) await pause(LOOK_MS);
        const runId = `run-${index}`;
        ids.push(runId);
        const start = () => insist(() => runtime.start(source, { args: index, capabilities }, { runId }));
        // A caller whose answer was lost starts it again.
        await Promise.all(index % 5 === 0 ? [start(), start()] : [start()]);
      }
    };
    const isDone = () => areStarted && ends.size >= ids.length;
    void startAll()
      .catch((error) => findings.check(false, `a run was not started: ${error.stack}`))
      .finally(() => (areStarted = true));
    while (!isDone() && Date.now() - startedAt < maxMs) {
      disturbed += await disturb({
        workers: [...workers],
        startWorker,
        isOver: isDone,
        steps: () => told.size + ends.size,
      });
      while (workers.size < fleet.workers) startWorker();
    }
    const early = [];
    await severally(CHECKED_AT_ONCE, ids.length, Number.POSITIVE_INFINITY, async (index) => {
      const runId = ids[index];
      const end = JSON.parse(ends.get(runId) ?? 'null');
      if (end === null) {
        const description = await runtime.getRun(runId).describe().catch(String);
        found(false, `a run did not end: ${runId} (${JSON.stringify(description)})`);
        return;
      }
      findings.check(end.status === 'success', `a run failed: ${runId} ${JSON.stringify(end.error)}`);
      if (end.status !== 'success') return;
      if (end.returnValue.sleptMs < SLEEP_MS) early.push(end.returnValue.sleptMs);
      onResult(end.returnValue, findings);
      const ended = () => runtime.getRun(runId).result({ timeoutMs: 60_000 });
      const kept = (await insist(ended).catch(() => undefined))?.returnValue;
      found(JSON.stringify(kept) === JSON.stringify(end.returnValue), `${runId} has another result than was told`);
      const seen = JSON.stringify(tokens.get(runId));
      found(seen === JSON.stringify(end.returnValue.tokens), `the effects of ${runId} are not those of its result`);
    });
    if (early.length > 0) findings.check(false, `timers were early: ${early.join(', ')} ms instead of ${SLEEP_MS}`);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    const lost = ids.length - ends.size;
    return findings.end(
      `${ids.length} runs, ${disturbed}${times > 0 ? ` of ${times}` : ''} disturbed, ${died} processes died, ${seconds} s: ${lost} lost, ${differ} told with two contents, requests refused: ${listed(refused)}, ${repeated} of ${told.size} told again, ${repeatedAsks} calls made again${more()}`,
    );
  } finally {
    stopWorkers();
    process.off('exit', stopWorkers);
    await Promise.all([...workers].map(({ ended }) => ended));
    await runtime.shutdown();
  }
}

/**
 * Runs of which a process that works is disturbed at random moments: after some steps, so that a slow machine gets on as well. More runs begin until
 * all disturbances are done.
 *
 * @param defaults how many runs at least, and how many disturbances, in the short and in the long form
 * @param disturb what is done to a process
 * @param more given to {@link runDurable} as well
 */
export function runDisturbed(options, defaults, disturb, more = {}) {
  const { runs, kills } = options.quick ? defaults.quick : defaults.long;
  const untilMs = endOf(options);
  const times = Number(options.kills ?? kills);
  let left = times;
  return runDurable(options, {
    count: Number(options.runs ?? runs),
    times,
    untilMs,
    async disturb({ workers, steps, isOver }) {
      const enough = steps() + Math.random() * MAX_STEPS;
      const latest = Date.now() + MAX_STEPS_MS;
      while (steps() < enough && !isOver() && Date.now() < latest) await pause(LOOK_MS);
      await pause(Math.random() * MAX_PAUSE_MS);
      const ready = workers.filter(({ isReady }) => isReady);
      if (left === 0 || ready.length === 0 || Date.now() >= untilMs) return 0;
      left--;
      await disturb(ready[Math.floor(Math.random() * ready.length)]);
      return 1;
    },
    ...more,
  });
}
