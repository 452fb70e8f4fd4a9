// The process that runs the cases of one target. Any case may abort it: the parent reads from a file which case it was.
import { openSync, writeSync } from 'node:fs';
import { inspect } from 'node:util';

import { HoldMeter, Holds, mainThreadMs } from './holds.mjs';
import { Random } from './random.mjs';
import { shrink } from './shrink.mjs';
import { loadTarget } from './targets.mjs';

const REPORT_MS = 500;
const RERUNS = 3;
/** A case that holds the main thread for longer is a finding, if it does so alone, too. */
const MAX_HOLD_MS = 50;
/** Findings of one kind that are shrunk, and those that are told. */
const SHRUNK_OF_A_KIND = 1;
const TOLD_OF_A_KIND = 3;
const PRINTED = { depth: 6, maxArrayLength: 64, maxStringLength: 4_000, breakLength: 120 };

const [name, seed, from, to, positionPath, deadline, isShort] = process.argv.slice(2);
const target = await loadTarget(name);
const session = await target.open?.();
process.send({ isOpen: true });
const meter = new HoldMeter();
const holds = new Holds();
const findings = [];
const timesOfKind = new Map();
const position = { file: openSync(positionPath, 'r+'), bytes: Buffer.alloc(8) };
let uncaught;
process.on('uncaughtException', (error) => {
  uncaught ??= error;
});
process.on('unhandledRejection', (error) => {
  uncaught ??= error;
});

let reportedAt = performance.now();
runCases().catch((error) => {
  // Of the generator, not of what is tested.
  console.error(error);
  process.exit(1);
});

async function runCases() {
  let index = Number(from);
  for (; index < Number(to) && Date.now() < Number(deadline); index++) {
    writePosition(index);
    const input = caseOf(index);
    const { finding, holdMs } = await runCase(input);
    holds.add(index, holdMs);
    if (finding !== undefined) await note(index, input, finding);
    if (performance.now() - reportedAt < REPORT_MS) continue;
    reportedAt = performance.now();
    report(index + 1);
  }
  await runWorstAgain();
  await target.close?.(session);
  // What is under way would be lost.
  report(index, true, () => process.exit(0));
}

function caseOf(number) {
  return target.generate(new Random(seed, name, number), number);
}

async function runCase(input) {
  meter.start();
  let finding;
  try {
    finding = target.run(input, session);
    if (finding instanceof Promise) {
      meter.watch();
      finding = await finding;
    }
  } catch (error) {
    finding = { kind: 'threw', message: error?.stack ?? String(error) };
  }
  const holdMs = meter.stop();
  if (uncaught !== undefined) {
    finding = { kind: 'uncaught', message: uncaught?.stack ?? String(uncaught) };
    uncaught = undefined;
  }
  return { finding, holdMs };
}

async function note(number, input, finding) {
  const kind = kindOf(finding);
  const times = (timesOfKind.get(kind) ?? 0) + 1;
  timesOfKind.set(kind, times);
  if (times > TOLD_OF_A_KIND) return;
  let smallest = input;
  if (times <= SHRUNK_OF_A_KIND && target.smaller !== undefined) {
    const isSame = async (candidate) => {
      const { finding: other } = await runCase(candidate);
      return other !== undefined && kindOf(other) === kind;
    };
    smallest = await shrink(input, target.smaller, isSame);
  }
  findings.push({ index: number, ...finding, input: describe(smallest) });
  // Told at once: the next case may end the process.
  report(number + 1);
}

/** Findings from one place, or that differ in numbers and quoted texts alone, are of one kind. */
function kindOf({ kind, message, group }) {
  const [place] = /^ +at .*/m.exec(message) ?? [];
  return `${kind}: ${group ?? place?.trim() ?? message.replace(/"[^"]*"|\d+/g, '#')}`;
}

/** On a busy machine a thread waits for others, too: the least of some runs, and of what it computed in them, is the case's own. */
async function runWorstAgain() {
  for (const worst of holds.worst) {
    let aloneMs = worst.ms;
    for (let i = 0; i < RERUNS; i++) {
      const input = caseOf(worst.index);
      const before = mainThreadMs();
      const { holdMs } = await runCase(input);
      const computed = mainThreadMs() - before;
      aloneMs = Math.min(aloneMs, holdMs, Number.isNaN(computed) ? Infinity : computed);
    }
    worst.aloneMs = aloneMs;
    const maxMs = target.maxHoldMs?.(caseOf(worst.index)) ?? MAX_HOLD_MS;
    // Times that one machine needs are no matter of a short form, which runs on any.
    if (aloneMs <= maxMs || isShort === 'short') continue;
    const message = `it holds the main thread for ${aloneMs.toFixed(1)} ms, alone; ${maxMs} ms are allowed`;
    await note(worst.index, caseOf(worst.index), { kind: 'hold', message });
  }
}

function describe(input) {
  return target.describe?.(input) ?? (typeof input === 'string' ? input : inspect(input, PRINTED));
}

function writePosition(number) {
  position.bytes.writeDoubleLE(number);
  writeSync(position.file, position.bytes, 0, 8, 0);
}

function report(next, isLast = false, onSent = () => {}) {
  process.send({ next, findings, holds: holds.toJSON(), kinds: Object.fromEntries(timesOfKind), isLast }, onSent);
}
