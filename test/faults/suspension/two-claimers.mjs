import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { Worker } from '../lib/children.mjs';
import { Findings, thousands, within } from '../lib/findings.mjs';
import { makeSuspension, newId, newNonce, nextIdOf, openStore } from '../lib/suspensions.mjs';

export const title = 'two processes claim one suspension';

const CLAIMER = new URL('./workers/claimer.mjs', import.meta.url);
const LEASE_MS = 1_000;
const [FIRST_MS, LAPSED_MS] = [10_000, 11_000];
const GIVES_UP_AFTER_MS = 20_000;

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const directory = join(scratch, 'store');
  const store = openStore(directory);
  const [one, two] = ['one', 'two'].map((name) => new Worker(CLAIMER, [{ directory, name }]));
  const trial = { store, one, two, findings, scratch };
  const rounds = quick ? 100 : 1_000;
  const winners = await claimAtOnce(trial, rounds);
  const contested = (await one.ask('lostLinks')) + (await two.ask('lostLinks'));
  // One may be for the store's key.
  findings.check(contested > 1, 'never at the same instant');
  const stops = await stopOwners(trial, quick ? 12 : 120);
  await Promise.all([one.kill(), two.kill(), store.close()]);
  return findings.end(
    `${thousands(rounds)} suspensions, one winner each (${thousands(winners.one)} to ${thousands(winners.two)}, ` +
      `${thousands(contested)} times both at the same link); ${stops}`,
  );
}

async function claimAtOnce({ store, one, two, findings }, rounds) {
  const winners = { one: 0, two: 0 };
  for (let round = 0; round < rounds; round++) {
    const id = newId();
    await store.put(makeSuspension(id, newNonce()));
    const claim = { id, nowMs: FIRST_MS, leaseMs: LEASE_MS };
    const answers = await Promise.all([one.ask('claim', claim), two.ask('claim', claim)]);
    const kinds = answers.map(({ kind }) => kind).sort();
    findings.check(kinds.join() === 'claimed,leased', `claimed by both, or by none: ${kinds}`);
    const isOne = answers[0].kind === 'claimed';
    winners[isOne ? 'one' : 'two']++;
    // The loser tries nevertheless, with the fence of the other.
    const { fence } = answers[isOne ? 0 : 1];
    const settle = { id, fence, state: 'completed', nowMs: FIRST_MS };
    const settled = await Promise.all([one.ask('settle', settle), two.ask('settle', settle)]);
    const recorded = settled.filter(({ kind }) => kind === 'recorded');
    findings.check(recorded.length === 1, `completed ${recorded.length} times`);
    const other = settled.find(({ kind }) => kind !== 'recorded');
    findings.check(other?.recorded === recorded[0]?.nonce, 'told of another outcome than was recorded');
  }
  return winners;
}

/** What an owner that was stopped is in the middle of, and what the other one does meanwhile. */
const STOPS = {
  'between two operations': async ({ one, two, findings }, id) => {
    const { fence } = await one.ask('claim', { id, nowMs: FIRST_MS, leaseMs: LEASE_MS });
    one.signal('SIGSTOP');
    const higher = await reclaim(two, id, fence, findings);
    one.signal('SIGCONT');
    const renewed = await one.ask('renew', { id, fence, untilMs: LAPSED_MS + LEASE_MS });
    findings.check(renewed === false, 'a stopped owner renews a lease that is another’s');
    await fencedOff(one, two, id, fence, higher, findings);
  },
  'while it settles, and the other one claims': async (trial, id) => {
    const { one, two, findings } = trial;
    const { fence } = await one.ask('claim', { id, nowMs: FIRST_MS, leaseMs: LEASE_MS });
    const stopped = await stopAtLink(trial, 'settle', { id, fence, state: 'continued', nowMs: FIRST_MS });
    const higher = await reclaim(two, id, fence, findings);
    const { kind } = await stopped.goOn();
    findings.check(kind === 'fenced', `stopped while settling, is told: ${kind}`);
    await fencedOff(one, two, id, fence, higher, findings);
  },
  'while it settles, and the other one does, too': async (trial, id) => {
    const { one, two, store, findings } = trial;
    const { fence } = await one.ask('claim', { id, nowMs: FIRST_MS, leaseMs: LEASE_MS });
    const stopped = await stopAtLink(trial, 'settle', { id, fence, state: 'continued', nowMs: FIRST_MS });
    const higher = await reclaim(two, id, fence, findings);
    const settled = await two.ask('settle', { id, fence: higher, state: 'continued', nowMs: LAPSED_MS });
    findings.check(settled.kind === 'recorded', `the new owner is told: ${settled.kind}`);
    const late = await stopped.goOn();
    findings.check(late.kind === 'settled' && late.recorded === settled.nonce, `stopped, is told: ${late.kind}`);
    const next = await store.read(nextIdOf(id));
    findings.check(next?.info.nonce === settled.next, 'continued as the stopped owner has it');
  },
  'while it claims': async (trial, id) => {
    const { two, findings } = trial;
    const stopped = await stopAtLink(trial, 'claim', { id, nowMs: FIRST_MS, leaseMs: LEASE_MS });
    const { kind } = await two.ask('claim', { id, nowMs: FIRST_MS, leaseMs: LEASE_MS });
    findings.check(kind === 'claimed', `cannot be claimed while another is stopped: ${kind}`);
    const late = await stopped.goOn();
    findings.check(late.kind === 'leased', `claimed twice: ${late.kind}`);
  },
};

async function stopOwners(trial, rounds) {
  if (!existsSync('/proc/self/stat')) return 'no owner stopped, skipped: there is no /proc';
  const situations = Object.values(STOPS);
  for (let round = 0; round < rounds; round++) {
    const id = newId();
    await trial.store.put(makeSuspension(id, newNonce()));
    const stop = situations[round % situations.length](trial, id).then(() => true);
    const isDone = await within(GIVES_UP_AFTER_MS, stop, false);
    if (isDone) continue;
    trial.findings.check(false, `hangs: stopped ${Object.keys(STOPS)[round % situations.length]}`);
    break;
  }
  return `${thousands(rounds)} owners stopped (SIGSTOP) beyond their lease, all fenced off`;
}

async function reclaim(worker, id, fence, findings) {
  const early = await worker.ask('claim', { id, nowMs: LAPSED_MS - 1, leaseMs: LEASE_MS });
  findings.check(early.kind === 'leased', `claimed before the lease has lapsed: ${early.kind}`);
  const answer = await worker.ask('claim', { id, nowMs: LAPSED_MS, leaseMs: LEASE_MS });
  findings.check(answer.kind === 'claimed' && answer.fence > fence, `cannot be claimed again: ${answer.kind}`);
  return answer.fence;
}

/** The stopped one can record nothing, the other one can. */
async function fencedOff(one, two, id, fence, higher, findings) {
  const { kind } = await one.ask('settle', { id, fence, state: 'completed', nowMs: FIRST_MS });
  findings.check(kind === 'fenced', `a stopped owner settles, and is told: ${kind}`);
  const other = await two.ask('settle', { id, fence: higher, state: 'completed', nowMs: LAPSED_MS });
  findings.check(other.kind === 'recorded', `the new owner settles, and is told: ${other.kind}`);
}

/** Has the first process stop right before it links what it wrote. */
async function stopAtLink({ one, scratch }, command, argument) {
  const path = join(scratch, `stop-${newNonce()}`);
  await one.ask('stopAtNextLink', path);
  const answer = one.ask(command, argument);
  while (!existsSync(`${path}.reached`) || stateOf(one.pid) !== 'T') await setTimeout(1);
  return {
    goOn() {
      one.signal('SIGCONT');
      return answer;
    },
  };
}

/** As in ps: T for stopped. */
function stateOf(pid) {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)[0];
}
