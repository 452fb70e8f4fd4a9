// The application: it keeps no table of tasks and no timers. Any number of processes may have it, on one store.
import { readFile } from 'node:fs/promises';

const code = await readFile(new URL('handlers/refund.js', import.meta.url), 'utf8');
const capabilities = ['signal:decision:*', 'timer', 'events:emit:*'];
const runOf = (runtime, order) => runtime.getRun(`refund-${order}`);

/** Drives refunds. `tell` gets each event with a key, which is the same if it is told again. */
export function work(runtime, tell) {
  const onEffects = async ({ events }, { key }) => {
    for (const [index, { name, payload }] of events.entries()) await tell(name, payload, `${key}.${index}`);
  };
  return runtime.work({ onEffects });
}

/** The same order twice is one refund. */
export function request(runtime, order, amount, approvers) {
  return runtime.start(code, { args: { order, amount, approvers }, capabilities }, { runId: `refund-${order}` });
}

/** The first decision of an approver counts: a second click is the same signal. */
export const decide = (runtime, order, who, approved) =>
  runOf(runtime, order).signal(`decision:${who}`, approved, { id: who });

export const cancel = (runtime, order) => runOf(runtime, order).cancel();
