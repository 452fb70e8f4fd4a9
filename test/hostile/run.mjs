// Hostile programs against a runtime: `node test/hostile/run.mjs [--quick] [--only <text>] [--awaits live|captured]`. Prints a
// line for each class.
// The quick form executes a selection of the programs, in one way only.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { mebibytes } from '../faults/lib/findings.mjs';
import { residentBytes } from './lib/memory.mjs';
import { endsItsWorker, Session } from './lib/session.mjs';
import { title as memoryTitle, runMemoryCampaign } from './memory/index.mjs';

const FOLDER = new URL('./programs/', import.meta.url);
/**
 * What the process may have grown by at the end of a class. It stays there however often all of them are repeated: the VM that
 * compiled a source of 16 MB takes hundreds of MiB until it is collected, and the caches hold what they may.
 */
const MAX_GROWTH_BYTES = 512 * 2 ** 20;

const options = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  awaits: { type: 'string', default: 'live' },
};
const { quick, only, awaits } = parseArgs({ options }).values;
const modules = readdirSync(FOLDER).filter((name) => name.endsWith('.mjs'));
const classes = await Promise.all(modules.sort().map((name) => import(new URL(name, FOLDER))));
const titleColumns = Math.max(...classes.map(({ title }) => title.length));
const column = (number, width) => String(Math.round(number)).padStart(width);

// Until the last line says otherwise: whatever ends the campaign early is a failure.
process.exitCode = 1;
const startedAt = performance.now();
const session = await Session.open(awaits);
const bytesBefore = residentBytes();
const totals = { passed: 0, failed: 0, executions: 0, growth: 0 };

for (const { title, programs, ways, quickStep = 2, isAlone = false } of classes) {
  // With `title: name` a single program can be chosen.
  const named = programs.filter(({ name }) => `${title}: ${name}`.includes(only));
  const chosen = quick ? named.filter((_, index) => index % quickStep === 0) : named;
  if (chosen.length === 0) continue;
  const beganAt = performance.now();
  const failures = [];
  const figures = { executions: 0, longestMs: 0, ended: 0 };
  for (const program of chosen) {
    const all = program.ways ?? ways;
    const violations = await runProgram(program, quick ? all.slice(0, 1) : all, figures, isAlone);
    if (violations.size > 0) failures.push({ program, violations });
  }
  totals.passed += chosen.length - failures.length;
  totals.failed += failures.length;
  totals.executions += figures.executions;
  totals.growth = Math.max(totals.growth, residentBytes() - bytesBefore);
  const numbers =
    `${column(chosen.length, 3)} programs, ${column(figures.executions, 3)} executions, ` +
    `longest ${column(figures.longestMs, 4)} ms, ${column(figures.ended, 2)} ended with their worker, ` +
    `${column((performance.now() - beganAt) / 1000, 2)} s`;
  console.log(`${title.padEnd(titleColumns)}  ${numbers}  ${failures.length === 0 ? 'ok' : 'FAILED'}`);
  for (const { program, violations } of failures) {
    console.log(`      ${program.name}`);
    for (const violation of violations) console.log(violation.replace(/^/gm, '        '));
  }
}

await session.close();
await runMemory();
const isBounded = totals.growth <= MAX_GROWTH_BYTES;
totals[isBounded ? 'passed' : 'failed']++;
console.log(
  `${totals.executions} executions, after each an innocent one on the same worker; ` +
    `RSS +${mebibytes(totals.growth)} at most, ${column((performance.now() - startedAt) / 1000, 0)} s  ${isBounded ? 'ok' : 'FAILED'}`,
);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
// A worker that cannot be ended must not keep the campaign from ending.
process.exit(totals.failed > 0 ? 1 : 0);

/** What is left in memory after programs: in another thread, with an executor of its own that can be looked into. */
async function runMemory() {
  const beganAt = performance.now();
  const { programs, executions, failures } = await runMemoryCampaign({ isQuick: quick, only });
  if (programs === 0) return;
  totals.passed += programs - failures.length;
  totals.failed += failures.length;
  totals.executions += executions;
  const numbers = `${column(programs, 3)} programs, ${column(executions, 3)} executions, ${column((performance.now() - beganAt) / 1000, 0)} s`;
  console.log(`${memoryTitle.padEnd(titleColumns)}  ${numbers}  ${failures.length === 0 ? 'ok' : 'FAILED'}`);
  for (const { name, violations } of failures) {
    console.log(`      ${name}`);
    for (const violation of violations) console.log(violation.replace(/^/gm, '        '));
  }
}

/** A program in every way in which it is executed; a violation of several of them is told once. */
async function runProgram(program, ways, figures, isAlone) {
  const violations = new Set();
  for (const way of ways) {
    const execute = () => session.execute(program, (runtime) => way(runtime, program), isAlone);
    let execution = await execute();
    // On a busy machine a worker may get no turn within the grace period; one that cannot be interrupted is ended again.
    if (execution.violations.length > 0 && endsItsWorker(execution.result)) execution = await execute();
    for (const violation of execution.violations) violations.add(violation);
    figures.executions++;
    figures.longestMs = Math.max(figures.longestMs, execution.durationMs);
    if (endsItsWorker(execution.result)) figures.ended++;
  }
  return violations;
}
