// Runs all questions, each in a separate process, and compares the results with the targets.
//
// node benchmarks/run.mjs [--short] [--only <question>,<question>…] [--against <checkout>] [--rounds 15]
//
// Without options it writes `results/`. CI runs `--short`, which is quick, writes to a temporary folder and
// fails if a ratio exceeds its wide margin. `--only` runs these questions and those with such a prefix, and
// writes nothing. `--against` compares with another built checkout, see `against.mjs`.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compareCheckouts } from './against.mjs';
import { describeMachine } from './harness/machine.mjs';
import { targetsTable, writeResults } from './harness/results.mjs';
import { printTable } from './harness/table.mjs';
import { PEER_PACKAGES } from './peers/index.mjs';
import { QUESTIONS } from './questions/index.mjs';
import { judge } from './targets.mjs';

const {
  short: isShort,
  only,
  against,
  rounds,
} = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
    against: { type: 'string' },
    rounds: { type: 'string', default: '15' },
  },
}).values;
const here = fileURLToPath(new URL('.', import.meta.url));

prepare();
if (against !== undefined) {
  await compareCheckouts([join(here, '..'), resolve(against)], only?.split(','), Number(rounds));
  process.exit();
}
const all = isShort ? QUESTIONS.filter(({ isLong }) => isLong !== true) : QUESTIONS;
const chosen = only === undefined ? all : questionsNamed(only.split(','));

const startedAt = performance.now();
const answered = [];
const failed = [];
for (const question of chosen) {
  if (chosen.length > 1) console.log(`\n━━ ${question.title} ━━\n`);
  const tables = await ask(question.id);
  if (tables === undefined) failed.push(question.id);
  else answered.push({ ...question, tables });
}
const seconds = Math.round((performance.now() - startedAt) / 1000);
if (failed.length > 0) process.exitCode = 1;
if (only === undefined) report();
else if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`);

function report() {
  const results = {
    measuredAt: new Date().toISOString(),
    isShort,
    machine: describeMachine([...PEER_PACKAGES, 'tinybench', 'lodash', 'marked']),
    questions: answered,
  };
  const targets = judge(results, isShort);
  const folder = isShort ? mkdtempSync(join(tmpdir(), 'nexus-bench-')) : join(here, 'results');
  writeResults(folder, { ...results, targets });

  console.log('\n━━ Targets ━━\n');
  const { header, text } = targetsTable(targets);
  printTable(header, text);
  const missed = targets.filter(({ verdict }) => verdict.startsWith('missed'));
  const unknown = targets.filter(({ verdict }) => verdict === 'not measured');
  const judged = targets.length - targets.filter(({ verdict }) => verdict.startsWith('not')).length;
  // A full run only reports; the short form fails.
  if (isShort && missed.length > 0) process.exitCode = 1;
  const summary = [
    `${answered.length} of ${chosen.length} questions answered in ${seconds} s, see ${folder}`,
    `${judged - missed.length} of ${judged} ${isShort ? 'wide margins' : 'targets'} met`,
    ...(unknown.length > 0 ? [`${unknown.length} not measured`] : []),
    ...(failed.length > 0 ? [`failed: ${failed.join(', ')}`] : []),
  ];
  console.log(`\n${process.exitCode === 1 ? 'FAILED: ' : ''}${summary.join('; ')}`);
}

/** In the order of the list, each once. */
function questionsNamed(names) {
  const isMeant = ({ id }, name) => id === name || id.startsWith(`${name}-`);
  const unknown = names.filter((name) => !QUESTIONS.some((question) => isMeant(question, name)));
  if (unknown.length > 0)
    throw new Error(`no question named ${unknown.join(', ')}: there are ${QUESTIONS.map(({ id }) => id).join(', ')}`);
  return QUESTIONS.filter((question) => names.some((name) => isMeant(question, name)));
}

/** The results of a question, or undefined if it failed. */
async function ask(id) {
  const child = fork(join(here, 'questions', `${id}.mjs`), isShort ? ['--short'] : []);
  let tables;
  child.on('message', (message) => {
    tables = message;
  });
  const [code] = await once(child, 'exit');
  return code === 0 ? tables : undefined;
}

/** Builds the package and installs the peers if necessary. */
function prepare() {
  const npm = (cwd, ...args) => execFileSync('npm', args, { cwd, stdio: 'inherit' });
  npm(join(here, '..'), 'run', '--silent', 'build:once');
  if (!existsSync(join(here, 'node_modules', 'tinybench'))) npm(here, 'ci');
}
