import { randomUUID } from 'node:crypto';

import { Findings } from '../lib/findings.mjs';
import { repeating } from '../lib/repeating-dispatcher.mjs';
import { endOf, severally } from '../lib/severally.mjs';
import { onStores } from '../lib/shared-stores.mjs';
import { TaskQueue } from '../lib/task-queue.mjs';

export const title = 'tasks of a dispatcher delivered 2 to 5 times, in any order';

const TASKS = { quick: 30, long: 10_000 };
const RUNS_AT_ONCE = { quick: 2, long: 24 };
/** Longer than a slow machine takes for all that are under way. */
const MAX_MS = 15 * 60 * 1000;
const HANDLER = `
  const tokens = [];
  const note = (...given) => { for (const one of given) { tokens.push(one); $emit('token', one) } };
  for (let i = 0; i < 3; i++) note(await $ext.service.token(i));
  await $sleep(30);
  note(...await Promise.all([$ext.service.token('a'), $ext.service.token('b')]));
  return tokens;`;

/** Two runtimes execute runs, two others make their calls, and one starts them. It starts more until there were so many tasks. */
export async function run(options) {
  const findings = new Findings();
  const form = options.quick ? 'quick' : 'long';
  const figure = await onStores(options, async (open) => {
    const untilMs = endOf(options);
    const queue = new TaskQueue();
    let tasks = 0;
    let deliveries = 0;
    const dispatcher = repeating(queue, (_, times) => {
      tasks++;
      deliveries += times;
    });
    const [starting, ...working] = await open(5, { dispatcher });
    /** By key: what was told under it. */
    const told = new Map();
    const tokens = new Map();
    let repeated = 0;
    let differ = 0;
    let lost = 0;
    let calls = 0;
    const onEffects = ({ events }, { key, runId }) => {
      const given = events.map(({ payload }) => payload);
      const before = told.get(key);
      const content = JSON.stringify(given);
      if (before === undefined) tokens.set(runId, [...(tokens.get(runId) ?? []), ...given]);
      else repeated++;
      if (before !== undefined && before !== content) differ++;
      told.set(key, content);
    };
    const token = async () => {
      calls++;
      return randomUUID();
    };
    for (const [index, runtime] of working.entries()) {
      await runtime.work(index % 2 === 0 ? { onEffects } : { runs: false, extensions: { service: { token } } });
    }
    let runs = 0;
    const tryRun = async () => {
      const runId = `run-${runs++}`;
      const run = await starting.start(HANDLER, { capabilities: ['ext:*', 'events:emit:*', 'timer'] }, { runId });
      const result = await run.result({ timeoutMs: MAX_MS }).catch(() => undefined);
      if (result === undefined) {
        lost++;
        return;
      }
      findings.check(result.status === 'success', `a run failed: ${JSON.stringify(result.error)}`);
      findings.check(
        JSON.stringify(tokens.get(runId)) === JSON.stringify(result.returnValue),
        'the effects of a run are not those of its result',
      );
    };
    await severally(RUNS_AT_ONCE[form], RUNS_AT_ONCE[form], untilMs, async () => {
      do await tryRun();
      while (tasks < TASKS[form] && Date.now() < untilMs);
    });
    await queue.close();
    findings.check(lost === 0, 'a run did not end');
    findings.check(differ === 0, 'effects were told with two contents under one key');
    return `${tasks} tasks, ${deliveries} deliveries, ${runs} runs, ${calls} calls for ${5 * runs}: ${lost} lost, ${differ} told with two contents, ${repeated} of ${told.size} told again`;
  });
  return findings.end(figure);
}
