import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { Worker } from '../lib/children.mjs';
import { Findings, thousands } from '../lib/findings.mjs';
import { JournaledStore } from '../lib/journaled-store.mjs';
import { Journal, Ledger } from '../lib/ledger.mjs';
import { openStore, recordsBelow } from '../lib/suspensions.mjs';

export const title = 'kill -9 while suspending and resuming';

const STEPPER = new URL('./workers/killed-at-a-step.mjs', import.meta.url);
const RESUMER = new URL('./workers/endless-resumer.mjs', import.meta.url);
/** What each way to be cut off is tried on. Making the shards is one thing, done many times. */
const CUTS = {
  before: (name) => name !== 'mkdir',
  after: (name) => ['link', 'unlink', 'rm', 'datasync', 'sync'].includes(name),
  during: (name) => name === 'writeFile',
};
const RANDOM_KILLS = 500;
const AT_ONCE = 4;
const LONGEST_LIFE_MS = 60;
/** When the last sweep of a process that is killed at a step is. */
const LAST_STEP_MS = 2_000;
/** Past every lease of a round. */
const ROUND_MS = 10_000;
/** Outcomes are forgotten a few rounds later, while others are killed. */
const KEEP_MS = 3 * ROUND_MS;
const KEEP_FOREVER_MS = 1e11;

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const counts = { kills: 0, puts: 0, outcomes: 0, steps: 0 };
  const stepKills = await killAtSteps(scratch, quick, findings, counts);
  await killAtRandom(join(scratch, 'random'), quick ? 8 : RANDOM_KILLS, findings, counts);
  return findings.end(
    `${thousands(counts.kills)} kills, ${thousands(stepKills)} of them at steps of ${counts.steps} file operations; ` +
      `${thousands(counts.puts)} suspensions and ${thousands(counts.outcomes)} outcomes acknowledged, ` +
      `${findings.count} lost, torn, or there twice`,
  );
}

/** One process for each step and each way to be cut off there. */
async function killAtSteps(scratch, quick, findings, counts) {
  const names = await namesOfSteps(join(scratch, 'steps'));
  counts.steps = names.length;
  const cuts = Object.entries(CUTS).flatMap(([when, isWorthIt]) =>
    names.flatMap((name, index) => (isWorthIt(name) ? [{ name, when, killAt: index + 1 }] : [])),
  );
  // In a hurry those where it matters most, and of the others a few, different ones each time.
  const offset = randomInt(64);
  const isChosen = ({ name, when }, index) =>
    when === 'during' || (when === 'after' && name === 'link') || index % 64 === offset;
  const chosen = quick ? cuts.filter(isChosen) : cuts;
  let kills = 0;
  const next = async () => {
    for (let cut = chosen.shift(); cut !== undefined; cut = chosen.shift()) {
      if (await killAtStep(join(scratch, `${cut.when}-${cut.killAt}`), cut, findings, counts)) kills++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return kills;
}

async function namesOfSteps(root) {
  const { worker, result } = startStepper(root, {});
  await worker.ready;
  const names = await result;
  await worker.kill();
  return names;
}

function startStepper(root, cut) {
  const journals = join(root, 'journals');
  mkdirSync(journals, { recursive: true });
  const directory = join(root, 'store');
  const worker = new Worker(STEPPER, [{ directory, journals, name: 'killed', ...cut }]);
  return { worker, directory, journals, result: worker.expect('steps') };
}

/** False when it was not killed: batches of reads go by in any order, so a write may be at another step. */
async function killAtStep(root, cut, findings, counts) {
  const { worker, directory, journals, result } = startStepper(root, cut);
  const isKilled = await Promise.race([
    worker.ended.then(() => true),
    result.then(
      () => false,
      () => true,
    ),
  ]);
  if (!isKilled) {
    await worker.kill();
    return false;
  }
  counts.kills++;
  await checkAndFinish(directory, journals, LAST_STEP_MS, findings, counts);
  return true;
}

async function killAtRandom(root, kills, findings, counts) {
  const [directory, journals] = [join(root, 'store'), join(root, 'journals')];
  mkdirSync(journals, { recursive: true });
  let nowMs = ROUND_MS;
  for (let done = 0; done < kills; done += AT_ONCE) {
    const workers = Array.from({ length: Math.min(AT_ONCE, kills - done) }, async (_, index) => {
      const name = `${done + index}`;
      const worker = new Worker(RESUMER, [{ directory, journals, name, nowMs, keepMs: KEEP_MS, open: 8, lanes: 3 }]);
      await worker.ready;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_LIFE_MS));
      await worker.kill();
      counts.kills++;
    });
    await Promise.all(workers);
    nowMs += ROUND_MS;
    const isLast = done + AT_ONCE >= kills;
    if (isLast) await checkAndFinish(directory, journals, nowMs, findings, counts);
    else await checkNow(directory, journals, nowMs, findings);
  }
}

async function checkNow(directory, journals, nowMs, findings) {
  const store = openStore(directory);
  await new Ledger(journals).check(store, nowMs, findings);
  await store.close();
}

/** What is promised is there; what waits can be resumed; and nothing else is left after a sweep. */
async function checkAndFinish(directory, journals, nowMs, findings, counts) {
  await checkNow(directory, journals, nowMs, findings);
  const files = openStore(directory);
  const store = new JournaledStore(files, new Journal(journals, 'finisher'));
  const { suspensions, unreadable } = await files.list({ limit: 100_000 });
  findings.check(unreadable.length === 0, 'an unreadable record');
  const listed = new Set(suspensions.map(({ id }) => id));
  for (const id of new Ledger(journals).ids) {
    const found = await files.read(id);
    if (found !== undefined) findings.check(listed.has(id), 'there, and not listed');
  }
  for (const { id, state, expiresAtMs } of suspensions) {
    if ((state !== 'suspended' && state !== 'resuming') || expiresAtMs <= nowMs) continue;
    const fence = await store.claim(id, 'finisher', nowMs, 1_000);
    findings.check(fence !== undefined, 'cannot be claimed after its lease has lapsed');
    if (fence === undefined) continue;
    const kind = await store.settle(id, fence, 'completed', nowMs, KEEP_FOREVER_MS);
    findings.check(kind === 'recorded', `cannot be completed after a crash: ${kind}`);
  }
  await files.sweep(nowMs);
  const ledger = new Ledger(journals);
  await ledger.check(files, nowMs, findings);
  counts.puts += ledger.acknowledgedPuts;
  counts.outcomes += ledger.acknowledgedOutcomes;
  const debris = recordsBelow(directory).filter((name) => name.endsWith('.tmp'));
  findings.check(debris.length === 0, 'temporary files left after a sweep');
  await files.close();
}
