// Prints the report of each region. The runtime evaluates lodash once; the handler is then as fast as a small
// one.
import { createRuntime } from 'nexus-runtime';
import { check, context, libraries, source } from './context.mjs';

const runtime = await createRuntime({ libraries, cacheDir: false });
const result = await runtime.executeHandler(source, context);
await runtime.shutdown();

if (result.status === 'error') throw new Error(`${result.error.message}\n${result.error.snippet}`);
check(result);
console.table(result.stateMutations[0].value.regions.map(({ best, ...region }) => ({ ...region, best: best.sku })));
