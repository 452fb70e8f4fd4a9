// `nexus serve` under load, beside the same handler in a bare route of Hono without a sandbox: the first example of the README, its source
// and context in each request, request and audit logs off. Server and load have a process each.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';

import { printMachine } from '../harness/machine.mjs';
import { isShort } from '../harness/options.mjs';
import { printTable } from '../harness/table.mjs';
import { quickStart } from '../work/quick-start.mjs';

const CONNECTIONS = isShort ? [64] : [1, 64, 512];
const SECONDS = isShort ? 2 : 5;
// V8 optimises the engine meanwhile.
const WARM_UP_SECONDS = isShort ? 1 : 10;
const PROGRAM = fileURLToPath(new URL('../programs/serve.mjs', import.meta.url));
const LOAD_TOKEN = 'load-0123456789abcdef';

printMachine();
const servers = {
  bare: await start('bare'),
  nexus: await start('nexus'),
};
for (const { url } of Object.values(servers)) await load(url, 64, WARM_UP_SECONDS);
const rows = [];
for (const connections of CONNECTIONS) {
  const bare = await load(servers.bare.url, connections, SECONDS);
  const nexus = await load(servers.nexus.url, connections, SECONDS);
  rows.push([
    String(connections),
    `${Math.round(bare.perSecond).toLocaleString('en')}/s`,
    `${bare.p99Ms} ms`,
    `${Math.round(nexus.perSecond).toLocaleString('en')}/s`,
    `${nexus.p99Ms} ms`,
    `${(nexus.perSecond / bare.perSecond).toFixed(2)}×`,
  ]);
}
printTable(['connections', 'a bare route of Hono', 'p99', 'POST /execute', 'p99', 'ratio'], rows);
for (const { child } of Object.values(servers)) child.disconnect();

async function start(name) {
  const child = fork(PROGRAM, [name], { env: { ...process.env, LOAD_TOKEN } });
  const [url] = await once(child, 'message');
  return { child, url };
}

async function load(url, connections, duration) {
  const { source, context, expected } = quickStart;
  const body = JSON.stringify({ code: source, context });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${LOAD_TOKEN}` };
  const verifyBody = (text) => JSON.parse(text).returnValue === expected;
  const checked = await fetch(`${url}/execute`, { method: 'POST', headers, body });
  if (!verifyBody(await checked.text())) throw new Error('the server answers something else');
  const result = await autocannon({ url: `${url}/execute`, method: 'POST', headers, body, connections, duration });
  const { non2xx, errors, requests, latency } = result;
  if (non2xx > 0 || errors > 0) throw new Error(`${non2xx} responses failed, and ${errors} requests`);
  return { perSecond: requests.average, p99Ms: latency.p99 };
}
