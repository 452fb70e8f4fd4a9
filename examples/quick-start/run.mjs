// Runs the first handler of the README and prints its result.
import { createRuntime } from 'nexus-runtime';
import { check, context, source } from './context.mjs';

const runtime = await createRuntime({ cacheDir: false });
const result = await runtime.executeHandler(source, context);
await runtime.shutdown();

console.log(result.status, result.returnValue);
console.log(result.stateMutations, result.events);
check(result);
