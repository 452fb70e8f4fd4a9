// Starts handlers and resumes those that are due, a share of them, and ends. Each line on stdout is one that waits or has ended.
import { readFileSync } from 'node:fs';

import { createRuntime } from '#dist/index.js';

const AT_ONCE = 16;
const { suspensionDir, base, host, tasks } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const HANDLER = `
  const seen = [];
  for (let i = 0; i < 2; i++) {
    const before = Date.now();
    await $sleep($args.delays[i]);
    seen.push(Date.now() - before - $args.delays[i]);
    const response = await fetch($args.base + '/' + $args.index + '/' + i, { method: 'POST' });
    seen.push(await response.text());
  }
  $emit('done', $args.index);
  return seen;`;

const runtime = await createRuntime({
  cacheDir: false,
  maxInstances: 1,
  metrics: false,
  suspensionDir,
  network: { allow: [host], allowPrivate: true },
});

async function advance({ index, delays, suspensionId }) {
  if (suspensionId === undefined) {
    const context = { args: { index, delays, base }, capabilities: ['timer', 'net:POST:*', 'events:emit:done'] };
    return runtime.executeHandler(HANDLER, context);
  }
  return runtime.resumeHandler(suspensionId);
}

function report(index, { status, suspension, returnValue, error, events, replayed }) {
  const waits = suspension && { suspensionId: suspension.suspensionId, wakeAt: suspension.wakeAt.getTime() };
  process.stdout.write(`${JSON.stringify({ index, status, ...waits, returnValue, error, events, replayed })}\n`);
}

const queue = [...tasks];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
      try {
        report(task.index, await advance(task));
      } catch (error) {
        report(task.index, { status: 'refused', error: { code: error.code, message: error.message } });
      }
    }
  }),
);
await runtime.shutdown();
