// An agent in code mode. The model is a recording of two answers: the first program has a mistake, and the second one mends it by what the model
// was told. A refund waits for a person.
import { createRuntime } from 'nexus-runtime';
import { createCodeMode } from 'nexus-runtime/code-mode';
import { recordedModel } from './recorded-model.mjs';

const runtime = await createRuntime({ cacheDir: false });

const text = { type: 'string' };
const object = (properties) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const ORDERS = [
  { id: 'o1', customer: 'Ada', total: 120, daysLate: 9 },
  { id: 'o2', customer: 'Bob', total: 30, daysLate: 1 },
  { id: 'o3', customer: 'Eve', total: 800, daysLate: 12 },
];

const codeMode = createCodeMode({
  runtime,
  tools: {
    'orders.list': {
      description: 'All open orders.',
      inputSchema: object({}),
      outputSchema: {
        type: 'array',
        items: object({ id: text, customer: text, total: { type: 'number' }, daysLate: { type: 'number' } }),
      },
      execute: () => ORDERS,
    },
    'orders.refund': {
      description: 'Gives the money for an order back.',
      inputSchema: object({ orderId: text, amount: { type: 'number' } }),
      // Small ones need nobody.
      needsApproval: ({ amount }) => amount > 100,
      execute: ({ orderId, amount }, { callId }) => ({ orderId, amount, key: callId.split(':')[1] }),
    },
  },
});

console.log(
  `The model has one tool, ${codeMode.tool.name}, and ${codeMode.instructions.length} characters of instructions.`,
);

const messages = [{ role: 'user', content: 'Give those who wait for more than a week half of their money back.' }];
let outcome;
do {
  const { code } = recordedModel(messages);
  const { calls } = await codeMode.preview(code);
  console.log(`\n--- program: it can call ${[...new Set(calls.map(({ tool }) => tool))].join(', ')}\n${code}`);
  outcome = await codeMode.run(code);
  messages.push({ role: 'tool', content: outcome.text });
  console.log(`\n--- the model is told:\n${outcome.text}`);
} while (outcome.status === 'error');

// A person decides, in this process or another one.
for (const { callId, tool, input } of await codeMode.pending()) {
  console.log(`\n--- a person approves ${tool} ${JSON.stringify(input)}`);
  await codeMode.approve(callId);
}
const ended = await codeMode.resume(outcome.runId);
console.log(`\n--- the model is told:\n${ended.text}`);
await runtime.shutdown();
