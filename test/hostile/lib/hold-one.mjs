// Runs one case of `hold-cases.mjs` and tells its parent how long the main thread was held: `hold-one.mjs <dist/index.js> <case>`.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { CASES } from './hold-cases.mjs';

const [entry, name] = process.argv.slice(2);
const { createRuntime, toJson } = await import(pathToFileURL(entry).href);
const TICK_MS = 2;

/** CPU time of this thread in ms; if the system does not report it, elapsed time. */
function processorMs() {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}

const runtime = await createRuntime({ cacheDir: false, maxInstances: 2, cacheSecret: undefined });
for (let i = 0; i < 5; i++) await runtime.executeHandler('return [1, { a: $args }]', { args: i });
const one = CASES[name];
const prepared = await one.prepare?.({ runtime });

const holds = [];
let wallBefore = performance.now();
let processorBefore = processorMs();
const timer = setInterval(() => {
  const wall = performance.now();
  const processor = processorMs();
  holds.push([Math.max(0, wall - wallBefore - TICK_MS), processor - processorBefore]);
  wallBefore = wall;
  processorBefore = processor;
}, TICK_MS);
await new Promise((resolve) => setTimeout(resolve, 10));
holds.length = 0;
const outcome = await (one.run ?? one)({ runtime, prepared, toJson }).then(
  ({ status, error }) => error?.code ?? status,
  (error) => error.code ?? error.message,
);
await new Promise((resolve) => setTimeout(resolve, 20));
clearInterval(timer);
process.send({ outcome, holds });
await runtime.shutdown();
process.disconnect();
