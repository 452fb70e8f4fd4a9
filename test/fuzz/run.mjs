// Generated cases against the runtime and its readers:
// `npm run fuzz -- [target…] [--cases N] [--seed S] [--resume FILE] [--minutes M] [--short] [--only INDEX]`.
//
// Every case follows from seed, target and number: `--only INDEX` runs one again. Each target runs in a process of its own; one that is
// ended by a case is a finding, and the next cases run in another. The exit code is 1 when anything was found.
import { parseArgs } from 'node:util';

import { Holds } from './lib/holds.mjs';
import { CampaignState } from './lib/state.mjs';
import { runTarget } from './lib/supervisor.mjs';
import { loadTarget, TARGET_NAMES } from './lib/targets.mjs';

const PROGRESS_MS = 10_000;
const SHOWN_INPUT = 1_500;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string' },
    seed: { type: 'string', default: '1' },
    resume: { type: 'string' },
    minutes: { type: 'string' },
    short: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
});

// Until the last line says otherwise: whatever ends the campaign early is a failure.
process.exitCode = 1;
const names = positionals.length > 0 ? positionals : TARGET_NAMES;
const seed = Number(values.seed);
const state = CampaignState.open(values.resume, seed);
const deadline = Date.now() + Number(values.minutes ?? 60 * 24 * 30) * 60_000;
const count = (number) => Math.round(number).toLocaleString('en-US');
const milliseconds = (ms) => `${ms.toFixed(ms < 10 ? 2 : 0)} ms`;
let found = 0;
let ran = 0;

for (const [i, name] of names.entries()) {
  const target = await loadTarget(name);
  const to = values.only === undefined ? numberOfCases(target) : Number(values.only) + 1;
  if (values.only !== undefined) state.update(name, { next: Number(values.only) });
  const begunAt = state.of(name).next;
  let toldAt = Date.now();
  const onProgress = ({ next, findings }) => {
    if (Date.now() - toldAt < PROGRESS_MS) return;
    toldAt = Date.now();
    console.log(`${name}: ${count(next)} of ${count(to)}, ${findings.length} findings`);
  };
  // What the targets before it left of the time is shared by all that are still to come.
  const share = Date.now() + (deadline - Date.now()) / (names.length - i);
  const result = await runTarget({ name, seed, to, deadline: share, isShort: values.short, state, onProgress });
  found += result.findings.length;
  ran += result.next - begunAt;
  tell(name, result, to);
}
console.log(`${count(ran)} cases, seed ${seed}: ${found === 0 ? 'nothing found' : `${count(found)} findings`}`);
process.exitCode = found === 0 ? 0 : 1;

function numberOfCases(target) {
  if (values.cases !== undefined) return Number(values.cases);
  return values.short ? target.short : target.cases;
}

function tell(name, { next, findings, holds, seconds, kinds = {} }, to) {
  const measured = new Holds(holds);
  const [worst] = [...measured.worst].sort((a, b) => (b.aloneMs ?? b.ms) - (a.aloneMs ?? a.ms));
  const held =
    worst === undefined
      ? 'nothing measured'
      : `main thread held p99.9 ${milliseconds(measured.quantile(0.999))}, worst ${milliseconds(worst.ms)}` +
        ` (case ${worst.index}${worst.aloneMs === undefined ? '' : `; alone ${milliseconds(worst.aloneMs)}`})`;
  const left = next < to ? `, ${count(to - next)} left` : '';
  const rate = seconds > 0 ? `, ${count(next / seconds)}/s` : '';
  console.log(`${name}: ${count(next)} cases${left}, ${findings.length} findings${rate}; ${held}`);
  for (const { index, kind, message, input } of findings) {
    console.log(`  FINDING ${kind}, case ${index} (npm run fuzz -- ${name} --seed ${seed} --only ${index})`);
    console.log(message.replace(/^/gm, '    ').slice(0, SHOWN_INPUT));
    if (input !== undefined) console.log(`    smallest:\n${input.replace(/^/gm, '      ').slice(0, SHOWN_INPUT)}`);
  }
  for (const [kind, times] of Object.entries(kinds)) {
    if (times > 1) console.log(`  ${count(times)} times ${kind.slice(0, 200)}`);
  }
}
