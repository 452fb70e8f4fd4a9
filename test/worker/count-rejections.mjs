// Runs handlers in Node itself, each as an async function, and prints for each how many rejected promises are
// unhandled when its jobs are done. Sources in, counts out, as JSON.
import { text } from 'node:stream/consumers';
import { setImmediate as jobsDone } from 'node:timers/promises';

const AsyncFunction = (async () => {}).constructor;
let unhandled = new Set();
process.on('unhandledRejection', (_reason, promise) => unhandled.add(promise));

const counts = [];
for (const source of JSON.parse(await text(process.stdin))) {
  unhandled = new Set();
  new AsyncFunction(source)().catch(() => {});
  await jobsDone();
  await jobsDone();
  counts.push(unhandled.size);
}
console.log(JSON.stringify(counts));
