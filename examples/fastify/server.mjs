// A server whose routes are handlers. Errors of a handler are reported to the caller, saturation of the pool
// with a time to retry, and no accepted request is lost when the server ends.
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import fastify from 'fastify';
import { createRuntime, NexusError } from 'nexus-runtime';

const folder = new URL('handlers/', import.meta.url);

/** The capabilities of each handler. Other handlers are not served. */
const capabilities = {
  price: ['state:read:limit', 'events:emit:cart.*'],
  weather: ['ext:weather.at'],
  endless: [],
};

export async function createServer({ extensions, logger = false }) {
  const runtime = await createRuntime({ cacheDir: false, timeoutMs: 200 });
  const handlers = await readHandlers();
  await runtime.warmup([...handlers.values()]);

  const server = fastify({ logger });

  server.post('/handlers/:name', async (request, reply) => {
    const { name } = request.params;
    const handler = handlers.get(name);
    if (handler === undefined)
      return reply.code(404).send({ code: 'NOT_FOUND', message: `There is no handler "${name}".` });
    const context = {
      handlerName: name,
      stateSnapshot: { limit: 100 },
      args: request.body,
      capabilities: capabilities[name],
    };
    const { status, returnValue, events, error } = await runtime.run(handler.code, context, {
      filename: handler.filename,
      // Set by the gateway that authenticates callers: tenants take turns.
      tenant: request.headers['x-tenant'],
      deadlineMs: 5_000,
      // A client that disconnects cancels the handler.
      signal: hangUp(reply.raw),
      extensions,
    });
    if (status === 'success') return { value: returnValue, events };
    const { code, message, location } = error;
    return reply.code(code === 'TIMEOUT' ? 504 : 422).send({ code, message, location });
  });

  const metrics = runtime.metricsHandler();
  server.get('/metrics', (request, reply) => {
    reply.hijack();
    return metrics(request.raw, reply.raw);
  });

  // Rejections are not caused by handlers: too many calls, or an invalid request.
  server.setErrorHandler((error, request, reply) => {
    if (!(error instanceof NexusError)) return reply.send(error);
    const { code, message, context, fault } = error;
    if (code === 'POOL_SATURATED') reply.header('retry-after', Math.ceil((context.estimatedWaitMs ?? 1_000) / 1_000));
    const status = code === 'POOL_SATURATED' || code === 'RUNTIME_CLOSED' ? 503 : fault === 'caller' ? 400 : 500;
    request.log.error(error);
    return reply.code(status).send({ code, message });
  });

  // close() accepts no more requests and waits for pending ones. Connections end with their answer, because a
  // client that keeps one open would keep the server running. The runtime is shut down last.
  let closing = false;
  server.addHook('preClose', async () => {
    closing = true;
  });
  server.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  server.addHook('onClose', () => runtime.shutdown({ drainTimeoutMs: 10_000 }));
  return server;
}

async function readHandlers() {
  const files = (await readdir(folder)).filter((file) => Object.hasOwn(capabilities, basename(file, '.js')));
  const entries = files.map(async (filename) => {
    const code = await readFile(new URL(filename, folder), 'utf8');
    return [basename(filename, '.js'), { code, filename }];
  });
  return new Map(await Promise.all(entries));
}

function hangUp(response) {
  const controller = new AbortController();
  response.once('close', () => controller.abort());
  return controller.signal;
}
