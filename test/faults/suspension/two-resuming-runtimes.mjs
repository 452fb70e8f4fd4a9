import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Worker } from '../lib/children.mjs';
import { Findings, thousands } from '../lib/findings.mjs';

export const title = 'two runtimes resume one suspension';

const PROCESS = new URL('./workers/runtime-process.mjs', import.meta.url);
/** Longer than a lease. */
const LATER_MS = 60_000;
/** The answer comes back in an effect, so it tells whose resume counts. */
const CODE = `
  const { token, busyMs } = await $ext.step.next();
  $emit('resumed', token);
  for (const end = Date.now() + busyMs; Date.now() < end;);
  return token;`;
/** Long enough to be stopped in the middle of. */
const BUSY_MS = 400;

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const options = { suspensionDir: join(scratch, 'store') };
  const here = new Worker(PROCESS, [options]);
  const there = new Worker(PROCESS, [options]);
  const rounds = quick ? 30 : 1_000;
  const winners = await resumeAtOnce(here, there, rounds, findings);
  await there.kill();
  const later = new Worker(PROCESS, [{ ...options, clockAheadMs: LATER_MS }]);
  const stops = quick ? 1 : 25;
  for (let i = 0; i < stops; i++) await stopOwner(here, later, findings);
  await Promise.all([here.kill(), later.kill()]);
  return findings.end(
    `${thousands(rounds)} suspensions, one winner each (${thousands(winners.here)} to ${thousands(winners.there)}), the same outcome for both; ` +
      `${stops} owners stopped for longer than their lease, each fenced off`,
  );
}

async function suspend(process) {
  const { next } = await process.ask('execute', { code: CODE });
  return next;
}

async function resumeAtOnce(here, there, rounds, findings) {
  const winners = { here: 0, there: 0 };
  for (let round = 0; round < rounds; round++) {
    const id = await suspend(round % 2 === 0 ? here : there);
    const resume = (process, token) => process.ask('resume', { id, value: { token, busyMs: 0 } });
    const outcomes = await Promise.all([resume(here, 'here'), resume(there, 'there')]);
    const [one, other] = outcomes.map((outcome) => JSON.stringify(outcome));
    findings.check(one === other, 'two outcomes of one suspension');
    const [{ status, returnValue, events }] = outcomes;
    findings.check(
      status === 'success' && events.length === 1 && events[0].payload === returnValue,
      `no outcome: ${one}`,
    );
    winners[returnValue]++;
  }
  findings.check(winners.here > 0 && winners.there > 0, `always the same one won: ${JSON.stringify(winners)}`);
  return winners;
}

/** The owner comes back when its lease has lapsed and another one has recorded the outcome. */
async function stopOwner(owner, other, findings) {
  const id = await suspend(owner);
  const late = owner.ask('resume', { id, value: { token: 'owner', busyMs: BUSY_MS } });
  while (!(await owner.ask('isExecuting'))) await sleep(1);
  owner.signal('SIGSTOP');
  const outcome = await other.ask('resume', { id, value: { token: 'other', busyMs: 0 } });
  owner.signal('SIGCONT');
  findings.check(
    outcome.returnValue === 'other',
    `the lease of an owner that was stopped never lapsed: ${outcome.status}`,
  );
  findings.check(
    JSON.stringify(await late) === JSON.stringify(outcome),
    'an owner that was fenced off has an outcome of its own',
  );
}
