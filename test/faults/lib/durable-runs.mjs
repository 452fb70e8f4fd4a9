// Runs that are started in this process, and executed by others that end in many ways.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { createRuntime } from '#build/index.js';
import { Findings } from './findings.mjs';

const WORKER = fileURLToPath(new URL('../durable/workers/working.mjs', import.meta.url));
const WORKERS = 2;
export const LEASE_MS = 1_500;
const SLEEP_MS = 100;
const MAX_MS = 30 * 60 * 1000;

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

/**
 * @param disturb called again and again with the processes that work, until all runs have ended
 * @param workerOptions what a process that works is given, by its number from 0
 * @param onResult told the result of each run
 * @param more added to the figure
 * @returns what a fault returns to the campaign
 */
export async function runDurable(
  { scratch },
  { count, disturb, workerOptions = () => ({}), source = withTimer, onResult = () => {}, more = () => '' },
) {
  const findings = new Findings();
  const suspensionDir = join(scratch, 'runs');
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false, suspensionDir });
  /** By key: the content that was told under it, as text. */
  const told = new Map();
  /** By run: tokens in the order in which their keys were told first. */
  const tokens = new Map();
  const ends = new Map();
  let repeated = 0;
  let repeatedAsks = 0;
  const asked = new Set();
  const onLine = (text) => {
    const { key, runId, effects, end, ask } = JSON.parse(text);
    if (effects !== undefined) {
      const content = JSON.stringify(effects);
      const before = told.get(key);
      if (before === undefined) {
        const found = effects.filter(({ name }) => name === 'token').map(({ payload }) => payload);
        tokens.set(runId, [...(tokens.get(runId) ?? []), ...found]);
      } else repeated++;
      findings.check(before === undefined || before === content, `${key} was told with two contents`);
      told.set(key, content);
    } else if (end !== undefined) {
      const before = ends.get(runId);
      const content = JSON.stringify(end);
      findings.check(before === undefined || before === content, `${runId} ended in two ways`);
      ends.set(runId, content);
    } else if (ask !== undefined) {
      if (asked.has(ask)) repeatedAsks++;
      asked.add(ask);
      // From another process, twice, and not at once.
      const answer = async () => {
        const said = await runtime.completeCall(ask, { success: true, value: randomUUID() });
        findings.check(said !== 'unknown', 'a call that was made is unknown');
        return said;
      };
      const both = () => Promise.all([answer(), answer()]);
      setTimeout(() => both().catch((error) => findings.check(false, String(error))), 20);
    }
  };

  const workers = new Set();
  let started = 0;
  let died = 0;
  let isOver = false;
  const startWorker = () => {
    const args = [suspensionDir, LEASE_MS, workerOptions(started++)].map((arg) => JSON.stringify(arg));
    const child = spawn(process.execPath, [WORKER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout });
    const worker = { child, ready: new Promise((resolve) => lines.once('line', resolve)) };
    lines.on('line', (text) => text.includes('isReady') || onLine(text));
    worker.ended = new Promise((resolve) => child.once('close', resolve));
    workers.add(worker);
    void worker.ended.then(() => {
      workers.delete(worker);
      if (!isOver) died++;
    });
    return worker;
  };
  const stopWorkers = () => {
    isOver = true;
    for (const { child } of workers) child.kill('SIGKILL');
  };
  process.on('exit', stopWorkers);
  let disturbed = 0;
  const startedAt = Date.now();
  try {
    for (let i = 0; i < WORKERS; i++) startWorker();
    const ids = Array.from({ length: count }, (_, index) => `run-${index}`);
    const capabilities = ['ext:service.*', 'events:emit:*', 'timer'];
    for (const [index, runId] of ids.entries()) {
      const start = () => runtime.start(source, { args: index, capabilities }, { runId });
      // A caller whose answer was lost starts it again.
      await Promise.all(index % 5 === 0 ? [start(), start()] : [start()]);
    }
    while (ends.size < count && Date.now() - startedAt < MAX_MS) {
      disturbed += await disturb({ workers: [...workers], startWorker, isOver: () => ends.size >= count });
      while (workers.size < WORKERS) startWorker();
    }
    let early = 0;
    for (const runId of ids) {
      const end = JSON.parse(ends.get(runId) ?? 'null');
      if (end === null) {
        findings.check(
          false,
          `a run did not end: ${runId} (${JSON.stringify(await runtime.getRun(runId).describe())})`,
        );
        continue;
      }
      findings.check(end.status === 'success', `a run failed: ${runId} ${JSON.stringify(end.error)}`);
      if (end.status !== 'success') continue;
      if (end.returnValue.sleptMs < SLEEP_MS) early++;
      onResult(end.returnValue, findings);
      const kept = (await runtime.getRun(runId).result({ timeoutMs: 60_000 })).returnValue;
      findings.check(
        JSON.stringify(kept) === JSON.stringify(end.returnValue),
        `${runId} has another result than was told`,
      );
      const seen = JSON.stringify(tokens.get(runId));
      findings.check(
        seen === JSON.stringify(end.returnValue.tokens),
        `the effects of ${runId} are not those of its result`,
      );
    }
    if (early > 0) findings.check(false, `${early} timers were early`);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    const lost = count - ends.size;
    return findings.end(
      `${count} runs, ${disturbed} disturbed, ${died} processes died, ${seconds} s: ${lost} lost, 0 told with two contents, ${repeated} of ${told.size} told again, ${repeatedAsks} calls made again${more()}`,
    );
  } finally {
    stopWorkers();
    process.off('exit', stopWorkers);
    await Promise.all([...workers].map(({ ended }) => ended));
    await runtime.shutdown();
  }
}

/**
 * Runs of which a process that works is disturbed at random moments.
 *
 * @param defaults how many runs, and how many disturbances, in the short and in the long form
 * @param disturb what is done to a process
 */
export function runDisturbed(options, defaults, maxPauseMs, disturb) {
  const { runs, kills } = options.quick ? defaults.quick : defaults.long;
  let left = Number(options.kills ?? kills);
  return runDurable(options, {
    count: Number(options.runs ?? runs),
    async disturb({ workers }) {
      const [worker] = workers.sort(() => Math.random() - 0.5);
      await worker.ready;
      await pause(Math.random() * maxPauseMs);
      if (left === 0) return 0;
      left--;
      await disturb(worker);
      return 1;
    },
  });
}
