import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { createRuntime } from '#build/index.js';
import { Findings } from '../lib/findings.mjs';

export const title = 'signals before, during and after the wait, repeated, in any order';

const SIGNALS = 20;
const RUNS = { quick: 4, long: 500 };
const RUNS_AT_ONCE = 5;
const MAX_PAUSE_MS = 200;
const MAX_MS = 120_000;
const HANDLER = `
  const got = [];
  for (let i = 0; i < ${SIGNALS}; i++) {
    if (i % 5 === 2) await $sleep(20);
    got.push(await $signal('news'));
  }
  return got;`;

/** Each signal is posted one to three times, with another payload each time, by two runtimes on one directory, while two others work. */
export async function run({ quick, runs, scratch }) {
  const findings = new Findings();
  const suspensionDir = join(scratch, 'signals');
  const open = () => createRuntime({ cacheDir: false, maxInstances: 1, metrics: false, suspensionDir });
  const runtimes = await Promise.all(Array.from({ length: 4 }, open));
  const [one, other, ...working] = runtimes;
  const count = Number(runs ?? (quick ? RUNS.quick : RUNS.long));
  const said = {};
  const note = (answer) => {
    said[answer] = (said[answer] ?? 0) + 1;
    return answer;
  };
  const tryRun = async (index) => {
    const runId = `signals-${index}`;
    await one.start(HANDLER, { capabilities: ['signal:*', 'timer'] }, { runId });
    const posts = Array.from({ length: SIGNALS }, (_, id) => id).flatMap((id) =>
      Array.from({ length: 1 + Math.floor(Math.random() * 3) }, () => ({ id: `${id}`, payload: randomUUID() })),
    );
    posts.sort(() => Math.random() - 0.5);
    const post = async ({ id, payload }, place) => {
      const run = (place % 2 === 0 ? one : other).getRun(runId);
      return { id, payload, answer: note(await run.signal('news', payload, { id })) };
    };
    // A third at once, the others while it waits.
    const third = Math.floor(posts.length / 3);
    const posted = await Promise.all(
      posts.map(async (given, place) => {
        if (place > third) await pause(Math.random() * MAX_PAUSE_MS);
        return post(given, place);
      }),
    );
    const { status, returnValue } = await one.getRun(runId).result({ timeoutMs: MAX_MS });
    const late = await post({ id: '0', payload: 'late' }, 0);
    findings.check(
      late.answer === 'ended' || late.answer === 'duplicate',
      `a signal to a run that ended: ${late.answer}`,
    );
    const accepted = posted.filter(({ answer }) => answer === 'accepted');
    findings.check(new Set(accepted.map(({ id }) => id)).size === SIGNALS, 'a signal was not accepted');
    findings.check(accepted.length === SIGNALS, 'a signal was accepted twice');
    const expected = accepted.map(({ payload }) => payload).sort();
    findings.check(
      status === 'success' && JSON.stringify([...returnValue].sort()) === JSON.stringify(expected),
      'a handler did not get each accepted signal once',
    );
  };
  try {
    await Promise.all(working.map((runtime) => runtime.work({})));
    for (let index = 0; index < count; index += RUNS_AT_ONCE) {
      const some = Array.from({ length: Math.min(RUNS_AT_ONCE, count - index) }, (_, place) => tryRun(index + place));
      await Promise.all(some);
    }
  } finally {
    await Promise.all(runtimes.map((runtime) => runtime.shutdown({ drainTimeoutMs: 1_000 })));
  }
  return findings.end(`${count} runs, ${count * SIGNALS} signals: 0 lost, 0 twice (${JSON.stringify(said)})`);
}
