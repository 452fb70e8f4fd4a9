import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import * as z from 'zod';

import { createRuntime, defineExtension } from '#src/index.js';
import { createTestRuntime, record, replay } from '#src/testing/index.js';

const schemas = {
  args: z.object({ count: z.number().default(2) }),
  result: z.object({ count: z.number(), unit: z.string().default('m') }),
};
const extensions = defineExtension({
  size: { double: { input: z.number(), output: z.number(), execute: (n) => n * 2 } },
});
const code = 'return { count: await $ext.size.double($args.count) }';
const context = { args: {}, capabilities: ['ext:size'] };

it('a test runtime checks as a runtime does', async () => {
  await using runtime = await createTestRuntime({ cacheDir: false });
  const result = await runtime.run(code, context, { extensions, schemas });
  expect(result.returnValue).toEqual({ count: 4, unit: 'm' });
  const executed = await runtime.executeHandler('return 7', context, { schemas });
  expect(executed.error?.code).toBe('VALIDATION_ERROR');
  const waiting = await runtime.executeHandler(code, context, { schemas });
  const { suspensionId = '' } = waiting.suspension ?? {};
  const resumed = await runtime.resumeHandler(
    suspensionId,
    { success: true, value: 9 },
    { schemas: { result: schemas.result } },
  );
  expect(resumed.returnValue).toEqual({ count: 9, unit: 'm' });
  // The kit calls extensions that are defined with schemas as any other.
  const tested = await runtime.runHandler(code, { args: { count: 3 }, ext: extensions });
  expect(tested.returnValue).toEqual({ count: 6 });
});

it('a recording has what the handler got and returned, and replays without the schemas', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nexus-schemas-'));
  await using runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
  try {
    const recording = await record(runtime, { directory });
    const result = await recording.run(code, context, { extensions, schemas });
    expect(result.returnValue).toEqual({ count: 4, unit: 'm' });
    await recording.recordingsWritten();
    const [file = ''] = await readdir(directory);
    const { differences, recorded } = await replay(join(directory, file));
    expect({ differences, returnValue: recorded.returnValue }).toEqual({ differences: [], returnValue: { count: 4 } });
    const executed = await recording.executeHandler('return 7', context, { schemas });
    expect(executed.error?.code).toBe('VALIDATION_ERROR');
    await recording.recordingsWritten();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
