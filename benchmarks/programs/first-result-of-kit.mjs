// One process of `start.mjs`: the same as `first-result.mjs` with the test kit.
import { createTestRuntime } from '../../dist/testing.js';
import { quickStart } from '../work/quick-start.mjs';

const imported = performance.now();
const runtime = await createTestRuntime({ cacheDir: process.argv[2] });
const ready = performance.now();
const { returnValue } = await runtime.executeHandler(quickStart.source, quickStart.context);
const result = performance.now();
if (returnValue !== quickStart.expected) throw new Error(`expected ${quickStart.expected}, got ${returnValue}`);
await runtime.shutdown();
console.log(JSON.stringify({ imported, ready, result }));
