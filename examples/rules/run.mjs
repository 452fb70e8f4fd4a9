// Judges 100,000 payments by rules in a handler: one execution for each, and one for 500 of them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRuntime } from 'nexus-runtime';
import { payments } from './payments.mjs';

const records = payments(Number(process.argv[2] ?? 100_000));
const runtime = await createRuntime({ cacheDir: false });
const rules = await readFile(new URL('handlers/risk.js', import.meta.url), 'utf8');
// Compiled when the rules are published; executing them parses nothing.
const artifact = await runtime.precompileHandler(rules, { filename: 'risk.js' });

const context = {
  handlerName: 'risk',
  stateSnapshot: { limits: { card: 2_500, transfer: 3_900, cash: 1_000 }, blocked: ['XX'] },
  capabilities: ['state:read:limits', 'state:read:blocked'],
};

/**
 * Processes all records in parts of a size, with a few parts pending at a time: enough for every worker, with hardly
 * any queue.
 */
async function judge(size, inFlight) {
  const decisions = [];
  let next = 0;
  const lane = async () => {
    while (next < records.length) {
      const from = next;
      next += size;
      const part = { ...context, args: records.slice(from, from + size) };
      const { error, returnValue } = await runtime.executeCompiledHandler(artifact, part);
      if (error !== undefined) throw new Error(`${error.message}\n${error.snippet}`);
      returnValue.forEach((decision, index) => {
        decisions[from + index] = decision;
      });
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - startedAt) / 1000;
  return { decisions, seconds };
}

const count = (n) => Math.round(n).toLocaleString('en');
const report = ({ seconds }, size) => {
  const perSecond = records.length / seconds;
  console.log(`${String(size).padStart(3)} per execution: ${count(perSecond).padStart(7)} records/s`);
};

const single = await judge(1, 64);
report(single, 1);
const batched = await judge(500, 4);
report(batched, 500);
assert.deepEqual(batched.decisions, single.decisions);

console.log(`\n${count(records.length)} payments, judged twice alike:`);
for (const wanted of ['accept', 'review', 'refuse']) {
  console.log(`  ${wanted} ${count(single.decisions.filter(({ decision }) => decision === wanted).length)}`);
}
const example = single.decisions.find(({ decision }) => decision === 'review');
console.log(`  payment ${example.id} is one for a person: ${example.reasons.join(', ')}`);

const { totalExecutions, p50ExecutionTimeUs } = runtime.getStats();
console.log(`\n${count(totalExecutions)} executions, half of them within ${count(p50ExecutionTimeUs)} µs`);
const lines = (await runtime.getPrometheusMetrics()).split('\n');
console.log(lines.filter((line) => /^nexus_(handler_executions_total|cache_hits_total)\b/.test(line)).join('\n'));
await runtime.shutdown();
