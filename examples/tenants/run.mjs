// Plug-ins of three tenants on two workers. One of the tenants is hostile; the others do not notice.
import { readFile } from 'node:fs/promises';
import { createRuntime } from 'nexus-runtime';
import { tenants } from './tenants.mjs';

const runtime = await createRuntime({
  cacheDir: false,
  maxInstances: 2,
  // The limits of one tenant: its waiting calls, and the workers it may use, which are never all of them.
  maxQueuePerTenant: 40,
  maxInstancesPerTenant: 1,
});

const tally = new Map(tenants.map(({ name }) => [name, { settled: 0, outcomes: new Map() }]));
const running = tenants.map((tenant) => Promise.all(Array.from({ length: tenant.calls }, (_, n) => call(tenant, n))));

// All start at the same time, the hostile one with twice as many calls.
const [acme, globex, mallory] = running;
await Promise.all([acme, globex]);
const served = tally.get('mallory').settled;
await mallory;

for (const [name, { outcomes }] of tally) {
  console.log(name.padEnd(8), [...outcomes].map(([outcome, count]) => `${count} × ${outcome}`).join(', '));
}
const isFair = served < tenants.find(({ name }) => name === 'mallory').calls;
console.log(`\nacme and globex were done ${isFair ? 'while mallory still had calls waiting' : 'last'}`);
await runtime.shutdown();

async function call({ name, plan, plugins, capabilities, state }, n) {
  const file = plugins[n % plugins.length];
  const code = await readFile(new URL(`plugins/${file}`, import.meta.url), 'utf8');
  const context = { handlerName: file, stateSnapshot: state(), capabilities };
  const outcome = await runtime.executeHandler(code, context, { tenant: name, filename: file, ...plan }).then(
    ({ status, returnValue, error }) => (status === 'success' ? `success (${returnValue})` : `${file}: ${error.code}`),
    // A call that the pool cannot accept is rejected at once, with an estimate of when to retry.
    ({ code }) => `refused: ${code}`,
  );
  const { outcomes } = tally.get(name);
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  tally.get(name).settled++;
}
