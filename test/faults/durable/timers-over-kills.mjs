import { setTimeout as pause } from 'node:timers/promises';

import { LEASE_MS, runDurable } from '../lib/durable-runs.mjs';
import { endOf } from '../lib/severally.mjs';

export const title = 'timers over kill -9 of processes that work';

const TIMERS = 20;
const MIN_SLEEP_MS = 10;
const MAX_LATE_MS = 1_000;
const EACH = { quick: { runs: 4, kills: 1, maxMs: 3_000 }, long: { runs: 500, kills: 60, maxMs: 300_000 } };

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
  const count = Number(options.runs ?? runs);
  const latenesses = [];
  let early = 0;
  let lost = 0;
  let left = Number(options.kills ?? kills);
  return runDurable(options, {
    count,
    source: source(maxMs),
    untilMs: endOf(options),
    async disturb({ workers }) {
      // Over before the last timer fires.
      await pause((Math.random() * 1.5 * maxMs) / kills);
      const ready = workers.filter(({ isReady }) => isReady);
      if (left === 0 || ready.length === 0) return 0;
      left--;
      const [{ child, ended }] = ready;
      child.kill('SIGKILL');
      await ended;
      return 1;
    },
    onResult({ fired }, findings) {
      lost += TIMERS - fired.length;
      for (const [dueMs, atMs] of fired) {
        if (atMs < dueMs) early++;
        latenesses.push(atMs - dueMs);
      }
      findings.check(lost === 0, 'a timer was lost');
      findings.check(early === 0, 'a timer was early');
    },
    more() {
      const sorted = latenesses.sort((a, b) => a - b);
      const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
      const above = (ms) => sorted.filter((late) => late > ms).length;
      return `; ${sorted.length} timers: ${early} early, ${lost} lost, late p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${above(MAX_LATE_MS)} by more than ${MAX_LATE_MS} ms, ${above(MAX_LATE_MS + LEASE_MS)} by more than that and the lease (${LEASE_MS} ms)`;
    },
  });
}
