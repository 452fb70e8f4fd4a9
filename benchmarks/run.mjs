// Runs all questions, each in a separate process, and compares the results with the targets.
//
// node benchmarks/run.mjs [--short] [--judged] [--only <question>,<question>…] [--against <checkout>] [--rounds 15]
//
// Without options it writes `results/`. CI runs `--short --judged`. `--short` is quick, writes to a temporary folder and fails if a ratio exceeds
// its wide margin; questions by which no target is judged run two at a time then, and `--judged` leaves them out. `--only` runs these questions and those with such a prefix, and
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
import { JUDGED, judge } from './targets.mjs';

const {
  short: isShort,
  judged: isJudged,
  only,
  against,
  rounds,
} = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    judged: { type: 'boolean', default: false },
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
const all = QUESTIONS.filter(({ id, isLong }) => !(isShort && isLong === true) && (!isJudged || JUDGED.includes(id)));
const chosen = only === undefined ? all : questionsNamed(only.split(','));

const startedAt = performance.now();
const answered = [];
const failed = [];
const besides = isShort ? chosen.filter(({ id }) => !JUDGED.includes(id)) : [];
for (const question of chosen.filter((each) => !besides.includes(each))) await answer(question, false);
await Promise.all([answerInTurn(), answerInTurn()]);
answered.sort((a, b) => chosen.findIndex(({ id }) => id === a.id) - chosen.findIndex(({ id }) => id === b.id));
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

async function answerInTurn() {
  for (let question = besides.shift(); question !== undefined; question = besides.shift()) await answer(question, true);
}

/** @param isBeside whether another question prints at the same time: the output comes whole, at the end */
async function answer(question, isBeside) {
  const title = chosen.length > 1 ? `\n━━ ${question.title} ━━\n` : '';
  if (title !== '' && !isBeside) console.log(title);
  const start = performance.now();
  const { tables, output } = await ask(question.id, isBeside);
  if (isBeside) console.log(`${title}\n${output}`);
  console.log(`\n${question.id}: ${Math.round((performance.now() - start) / 1000)} s`);
  if (tables === undefined) failed.push(question.id);
  else answered.push({ ...question, tables });
}

/** The results of a question, undefined if it failed, and what it printed if it is silent. */
async function ask(id, silent) {
  const child = fork(join(here, 'questions', `${id}.mjs`), isShort ? ['--short'] : [], { silent });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  let tables;
  child.on('message', (message) => {
    tables = message;
  });
  const [code] = await once(child, 'close');
  return { tables: code === 0 ? tables : undefined, output };
}

/** Builds the package and installs the peers if necessary. */
function prepare() {
  const npm = (cwd, ...args) => execFileSync('npm', args, { cwd, stdio: 'inherit' });
  npm(join(here, '..'), 'run', '--silent', 'build:once');
  if (!existsSync(join(here, 'node_modules', 'tinybench'))) npm(here, 'ci');
}
