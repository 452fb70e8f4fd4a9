// One process of `suite.mjs`: tests number `from` to `to - 1`, with the test runtime. When asked to, prints when it had its first result,
// in milliseconds since its own start.
import { createTestRuntime } from '../../dist/testing.js';
import { source, testCase } from '../work/bundled-handler.mjs';

const [cacheDir, from, to, print] = process.argv.slice(2);
const runtime = await createTestRuntime({ cacheDir });
let firstMs;
for (let number = Number(from); number < Number(to); number++) {
  const { args, expected } = testCase(number);
  const { returnValue, state } = await runtime.runHandler(source, { args, state: { runs: number } });
  firstMs ??= performance.now();
  if (returnValue !== expected || state.runs !== number + 1) throw new Error(`test ${number}: ${returnValue}`);
}
if (print !== undefined) console.log(JSON.stringify({ firstMs }));
