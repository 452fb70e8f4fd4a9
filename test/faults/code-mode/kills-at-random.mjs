import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { createCodeMode } from '#build/code-mode/index.js';
import { createRuntime } from '#build/index.js';
import { checkRun, decideAll, readService, service } from '../lib/approved-programs.mjs';
import { Worker } from '../lib/children.mjs';
import { Findings } from '../lib/findings.mjs';

export const title = 'kill -9 of processes that run programs, at random';

const PROCESS = new URL('./workers/program-process.mjs', import.meta.url);
const QUICK = { runs: 16, kills: 4 };
const LONG = { runs: 1_000, kills: 120 };
const PROCESSES = 2;
/** Programs under way at once: each kill disturbs half of them. */
const LANES = 32;
const LEASE_MS = 1_500;
/** Between the program that a kill is due with and the kill. */
const MAX_PAUSE_MS = 300;
const MAX_TRIES = 1_000;

export async function run({ quick, runs, kills, scratch }) {
  const findings = new Findings();
  const form = quick ? QUICK : LONG;
  const count = Number(runs ?? form.runs);
  let left = Number(kills ?? form.kills);
  const [suspensionDir, ledger] = [join(scratch, 'runs'), join(scratch, 'ledger')];
  const given = { suspensionDir, ledger, leaseMs: LEASE_MS };
  const start = () => new Worker(PROCESS, [given]);
  const workers = Array.from({ length: PROCESSES }, start);
  // Approvals are given by a third process, which is not killed.
  const runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    metrics: false,
    suspensionDir,
    leaseMs: LEASE_MS,
  });
  const codeMode = createCodeMode({ runtime, tools: service(ledger) });
  const outcomes = new Map();
  let killed = 0;
  let isOver = false;
  // Kills are spread over the programs, not over the time: a busy machine has no more of them for each program than another one.
  const every = count / Math.max(1, left);
  let spare = start();
  const disturbing = (async () => {
    while (!isOver && left > 0) {
      const due = killed * every;
      while (!isOver && outcomes.size < due) await pause(10);
      const index = Math.floor(Math.random() * PROCESSES);
      await Promise.all([workers[index].ready, spare.ready]).catch(() => {});
      await pause(Math.random() * MAX_PAUSE_MS);
      if (isOver) return;
      left--;
      const victim = workers[index];
      workers[index] = spare;
      spare = start();
      await victim.kill();
      killed++;
    }
  })();
  /** A process may be killed at any moment: the caller asks another one. */
  const ask = async (command, runId) => {
    for (let i = 0; i < MAX_TRIES; i++) {
      const worker = workers[Math.floor(Math.random() * PROCESSES)];
      try {
        return await worker.ask(command, runId);
      } catch (error) {
        if (!String(error).includes('The worker ended')) throw error;
        await pause(10);
      }
    }
    throw new Error(`${runId} was disturbed ${MAX_TRIES} times`);
  };
  try {
    let next = 0;
    const lane = async () => {
      while (next < count) {
        const runId = `program-${next++}`;
        let outcome = await ask('begin', runId);
        while (outcome.status === 'suspended') {
          await decideAll(codeMode, runId);
          outcome = await ask('resume', runId);
        }
        outcomes.set(runId, outcome);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    isOver = true;
    await disturbing;
    const said = readService(ledger);
    for (const [runId, outcome] of outcomes) checkRun(findings, runId, outcome, said);
    findings.check(outcomes.size === count, 'a program has no outcome');
    findings.check((await codeMode.pending()).length === 0, 'something waits when all have ended');
    const again = [...said.asked.values()].filter((times) => times > 1).length;
    return findings.end(
      `${count} programs, ${killed} kills: ${said.done.size} calls made, each once under its key; ${again} keys asked again`,
    );
  } finally {
    isOver = true;
    await Promise.all([...workers, spare].map((worker) => worker.kill()));
    await runtime.shutdown();
  }
}
