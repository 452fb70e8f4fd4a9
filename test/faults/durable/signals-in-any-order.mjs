import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { Findings } from '../lib/findings.mjs';
import { endOf, severally } from '../lib/severally.mjs';
import { onStores } from '../lib/shared-stores.mjs';

export const title = 'signals before, during and after the wait, repeated, in any order';

const SIGNALS = 20;
const RUNS = { quick: 2, long: 500 };
const RUNS_AT_ONCE = 12;
const MAX_PAUSE_MS = 200;
/** Longer than a slow machine takes for all that are under way. */
const MAX_MS = 15 * 60 * 1000;
const HANDLER = `
  const got = [];
  for (let i = 0; i < ${SIGNALS}; i++) {
    if (i % 5 === 2) await $sleep(20);
    got.push(await $signal('news'));
  }
  return got;`;

/** Each signal is posted one to three times, with another payload each time, by two runtimes on one store, while two others work. */
export async function run(options) {
  const findings = new Findings();
  const count = Number(options.runs ?? (options.quick ? RUNS.quick : RUNS.long));
  const figure = await onStores(options, async (open) => {
    const [one, other, ...working] = await open(4);
    const said = {};
    let lost = 0;
    let twice = 0;
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
      const ids = new Set(accepted.map(({ id }) => id));
      lost += SIGNALS - ids.size;
      twice += accepted.length - ids.size;
      const expected = accepted.map(({ payload }) => payload).sort();
      findings.check(
        status === 'success' && JSON.stringify([...returnValue].sort()) === JSON.stringify(expected),
        'a handler did not get each accepted signal once',
      );
    };
    await Promise.all(working.map((runtime) => runtime.work({})));
    const done = await severally(RUNS_AT_ONCE, count, endOf(options), tryRun);
    findings.check(lost === 0, 'a signal was not accepted');
    findings.check(twice === 0, 'a signal was accepted twice');
    const answers = Object.entries(said).map(([answer, times]) => `${answer} ${times}`);
    return `${done} runs, ${done * SIGNALS} signals (${answers.sort().join(', ')}): ${lost} lost, ${twice} twice`;
  });
  return findings.end(figure);
}
