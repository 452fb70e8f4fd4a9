import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { createRuntime, currentCall, later } from '#build/index.js';
import { Findings } from '../lib/findings.mjs';

export const title = 'answers to 2-50 calls at the same moment, from two runtimes, repeated';

const QUICK_RACES = 8;
const RACES = 1_000;
const MAX_CALLS = 50;
const MAX_MS = 60_000;

const HANDLER = `
  const calls = Array.from({ length: $args }, (_, index) => $ext.people.ask(index));
  return await Promise.all(calls);`;

/** Every answer is posted one to three times, in any order, by two runtimes on one directory, while a third works. */
export async function run({ quick, runs, scratch }) {
  const findings = new Findings();
  const suspensionDir = join(scratch, 'races');
  const open = () => createRuntime({ cacheDir: false, maxInstances: 1, metrics: false, suspensionDir });
  const [working, one, other] = await Promise.all([open(), open(), open()]);
  const races = Number(runs ?? (quick ? QUICK_RACES : RACES));
  let posts = 0;
  let duplicates = 0;
  try {
    const asked = new Map();
    const ask = () => {
      const { key } = currentCall();
      const runId = key.slice(0, key.lastIndexOf(':'));
      asked.set(runId, [...(asked.get(runId) ?? []), key]);
      return later;
    };
    await working.work({ extensions: { people: { ask } } });
    for (let race = 0; race < races; race++) {
      const count = 2 + Math.floor(Math.random() * (MAX_CALLS - 1));
      const runId = `race-${race}`;
      await one.start(HANDLER, { args: count, capabilities: ['ext:people.ask'] }, { runId });
      const until = Date.now() + MAX_MS;
      const isKept = async () => (await one.getRun(runId).describe()).calls.length === count;
      while (!(asked.get(runId)?.length === count && (await isKept())) && Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, 5));
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
      posts += posted.length;
      const accepted = posted.filter(({ answer }) => answer === 'accepted');
      duplicates += posted.length - accepted.length;
      const { status, returnValue } = await one.getRun(runId).result({ timeoutMs: MAX_MS });
      const expected = asked
        .get(runId)
        .map((key) => accepted.filter((post) => post.key === key).map((post) => post.value));
      findings.check(
        expected.every((values) => values.length === 1),
        'a call had no accepted answer, or two',
      );
      findings.check(
        status === 'success' && JSON.stringify(returnValue) === JSON.stringify(expected.flat()),
        'a handler got other answers than were accepted',
      );
    }
  } finally {
    await Promise.all([working, one, other].map((runtime) => runtime.shutdown({ drainTimeoutMs: 1_000 })));
  }
  return findings.end(`${races} races, ${posts} posts, ${duplicates} refused as repeated: 0 answers lost, 0 twice`);
}
