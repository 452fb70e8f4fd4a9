import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCodeMode } from '#src/code-mode/index.js';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import { PROGRAMS } from './programs.js';
import { recordedTools } from './tools.js';

let runtime: NexusRuntime;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false });
});
afterAll(async () => {
  await runtime.shutdown();
});

describe('programs of the tasks in the examples of others', () => {
  it('are sixty at least', () => {
    expect(PROGRAMS.length).toBeGreaterThanOrEqual(60);
  });

  it.each(PROGRAMS)('$of: $task', async ({ code, status, says, changes: expected, ...given }) => {
    const { tools, changes } = recordedTools();
    const outcome = await createCodeMode({ runtime, tools }).run(code);
    expect(outcome.text).toContain(says ?? '');
    expect(outcome.status, outcome.text).toBe(status ?? 'success');
    if ('result' in given) expect(outcome.result).toEqual(given.result);
    if (expected !== undefined) expect(changes).toEqual(expected);
    expect(outcome.calls.every((call) => call.status !== 'running' && call.status !== 'pending')).toBe(true);
  });

  it.each(PROGRAMS)('can be looked at before it runs: $of: $task', async ({ code, status }) => {
    const preview = await createCodeMode({ runtime, tools: recordedTools().tools }).preview(code);
    if (status === undefined) expect(preview.problems).toEqual([]);
    if (status === undefined) expect(preview.unknown).toEqual([]);
  });
});
