// One process of the application: `node app.mjs <directory>`. With NEXUS_DIE it is killed after the transaction, before the run has noted that
// the effects were told: the worst moment.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRuntime } from 'nexus-runtime';

import { openDatabase } from './database.mjs';

const directory = process.argv[2];
const dieAt = Number(process.env.NEXUS_DIE ?? 0);
const database = await openDatabase(join(directory, 'app.sqlite'));
const runtime = await createRuntime({ suspensionDir: join(directory, 'runs'), leaseMs: 1_000 });
let told = 0;

/** The key and what is done are one transaction: told again, it is found, and nothing is done twice. */
function onEffects({ stateMutations, events }, { key }) {
  database.transaction((run) => {
    if (run('insert into told values (?) on conflict do nothing', [key]) === 0) {
      console.log('  told again, and not done again');
      return;
    }
    const set = 'insert into state values (?, ?) on conflict (name) do update set value = excluded.value';
    for (const { key: name, value } of stateMutations) run(set, [name, JSON.stringify(value)]);
    const put = 'insert into outbox (name, payload) values (?, ?)';
    for (const { name, payload } of events) run(put, [name, JSON.stringify(payload)]);
  });
  if (++told === dieAt) process.kill(process.pid, 'SIGKILL');
}

const code = await readFile(new URL('handlers/order.js', import.meta.url), 'utf8');
const capabilities = ['state:read:status', 'state:write:status', 'events:emit:*', 'timer'];
await runtime.work({ onEffects });
// The same each time that this program starts: it is one run.
const run = await runtime.start(code, { args: { order: 7 }, capabilities }, { runId: 'order-7' });
console.log('  returns', (await run.result()).returnValue);
for (const [name, payload] of database.rows('select name, payload from outbox order by id'))
  console.log(`  outbox: ${name} ${payload}`);
await runtime.shutdown();
