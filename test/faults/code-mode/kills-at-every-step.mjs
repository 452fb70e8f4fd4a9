import { randomInt } from 'node:crypto';
import { join } from 'node:path';

import { createCodeMode } from '#build/code-mode/index.js';
import { createRuntime } from '#build/index.js';
import { checkRun, decideAll, readService, service } from '../lib/approved-programs.mjs';
import { Worker } from '../lib/children.mjs';
import { Findings } from '../lib/findings.mjs';

export const title = 'kill -9 at every step of running and resuming';

const PROCESS = new URL('./workers/program-process.mjs', import.meta.url);
const LEASE_MS = 1_000;
const AT_ONCE = 4;
/** Of the steps, in the short form. */
const QUICK = 12;

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const whole = await drive(join(scratch, 'whole'), undefined, findings);
  const steps = whole.names.length;
  const all = Array.from({ length: steps }, (_, index) => index + 1);
  const offset = randomInt(Math.ceil(steps / QUICK));
  const chosen = quick ? all.filter((step) => step % Math.ceil(steps / QUICK) === offset) : all;
  let kills = 0;
  let again = 0;
  const next = async () => {
    for (let killAt = chosen.shift(); killAt !== undefined; killAt = chosen.shift()) {
      const { isKilled, askedAgain } = await drive(join(scratch, `at-${killAt}`), killAt, findings);
      if (isKilled) kills++;
      again += askedAgain;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return findings.end(
    `${kills} kills at ${steps} steps: 0 programs lost, 0 calls made twice under a key, ${again} keys asked again`,
  );
}

/** One program from its begin to its end. The process that runs it ends at a step, and another one goes on. */
async function drive(scratch, killAt, findings) {
  const [suspensionDir, ledger] = [join(scratch, 'runs'), join(scratch, 'ledger')];
  const given = { suspensionDir, ledger, leaseMs: LEASE_MS };
  const runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    metrics: false,
    suspensionDir,
    leaseMs: LEASE_MS,
  });
  const codeMode = createCodeMode({ runtime, tools: service(ledger) });
  let worker = new Worker(PROCESS, [{ ...given, ...(killAt !== undefined && { killAt }) }]);
  let isKilled = false;
  const ask = async (command, argument) => {
    try {
      return await worker.ask(command, argument);
    } catch (error) {
      if (isKilled || !String(error).includes('The worker ended')) throw error;
      isKilled = true;
      worker = new Worker(PROCESS, [given]);
      return worker.ask(command, argument);
    }
  };
  const runId = `program-${killAt ?? 0}`;
  try {
    let outcome = await ask('begin', runId);
    while (outcome.status === 'suspended') {
      await decideAll(codeMode, runId);
      outcome = await ask('resume', runId);
    }
    const said = readService(ledger);
    checkRun(findings, runId, outcome, said);
    const askedAgain = [...said.asked.values()].filter((times) => times > 1).length;
    return { isKilled, askedAgain, names: killAt === undefined ? await ask('steps') : [] };
  } finally {
    await worker.kill();
    await runtime.shutdown();
  }
}
