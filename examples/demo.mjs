// Runs every example twice and prints its result, where its bytecode came from and how long it took. Then one
// fails, and one is suspended.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configFromEnv, createRuntime } from 'nexus-runtime';

import { examples, failing, libraries } from './contexts.mjs';

// Beside package.json, so that the cache is the same wherever the demo is started.
const cacheDir = fileURLToPath(new URL('../.nexus-cache', import.meta.url));

const startedAt = performance.now();
const runtime = await createRuntime({ libraries, cacheDir, ...configFromEnv() });
const startMs = performance.now() - startedAt;

try {
  const rows = [];
  for (const example of examples) {
    const first = await run(example);
    const second = await run(example);
    rows.push({ example, first, second });
  }
  print(rows);
  await showFailure();
  await showSuspension();
  if (rows.some(({ first, second }) => first.problem ?? second.problem)) process.exitCode = 1;
} finally {
  await runtime.shutdown();
}

async function run(example) {
  const source = await readFile(example.file, 'utf8');
  const result = await runtime.executeHandler(source, example.context, { filename: basename(example.file) });
  return { result, problem: problemOf(example, result, source) };
}

/** The reason why a result is not the expected one, or undefined. */
function problemOf(example, result, source) {
  try {
    if (example !== failing && result.status !== 'success') {
      return `${result.error.code}: ${result.error.message}\n${result.error.snippet ?? ''}`;
    }
    example.check(result, source);
    return undefined;
  } catch (error) {
    return error.message;
  }
}

function print(rows) {
  const half = ['cache', 'compile', 'run'];
  const table = [
    ['handler', 'result', ...half, ...half],
    ...rows.map(({ example, first, second }) => [
      example.name,
      first.problem || second.problem ? 'NOT AS EXPECTED, see below' : example.summarise(first.result),
      ...measured(first.result.metrics),
      ...measured(second.result.metrics),
    ]),
  ];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const isNumber = (column) => half.indexOf(table[0][column]) > 0;
  const lines = table.map((row) =>
    row.map((cell, column) => (isNumber(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))),
  );
  const widthOf = (cells) => cells.join('  ').length;
  const [header, ...body] = lines;
  const group = (title, cells) => ` ${title} `.padStart(title.length + 4, '─').padEnd(widthOf(cells), '─');
  console.log(
    `${' '.repeat(widthOf(header.slice(0, 2)))}  ` +
      `${group('first run', header.slice(2, 5))}  ${group('second run', header.slice(5))}`,
  );
  for (const line of [header, ...body]) console.log(line.join('  ').trimEnd());

  const tiers = rows.map(({ first }) => tierOf(first.result.metrics));
  const compiled = tiers.filter((tier) => tier === 'compiled').length;
  const next =
    compiled > 0
      ? `${compiled} of ${rows.length} handlers were compiled and kept: run the demo again, and all come from disk.`
      : 'No handler was compiled: all came from disk. Remove .nexus-cache to see them compiled.';
  console.log(`\nThe runtime started in ${startMs.toFixed(0)} ms. ${next}`);

  for (const { example, first, second } of rows) {
    const problem = first.problem ?? second.problem;
    if (problem) console.error(`\n${example.name} is not as expected: ${problem}`);
  }
}

function measured(metrics) {
  return [tierOf(metrics), milliseconds(metrics.compilationTimeUs), milliseconds(metrics.durationUs)];
}

/** The metrics name a tier only if the handler was in the cache. */
function tierOf({ cacheTier }) {
  return cacheTier ?? 'compiled';
}

function milliseconds(microseconds = 0) {
  return `${(microseconds / 1000).toFixed(2)} ms`;
}

async function showFailure() {
  const { result, problem } = await run(failing);
  console.log(`\nWhat an error looks like: ${failing.name} with an order that has no lines\n`);
  if (problem !== undefined) {
    console.error(`not as expected: ${problem}`);
    process.exitCode = 1;
    return;
  }
  const { code, message, location, snippet } = result.error;
  console.log(`${code} at ${basename(failing.file)}:${location.line}:${location.column}`);
  console.log(`${message}\n\n${snippet}`);
}

/**
 * A handler that waits for an answer: one runtime suspends it, and another resumes it, which could be days
 * later.
 */
async function showSuspension() {
  const suspensionDir = await mkdtemp(join(tmpdir(), 'nexus-demo-'));
  const source = `
$emit('asked', { who: 'Ada' });
const { approved } = await $ext.approvals.request({ amount: $args.amount });
return approved ? 'paid ' + $args.amount : 'refused';`;
  const context = { args: { amount: 250 }, capabilities: ['events:emit:asked', 'ext:approvals.request'] };
  try {
    const first = await createRuntime({ suspensionDir });
    const { status, events, suspension } = await first.executeHandler(source, context);
    const { waitingBytes } = first.getStats().suspensionStore;
    await first.shutdown();
    console.log(
      `\nA handler that waits: ${status}, with ${events.length} event; ${(waitingBytes / 1024).toFixed(1)} KiB on disk`,
    );

    const second = await createRuntime({ suspensionDir });
    const { callId } = suspension.calls[0];
    const answer = { callId, success: true, value: { approved: true } };
    const { returnValue, metrics } = await second.resumeHandler(suspension.suspensionId, answer);
    await second.shutdown();
    console.log(`Resumed by another runtime: ${returnValue}, in ${milliseconds(metrics.durationUs)}`);
    if (returnValue !== 'paid 250') process.exitCode = 1;
  } finally {
    await rm(suspensionDir, { recursive: true, force: true });
  }
}
