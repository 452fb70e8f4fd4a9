import { randomInt } from 'node:crypto';
import { join } from 'node:path';

import { Worker } from '../lib/children.mjs';
import { Findings, thousands } from '../lib/findings.mjs';
import { makeSuspension, newId, newNonce, openStore } from '../lib/suspensions.mjs';

export const title = 'cancel, expiry and resume at once';

const CLAIMER = new URL('./workers/claimer.mjs', import.meta.url);
const SUSPENSIONS_A_ROUND = 10;
const [EXPIRES_AT_MS, CLAIMED_MS, LEASE_MS] = [10_000, 9_000, 500];
/** The lease has lapsed, and the time has expired. */
const SWEPT_MS = 10_000;

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const directory = join(scratch, 'store');
  const store = openStore(directory);
  const workers = ['owner', 'canceller', 'sweeper'].map((name) => new Worker(CLAIMER, [{ directory, name }]));
  const outcomes = { completed: 0, cancelled: 0, expired: 0 };
  const rounds = quick ? 5 : 100;
  for (let round = 0; round < rounds; round++) await race(store, workers, round, findings, outcomes);
  const contested = await Promise.all(workers.map((worker) => worker.ask('lostLinks')));
  for (const worker of workers) await worker.kill();
  await store.close();
  if (!quick) for (const [state, times] of Object.entries(outcomes)) findings.check(times > 0, `never ${state}`);
  return findings.end(
    `${thousands(rounds * SUSPENSIONS_A_ROUND)} suspensions, one outcome each: ${thousands(outcomes.completed)} completed, ` +
      `${thousands(outcomes.cancelled)} cancelled, ${thousands(outcomes.expired)} expired ` +
      `(${thousands(contested.reduce((sum, lost) => sum + lost, 0))} times several at the same link)`,
  );
}

async function race(store, [owner, canceller, sweeper], round, findings, outcomes) {
  const suspensions = [];
  for (let i = 0; i < SUSPENSIONS_A_ROUND; i++) {
    const id = newId();
    await store.put(makeSuspension(id, newNonce(), { expiresAtMs: EXPIRES_AT_MS }));
    const { fence } = await owner.ask('claim', { id, nowMs: CLAIMED_MS, leaseMs: LEASE_MS });
    suspensions.push({ id, fence });
  }
  const settleAll = (worker, state, showsFence) => async () => {
    const settling = shuffled(suspensions).map(async ({ id, fence }) => {
      const settle = { id, fence: showsFence ? fence : undefined, state, nowMs: CLAIMED_MS };
      return [id, await worker.ask('settle', settle)];
    });
    return new Map(await Promise.all(settling));
  };
  const racers = {
    completed: settleAll(owner, 'completed', true),
    cancelled: settleAll(canceller, 'cancelled', false),
    sweep: () => sweeper.ask('sweep', { nowMs: SWEPT_MS }),
  };
  const { completed, cancelled, sweep } = await startTogether(racers, round);
  const expired = new Set(sweep.expired);
  for (const { id } of suspensions) {
    const answers = { completed: completed.get(id), cancelled: cancelled.get(id) };
    const states = Object.keys(answers).filter((state) => answers[state].kind === 'recorded');
    if (expired.has(id)) states.push('expired');
    findings.check(states.length === 1, `has ${states.length} outcomes: ${states}`);
    const [state] = states;
    outcomes[state]++;
    for (const worker of [owner, canceller, sweeper]) {
      const found = await worker.ask('read', id);
      findings.check(found?.state === state, `${state}, and somebody reads ${found?.state}`);
      const nonce = answers[state]?.nonce;
      findings.check(nonce === undefined || found?.nonce === nonce, 'another outcome than was recorded');
    }
    for (const answer of Object.values(answers)) {
      const told = answer.kind === 'recorded' || answer.recorded === (answers[state]?.nonce ?? 'expired');
      findings.check(told, `${state}, and the others are told: ${answer.kind} ${answer.recorded}`);
    }
    const late = await owner.ask('claim', { id, nowMs: CLAIMED_MS, leaseMs: LEASE_MS });
    const expected = state === 'expired' ? 'expired' : 'settled';
    findings.check(late.kind === expected, `${state}, and a claim is told: ${late.kind}`);
  }
}

/** Each is the first to start in its turn. */
async function startTogether(racers, turn) {
  const names = Object.keys(racers);
  const inTurn = names.map((_, index) => names[(index + turn) % names.length]);
  const results = await Promise.all(inTurn.map(async (name) => [name, await racers[name]()]));
  return Object.fromEntries(results);
}

function shuffled(items) {
  return items
    .map((item) => ({ item, at: randomInt(1_000_000) }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
