// One process of a deployment: precompiles its 1,000 handlers, prints when it was ready, in milliseconds since its start.
import { createRuntime } from '../../dist/index.js';

const HANDLERS = 1_000;

/** Some 40 lines each, no two alike. */
function makeHandler(number) {
  const rules = Array.from(
    { length: 8 },
    (_, i) => `
  if (order.total > ${number + i * 10}) {
    applied.push({ rule: 'r${number}-${i}', percent: ${(number % 7) + i} });
  }`,
  );
  return `
const { order } = $args;
const applied = [];
function round(value) {
  return Math.round(value * 100) / 100;
}
${rules.join('')}
const percent = applied.reduce((sum, { percent }) => sum + percent, 0);
$state.total = round(order.total * (1 - percent / 100));
$emit('priced.${number}', { total: $state.total, applied });
return $state.total;
`;
}

const runtime = await createRuntime({ cacheDir: process.argv[2], cacheSecret: 'a secret for the bench' });
const { cached, failed } = await runtime.precompileAll(
  Array.from({ length: HANDLERS }, (_, number) => makeHandler(number)),
  { concurrency: 16 },
);
const readyMs = performance.now();
if (failed > 0) throw new Error(`${failed} handlers do not compile`);
await runtime.shutdown();
console.log(JSON.stringify({ readyMs, cached }));
