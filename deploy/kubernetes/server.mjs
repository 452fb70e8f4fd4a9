// A minimal service around the runtime, as deployment.yaml starts it. All options come from the environment.
import { createServer } from 'node:http';
import { configFromEnv, createRuntime, NexusError } from 'nexus-runtime';

const MAX_BODY_BYTES = 1024 * 1024;
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
// What every handler may do here. An application decides this for each handler, never the request.
const CAPABILITIES = ['events:emit:*'];

let isStopping = false;
const runtime = await createRuntime(configFromEnv());
// Whoever is ready has run a handler: engine, workers and cache are there.
await runtime.executeHandler('return true');

const routes = {
  'GET /healthz': async () => reply(200, { status: 'ok' }),
  'GET /readyz': async () => (isStopping ? reply(503, { status: 'stopping' }) : reply(200, { status: 'ready' })),
  'GET /metrics': async () => ({ status: 200, type: METRICS_TYPE, body: await runtime.getPrometheusMetrics() }),
  'POST /run': run,
};

const server = createServer(async (request, response) => {
  const route = routes[`${request.method} ${request.url}`] ?? (async () => reply(404, { error: 'Not found.' }));
  const { status, type, body } = await route(request).catch(replyToError);
  response.writeHead(status, { 'content-type': type, ...(isStopping && { connection: 'close' }) }).end(body);
});
server.listen(Number(process.env.PORT ?? 8080), () => console.log(`listening on port ${server.address().port}`));

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, stop);

/** Takes no more connections, gives what was accepted up to 25 s, and lets the process end by itself. */
async function stop() {
  isStopping = true;
  server.close();
  await runtime.shutdown();
  server.closeIdleConnections();
}

/** `{ code, filename, args }` in, the result out. A handler that fails is a result like any other. */
async function run(request) {
  const { code, filename, args } = JSON.parse(await readBody(request)) ?? {};
  return reply(200, await runtime.executeHandler(code, { args, capabilities: CAPABILITIES }, { filename }));
}

async function readBody(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    // Read to its end in any case, so that the client gets to see the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new BodyTooLarge();
  return Buffer.concat(chunks).toString('utf8');
}

class BodyTooLarge extends Error {}

function reply(status, value) {
  // Handlers may return what JSON lacks.
  const body = JSON.stringify(value, (_key, field) => (typeof field === 'bigint' ? String(field) : field));
  return { status, type: 'application/json', body };
}

function replyToError(error) {
  if (error instanceof SyntaxError) return reply(400, { error: 'The body is not JSON.' });
  if (error instanceof BodyTooLarge) return reply(413, { error: `The body has more than ${MAX_BODY_BYTES} bytes.` });
  if (!(error instanceof NexusError)) {
    console.error(error);
    return reply(500, { error: 'Internal error.' });
  }
  const isLater = isStopping || error.retryable;
  return reply(isLater ? 503 : error.fault === 'caller' ? 400 : 500, { code: error.code, error: error.message });
}
