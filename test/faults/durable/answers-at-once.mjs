import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import { currentCall, later } from '#build/index.js';
import { Findings } from '../lib/findings.mjs';
import { endOf, severally } from '../lib/severally.mjs';
import { onStores } from '../lib/shared-stores.mjs';

export const title = 'answers to 2-50 calls at the same moment, from two runtimes, repeated';

const QUICK_RACES = 3;
const RACES = 1_000;
const MAX_CALLS = 50;
/** More of them only wait for the disk less. */
const RACES_AT_ONCE = 8;
const LOOK_MS = 25;
/** Longer than a slow machine takes for all that are under way. */
const MAX_MS = 15 * 60 * 1000;

const HANDLER = `
  const calls = Array.from({ length: $args }, (_, index) => $ext.people.ask(index));
  return await Promise.all(calls);`;

/** Every answer is posted one to three times, in any order, by two runtimes on one store, while a third works. */
export async function run(options) {
  const findings = new Findings();
  const races = Number(options.runs ?? (options.quick ? QUICK_RACES : RACES));
  const figure = await onStores(options, async (open) => {
    const [working, one, other] = await open(3);
    const sums = { posts: 0, refused: 0, lost: 0, twice: 0 };
    const asked = new Map();
    const ask = () => {
      const { key } = currentCall();
      const runId = key.slice(0, key.lastIndexOf(':'));
      asked.set(runId, [...(asked.get(runId) ?? []), key]);
      return later;
    };
    const race = async (runId) => {
      const count = 2 + Math.floor(Math.random() * (MAX_CALLS - 1));
      await one.start(HANDLER, { args: count, capabilities: ['ext:people.ask'] }, { runId });
      const until = Date.now() + MAX_MS;
      const isKept = async () => (await one.getRun(runId).describe()).calls.length === count;
      while (!(asked.get(runId)?.length === count && (await isKept())) && Date.now() < until) {
        await pause(LOOK_MS);
      }
      const answers = asked.get(runId).flatMap((key) => {
        const times = 1 + Math.floor(Math.random() * 3);
        return Array.from({ length: times }, () => ({ key, value: randomUUID() }));
      });
      answers.sort(() => Math.random() - 0.5);
      const posted = await Promise.all(
        answers.map(async ({ key, value }, index) => {
          const runtime = index % 2 === 0 ? one : other;
          return { key, value, answer: await runtime.completeCall(key, { success: true, value }) };
        }),
      );
      const accepted = posted.filter(({ answer }) => answer === 'accepted');
      const valuesOf = (key) => accepted.filter((post) => post.key === key).map(({ value }) => value);
      const { status, returnValue } = await one.getRun(runId).result({ timeoutMs: MAX_MS });
      const expected = asked.get(runId).map(valuesOf);
      sums.posts += posted.length;
      sums.refused += posted.length - accepted.length;
      sums.lost += expected.filter((values) => values.length === 0).length;
      sums.twice += expected.filter((values) => values.length > 1).length;
      findings.check(
        status === 'success' && JSON.stringify(returnValue) === JSON.stringify(expected.flat()),
        'a handler got other answers than were accepted',
      );
      asked.delete(runId);
    };
    await working.work({ extensions: { people: { ask } }, concurrency: RACES_AT_ONCE });
    const done = await severally(RACES_AT_ONCE, races, endOf(options), (index) => race(`race-${index}`));
    const { posts, refused, lost, twice } = sums;
    findings.check(lost === 0, 'a call had no accepted answer');
    findings.check(twice === 0, 'a call had two accepted answers');
    return `${done} races, ${posts} posts, ${refused} refused as repeated: ${lost} answers lost, ${twice} twice`;
  });
  return findings.end(figure);
}
