// Executes code of strangers. It has no extensions, and so no credentials of any service.
import { join } from './parts.mjs';

const { runtime } = await join(process.argv[2]);
await runtime.work({
  onEffects: ({ events }, { key }) => {
    for (const { name, payload } of events) console.log(`executor: ${key} ${name} ${JSON.stringify(payload)}`);
  },
});
process.send('ready');
