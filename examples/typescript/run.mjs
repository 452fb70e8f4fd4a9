// Builds and runs handlers that use the application's types: one in TypeScript, and one in JavaScript that is
// checked as well.
import { readFile } from 'node:fs/promises';
import { createRuntime } from 'nexus-runtime';
import './types.mjs';

const orders = new Map([[1042, { id: 1042, lines: [{ sku: 'LAMP-2', price: 60, quantity: 2 }] }]]);
const extensions = {
  orders: { find: (id) => orders.get(id) },
  approvals: { request: () => ({ approved: true, by: 'Grace' }) },
};

const runtime = await createRuntime({ cacheDir: false });
await run('refund.ts', { order: 1042 });
await run('note.js', { text: ' arrived broken ' });
await run('refund.ts', { order: 7 });
await runtime.shutdown();

async function run(file, args) {
  const code = await readFile(new URL(`handlers/${file}`, import.meta.url), 'utf8');
  // The extension says that it is TypeScript. Types are overwritten with blanks: every line and column is the
  // author's.
  const options = { filename: file, extensions, seed: 7 };
  const context = {
    stateSnapshot: { status: 'open', limit: 100 },
    args,
    capabilities: [
      'state:read:*',
      'state:write:*',
      'events:emit:refund.*',
      'view:update:*',
      'ext:orders.find',
      'ext:approvals',
    ],
  };
  const { status, returnValue, stateMutations, error } = await runtime.run(code, context, options);
  console.log(`\n${file} ${JSON.stringify(args)}: ${status}`);
  if (error === undefined) {
    for (const { key, value } of stateMutations) console.log(`  $state.${key} = ${value}`);
    console.log(`  returns ${JSON.stringify(returnValue)}`);
  } else console.log(`${error.message}\n${error.snippet}`);
}
