import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Worker } from '../lib/children.mjs';
import { Findings, thousands } from '../lib/findings.mjs';

export const title = 'kill -9 of a runtime that resumes';

const PROCESS = new URL('./workers/runtime-process.mjs', import.meta.url);
/** Longer than a lease: each process lives when those of the ones before it have lapsed. */
const LATER_MS = 60_000;
/** A process lives for some steps of its runs, and then for a part of one. */
const MOST_STEPS = 24;
const LAST_STEP_MS = 8;
const RUNS_AT_ONCE = 4;
const STEPS = 3;
/** Each answer is a token of its own, so an outcome tells with which answer it came about. */
const CODE = `
  const tokens = [];
  $emit('begin', $args);
  for (let i = 0; i < ${STEPS}; i++) {
    const token = await $ext.step.next(i);
    tokens.push(token);
    $emit('step', token);
  }
  return tokens;`;

export async function run({ quick, scratch }) {
  const kills = quick ? 4 : 200;
  const findings = new Findings();
  const ledger = new Ledger(findings);
  const options = { suspensionDir: join(scratch, 'store') };
  const start = (life) => new Worker(PROCESS, [{ ...options, clockAheadMs: life * LATER_MS }]);

  for (let life = 0; life < kills; life++) {
    const process = start(life);
    await process.ask('warmUp');
    const work = Promise.all(Array.from({ length: RUNS_AT_ONCE }, (_, place) => ledger.work(process, place)));
    await ledger.afterSteps(randomInt(MOST_STEPS), work);
    await sleep(Math.random() * LAST_STEP_MS);
    await process.kill();
    await work;
  }
  const last = start(kills);
  await ledger.finish(last);
  const kept = await last.ask('count');
  await last.kill();
  const { ended, lost, again, suspensions } = ledger;
  findings.check(ended > 0 && lost > 0, `no kill in the middle of anything: ${ended} ended, ${lost} cut off`);
  return findings.end(
    `${thousands(kills)} kills, cut off ${thousands(lost)} operations; ${thousands(suspensions)} suspensions acknowledged ` +
      `(${thousands(kept)} kept), none lost; ${thousands(ended)} handlers ended, none of ${thousands(again)} repetitions differs`,
  );
}

/** What processes returned, from outside of them. */
class Ledger {
  /** Runs that are not over, by place: `{ number, id, tokens }`; without an id it has not begun. */
  #runs = new Map();
  /** The outcome of each suspension as text, by id. */
  #outcomes = new Map();
  #acknowledged = new Set();
  #findings;
  #lastNumber = 0;
  #lastToken = 0;
  #stepsLeft = 0;
  #onSteps = () => {};
  ended = 0;
  /** Operations whose outcome is unknown. */
  lost = 0;
  again = 0;

  constructor(findings) {
    this.#findings = findings;
  }

  get suspensions() {
    return this.#acknowledged.size;
  }

  /** Resolves when so many further steps were taken, or when there will be none. */
  async afterSteps(count, work) {
    if (count === 0) return;
    this.#stepsLeft = count;
    const taken = new Promise((resolve) => {
      this.#onSteps = resolve;
    });
    await Promise.race([taken, work]);
  }

  /** Takes runs through their steps, one after the other, until the process dies. */
  async work(process, place) {
    for (;;) {
      const run = this.#runs.get(place) ?? { number: ++this.#lastNumber, tokens: [] };
      this.#runs.set(place, run);
      try {
        if (await this.#step(process, run)) this.#runs.delete(place);
        if (--this.#stepsLeft === 0) this.#onSteps();
      } catch (error) {
        if (error.message.startsWith('The worker ended')) this.lost++;
        else
          this.#findings.check(false, `${run.id === undefined ? 'a start' : 'a resume'} failed: ${firstLine(error)}`);
        return;
      }
    }
  }

  /** Ends all runs that began, and asks for every outcome again. */
  async finish(process) {
    for (const run of this.#runs.values()) {
      await this.#expectNoLoss(async () => {
        while (run.id !== undefined && !(await this.#step(process, run)));
      });
    }
    for (const id of this.#acknowledged) {
      await this.#expectNoLoss(async () => {
        this.#record(id, await process.ask('resume', { id, value: ++this.#lastToken }));
      });
    }
  }

  async #expectNoLoss(resume) {
    try {
      await resume();
    } catch (error) {
      this.#findings.check(false, `acknowledged, and lost: ${firstLine(error)}`);
    }
  }

  /** @returns whether the run has ended */
  async #step(process, run) {
    if (run.id === undefined) {
      const begun = await process.ask('execute', { code: CODE, args: run.number });
      this.#findings.check(
        begun.events.length === 1 && begun.events[0].payload === run.number,
        'a start with other effects',
      );
      return this.#goOn(run, begun);
    }
    const outcome = await process.ask('resume', { id: run.id, value: ++this.#lastToken });
    this.#record(run.id, outcome);
    const [step] = outcome.events;
    this.#findings.check(
      outcome.events.length === 1 && step.name === 'step',
      'a segment with other effects than its own',
    );
    run.tokens.push(step?.payload);
    return this.#goOn(run, outcome);
  }

  #goOn(run, outcome) {
    if (outcome.status === 'suspended') {
      run.id = outcome.next;
      this.#acknowledged.add(run.id);
      return false;
    }
    const isWhole = outcome.status === 'success' && String(outcome.returnValue) === String(run.tokens);
    this.#findings.check(isWhole, `a handler that ended otherwise than its effects say: ${JSON.stringify(outcome)}`);
    this.#findings.check(run.tokens.length === STEPS, `a handler of ${run.tokens.length} steps`);
    this.ended++;
    return true;
  }

  #record(id, outcome) {
    const text = JSON.stringify(outcome);
    const known = this.#outcomes.get(id);
    if (known === undefined) {
      this.#outcomes.set(id, text);
      return;
    }
    this.again++;
    this.#findings.check(known === text, 'a suspension with two outcomes');
  }
}

function firstLine({ message }) {
  return message.split('\n')[0];
}
