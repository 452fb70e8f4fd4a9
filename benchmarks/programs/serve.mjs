// One server of `serve.mjs`: what it is says its argument. It tells its address to its parent.
import { serve as listen } from '@hono/node-server';
import { Hono } from 'hono';

import { createRuntime } from '../../dist/index.js';
import { createServer } from '../../dist/server.js';
import { quickStart } from '../work/quick-start.mjs';

const SERVERS = {
  /** The same handler in a route, without a sandbox. */
  bare: async () => {
    const handler = new Function('$state', '$args', '$emit', quickStart.source);
    const app = new Hono();
    app.post('/execute', async (c) => {
      const { context } = await c.req.json();
      const { stateSnapshot, args } = context;
      const events = [];
      const returnValue = handler(stateSnapshot, args, (name, payload) => events.push({ name, payload }));
      return c.json({ status: 'success', returnValue, state: stateSnapshot, events });
    });
    return new Promise((resolve) => {
      listen({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(`http://127.0.0.1:${port}`));
    });
  },
  nexus: async () => {
    const runtime = await createRuntime({ cacheDir: false, maxQueue: 4_096 });
    await runtime.warmup([quickStart.source], { instances: 2 });
    const server = createServer({
      runtime,
      tokens: [{ name: 'load', token: process.env.LOAD_TOKEN }],
      maxInFlight: 4_096,
    });
    const { url } = await server.listen({ port: 0 });
    return url;
  },
};

process.send(await SERVERS[process.argv[2]]());
process.on('disconnect', () => process.exit());
