// Starts runs and waits for their results.
import { join } from './parts.mjs';

const HANDLER = `
  const prices = await Promise.all($args.map((name) => $ext.shop.price(name)));
  $emit('priced', prices);
  await new Promise((resolve) => setTimeout(resolve, 200));
  return prices.reduce((sum, price) => sum + price, 0);
`;

const { runtime, leave } = await join(process.argv[2]);
const capabilities = ['ext:shop.price', 'events:emit:priced', 'timer'];
const orders = [['apple'], ['apple', 'pear'], ['pear', 'pear']];
const runs = await Promise.all(
  orders.map((args, index) => runtime.start(HANDLER, { args, capabilities }, { runId: `order-${index + 1}` })),
);
for (const run of runs) console.log(`producer: ${run.runId} is ${(await run.result()).returnValue}`);
await leave();
