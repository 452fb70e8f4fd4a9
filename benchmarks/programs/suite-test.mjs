// One process of `suite.mjs`: tests number `from` to `to - 1` of a handler, with the test runtime. When asked to, prints when it had its
// first result, in milliseconds since its own start.
import { createTestRuntime } from '../../dist/testing.js';

const [handler, cacheDir, from, to, print] = process.argv.slice(2);
const runtime = await createTestRuntime({ cacheDir });
let firstMs;
for (let number = Number(from); number < Number(to); number++) {
  const args = { title: `Q & A ${number}`, page: `It is number ${number}.\n` };
  const { returnValue, state } = await runtime.runHandler(handler, { args, state: { rendered: number } });
  firstMs ??= performance.now();
  const expected = `Q &amp; A ${number}: It is number ${number}.`;
  if (returnValue !== expected || state.rendered !== number + 1) throw new Error(`test ${number}: ${returnValue}`);
}
if (print !== undefined) console.log(JSON.stringify({ firstMs }));
