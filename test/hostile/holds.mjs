// The longest time for which each of some hostile values, errors, contexts and headers holds the main thread:
//
// node test/hostile/holds.mjs [--dist <dist/index.js>] [--dist <another>] [--only <text>] [--part 1/4] [--write <file.md>]
//
// Each case runs in a process of its own and once more alone when it was the worst. Held is time that the thread had of a processor: on
// a busy machine, the time that passes says little. With two builds, the table has a column for each. It prints times and judges none.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { CASES } from './lib/hold-cases.mjs';

const ONE = fileURLToPath(new URL('./lib/hold-one.mjs', import.meta.url));
const OWN = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
const GIVEN_UP_MS = 60_000;

const { dist, only, write, part, repeat } = parseArgs({
  options: {
    dist: { type: 'string', multiple: true, default: [OWN] },
    only: { type: 'string', default: '' },
    write: { type: 'string' },
    part: { type: 'string', default: '1/1' },
    repeat: { type: 'string', default: '1' },
  },
}).values;
const [chosen, parts] = part.split('/').map(Number);
const names = Object.keys(CASES).filter((name, i) => name.includes(only) && i % parts === chosen - 1);
const builds = dist.map((path) => ({ path: resolve(path), holds: [], rows: new Map() }));

for (const name of names) {
  for (const build of builds) {
    let best;
    for (let i = 0; i < Number(repeat); i++) {
      const found = await hold(build.path, name);
      if (best === undefined || found.worst < best.worst) best = found;
    }
    build.rows.set(name, best);
    build.holds.push(...best.holds);
  }
  console.log(`| ${[name, ...builds.map(({ rows }) => cell(rows.get(name)))].join(' | ')} |`);
}

const lines = [
  `| ${['what', ...builds.map((_, i) => (builds.length === 2 ? ['before', 'after'][i] : 'held'))].join(' | ')} |`,
  `| --- |${builds.map(() => ' ---: |').join('')}`,
  ...names.map((name) => `| ${[name, ...builds.map(({ rows }) => cell(rows.get(name)))].join(' | ')} |`),
  `| **p99.9 of all** | ${builds.map(({ holds }) => ms(quantile(holds, 0.999))).join(' | ')} |`,
];
for (const build of builds) {
  const [name, worst] = [...build.rows].reduce((a, b) => (b[1].worst > a[1].worst ? b : a));
  const again = await hold(build.path, name);
  console.log(`\n${build.path}\n  ${names.length} cases, p99.9 ${ms(quantile(build.holds, 0.999))}`);
  console.log(`  worst: ${name}, ${ms(worst.worst)}; again, alone: ${ms(again.worst)}`);
}
if (write !== undefined) writeFileSync(write, `${lines.join('\n')}\n`);

async function hold(path, name) {
  const child = fork(ONE, [path, name], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: {} });
  const startedAt = performance.now();
  const timer = setTimeout(() => child.kill('SIGKILL'), GIVEN_UP_MS);
  let message;
  child.on('message', (given) => {
    message = given;
  });
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  if (message === undefined) {
    const isGivenUp = signal === 'SIGKILL' && performance.now() - startedAt >= GIVEN_UP_MS;
    const outcome = isGivenUp ? 'given up' : `the process ended (${signal ?? code})`;
    return { outcome, worst: GIVEN_UP_MS, wall: GIVEN_UP_MS, holds: [GIVEN_UP_MS] };
  }
  const holds = message.holds.map(([, processor]) => processor);
  return {
    outcome: message.outcome,
    worst: Math.max(0, ...holds),
    wall: Math.max(0, ...message.holds.map(([w]) => w)),
    holds,
  };
}

function cell({ outcome, worst }) {
  if (worst === GIVEN_UP_MS) return outcome === 'given up' ? `> ${GIVEN_UP_MS / 1000} s` : outcome;
  return `${ms(worst)}, ${outcome}`;
}

function ms(value) {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
