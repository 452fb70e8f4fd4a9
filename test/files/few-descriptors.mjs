// Run with few descriptors: 400 concurrent calls that read from the cache, are suspended in a file store and are resumed.
// Prints their outcomes.
import { createRuntime } from 'nexus-runtime';

const CALLS = 400;
const [directory] = process.argv.slice(2);
const options = { cacheDir: `${directory}/cache`, maxQueue: CALLS, maxInstances: 1 };
const source = (i) => `return await $ext.service.call(${i})`;

const before = await createRuntime(options);
await before.precompileAll(Array.from({ length: CALLS }, (_, i) => source(i)));
await before.shutdown();

const runtime = await createRuntime({ ...options, suspensionDir: `${directory}/suspended` });
const all = (call) => Promise.all(Array.from({ length: CALLS }, (_, i) => call(i)));
const waiting = await all((i) => runtime.executeHandler(source(i), { capabilities: ['ext:service'] }));
const ended = await all((i) =>
  runtime.resumeHandler(waiting[i].suspension?.suspensionId ?? '', { success: true, value: i }),
);
await runtime.shutdown();
console.log(
  JSON.stringify({
    suspended: waiting.filter(({ status }) => status === 'suspended').length,
    fromDisk: waiting.filter(({ metrics }) => metrics.cacheTier === 'disk').length,
    ended: ended.filter(({ status, returnValue }, i) => status === 'success' && returnValue === i).length,
  }),
);
