// One process: a runtime that executes or resumes what it is told to, prints the outcomes as JSON, and ends.
import { createRuntime } from '#src/index.js';

const { options, steps } = JSON.parse(process.argv[2]);
const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, metrics: false, ...options });
const outcomes = [];
for (const { code, context, prepare = [], resume, answers, executeOptions } of steps) {
  try {
    for (const field of prepare) context[field] = await runtime.prepare(context[field]);
    const result =
      code === undefined
        ? await runtime.resumeHandler(resume, answers, executeOptions)
        : await runtime.executeHandler(code, context, executeOptions);
    outcomes.push({ result });
  } catch ({ code, message, context }) {
    outcomes.push({ rejection: { code, message, context } });
  }
}
const suspensions = [];
for await (const { id, state, envelopeBytes } of runtime.listSuspensions())
  suspensions.push({ id, state, envelopeBytes });
await runtime.shutdown();
process.stdout.write(JSON.stringify({ pid: process.pid, node: process.versions.node, outcomes, suspensions }));
