// One process of the application: `node main.mjs <command> <directory>`.
import { createRuntime } from 'nexus-runtime';

import { decide, request, work } from './app.mjs';

const [command, suspensionDir] = process.argv.slice(2);
const runtime = await createRuntime({
  suspensionDir,
  // State and arguments of a customer are in it, so it is encrypted.
  suspensionSecret: process.env.SUSPENSION_SECRET,
});
const show = (name, { who = '' }) => console.log(`  ${name} ${who}`.trimEnd());
await work(runtime, show);
if (command === 'request') {
  const run = await request(runtime, 1042, 80, ['Ada', 'Grace']);
  // Until it waits for both: then this process may end.
  while ((await run.describe()).calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
} else {
  const answers = [];
  for (const who of ['Ada', 'Grace', 'Ada']) answers.push(await decide(runtime, 1042, who, true));
  console.log('  decisions:', answers.join(', '));
  console.log('  refunded:', (await runtime.getRun('refund-1042').result()).returnValue);
}
await runtime.shutdown();
