import { setTimeout as pause } from 'node:timers/promises';

import { LEASE_MS, runDurable } from '../lib/durable-runs.mjs';

export const title = 'timers over kill -9 of processes that work';

const TIMERS = 20;
const MIN_SLEEP_MS = 10;
const EACH = { quick: { runs: 4, kills: 1, maxMs: 3_000 }, long: { runs: 500, kills: 60, maxMs: 120_000 } };

const source = (maxMs) => `
  const sleep = async () => {
    const dueMs = Date.now() + Math.ceil(${MIN_SLEEP_MS} + Math.random() * ${maxMs});
    await $sleepUntil(new Date(dueMs));
    return [dueMs, Date.now()];
  };
  const tokens = [await $ext.service.token()];
  $emit('token', tokens[0]);
  const fired = await Promise.all(Array.from({ length: ${TIMERS} }, sleep));
  return { tokens, fired, sleptMs: 1e9 };`;

export async function run(options) {
  const { runs, kills, maxMs } = options.quick ? EACH.quick : EACH.long;
  const latenesses = [];
  let left = Number(options.kills ?? kills);
  return runDurable(options, {
    count: Number(options.runs ?? runs),
    source: source(maxMs),
    async disturb({ workers }) {
      await pause((Math.random() * 2 * maxMs) / kills);
      if (left === 0 || workers.length === 0) return 0;
      left--;
      workers[0].child.kill('SIGKILL');
      await workers[0].ended;
      return 1;
    },
    onResult({ fired }, findings) {
      findings.check(fired.length === TIMERS, 'a timer was lost');
      for (const [dueMs, atMs] of fired) {
        findings.check(atMs >= dueMs, 'a timer was early');
        latenesses.push(atMs - dueMs);
      }
    },
    more() {
      const sorted = latenesses.sort((a, b) => a - b);
      const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
      return `; ${sorted.length} timers: 0 early, 0 lost, late p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (lease ${LEASE_MS} ms)`;
    },
  });
}
