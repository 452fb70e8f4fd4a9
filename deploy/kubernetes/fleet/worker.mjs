// A process of a fleet, as fleet.yaml and deploy/compose start it: `node worker.mjs executor`, or `node worker.mjs caller`. All options come
// from the environment.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { configFromEnv, createRuntime } from 'nexus-runtime';
import { bullmq } from 'nexus-runtime/bullmq';
import { PostgresSuspensionStore } from 'nexus-runtime/postgres';
import { redisCache } from 'nexus-runtime/redis';
import pg from 'pg';

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const [role] = process.argv.slice(2);
const { DATABASE_URL, REDIS_URL, EXTENSIONS = './extensions.mjs', PORT = '8080' } = process.env;

const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 4 });
// What breaks a connection is told by what uses it.
pool.on('error', () => {});
// Many may do it at once, and again.
await PostgresSuspensionStore.migrate(pool);
const client = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
client.on('error', () => {});
const dispatcher = bullmq({ connection: client });
const runtime = await createRuntime({
  ...configFromEnv(),
  suspensionStore: new PostgresSuspensionStore({ pool }),
  remoteCache: redisCache({ client }),
  dispatcher,
});

const work = {
  // Executes code of strangers, and has no credentials of any service.
  executor: () => ({ onEffects: (effects, { key }) => effects.events.length > 0 && console.log(key, effects.events) }),
  // Has the credentials, and executes nothing. The module exports extensions by name.
  caller: async () => ({ runs: false, extensions: { ...(await import(pathToFileURL(EXTENSIONS).href)) } }),
}[role];
if (work === undefined) throw new Error(`The role is ${role}; it must be executor or caller.`);
await runtime.work(await work());

let isStopping = false;
const routes = {
  '/healthz': async () => [200, 'ok'],
  '/readyz': async () => (isStopping ? [503, 'stopping'] : [200, 'ready']),
  '/metrics': async () => [200, await runtime.getPrometheusMetrics()],
};
const server = createServer(async (request, response) => {
  const [status, body] = await (routes[request.url] ?? (async () => [404, 'Not found.']))();
  response.writeHead(status, { 'content-type': METRICS_TYPE }).end(body);
});
server.listen(Number(PORT), () => console.log(`${role} on port ${server.address().port}`));

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop);

/** Takes no more tasks, gives segments and calls up to 25 s, and gives back what waits: other processes go on with it at once. */
async function stop() {
  isStopping = true;
  await runtime.shutdown();
  await dispatcher.close();
  client.disconnect();
  await pool.end();
  server.close();
  server.closeIdleConnections();
}
