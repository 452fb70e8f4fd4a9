// One process of `start.mjs`: prints when it had what, in milliseconds since its start.
import { createRuntime } from '../../dist/index.js';
import { quickStart } from '../work/quick-start.mjs';

const imported = performance.now();
const runtime = await createRuntime({ cacheDir: process.argv[2] });
const ready = performance.now();
const { returnValue } = await runtime.executeHandler(quickStart.source, quickStart.context);
const result = performance.now();
if (returnValue !== quickStart.expected) throw new Error(`expected ${quickStart.expected}, got ${returnValue}`);
await runtime.shutdown();
console.log(JSON.stringify({ imported, ready, result }));
