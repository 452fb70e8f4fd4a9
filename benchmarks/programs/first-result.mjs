// One process of `start.mjs`: prints when it had what, in milliseconds since its start.
import { createRuntime } from 'nexus-runtime';

const imported = performance.now();
const runtime = await createRuntime({ cacheDir: process.argv[2] });
const ready = performance.now();
const { returnValue } = await runtime.executeHandler('return $args.n + 1', { args: { n: 1 } });
const result = performance.now();
if (returnValue !== 2) throw new Error(`expected 2, got ${returnValue}`);
await runtime.shutdown();
console.log(JSON.stringify({ imported, ready, result }));
