import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { createRuntime } from '#src/index.js';
import { record, replay } from '#src/testing/index.js';

it('the entry point and the code around a source are repeated', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nexus-recorded-'));
  const wrap = { epilogue: 'return module.exports($args);', prologue: 'const module = {};' };
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, wrap });
  const recorder = await record(runtime, { directory });
  await recorder.executeHandler('module.exports = (n) => n + 1', { args: 1 });
  await recorder.executeHandler('export const f = (n) => n + 1', { args: 1 }, { wrap: {}, entry: 'f' });
  await recorder.executeHandler('1 + 1', {}, { wrap: {}, returnLastExpression: true });
  await recorder.executeHandler('```js\nreturn 2\n```', {}, { wrap: {}, normalise: 'model' });
  await recorder.recordingsWritten();
  await runtime.shutdown();
  const files = await readdir(directory);
  expect(files).toHaveLength(4);
  for (const file of files) {
    const { replayed, differences } = await replay(join(directory, file));
    expect(replayed.returnValue).toBe(2);
    expect(differences).toEqual([]);
  }
  await rm(directory, { recursive: true });
});
