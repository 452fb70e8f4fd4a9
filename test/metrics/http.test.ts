import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Gauge, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { NexusRuntime, RuntimeOptions } from '#src/index.js';

import { withRuntime } from '../support/runtime-helpers.js';

type Ask = (method: string) => Promise<{ readonly response: Response; readonly body: string }>;

/** A server that answers with the metrics of a runtime, for the time of a test. */
function serving(options: RuntimeOptions, use: (ask: Ask, runtime: NexusRuntime) => Promise<void>): Promise<void> {
  return withRuntime({ maxInstances: 1, ...options }, async (runtime) => {
    const server = createServer(runtime.metricsHandler());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await use(async (method) => {
        const response = await fetch(`http://127.0.0.1:${port}/metrics`, { method });
        return { response, body: await response.text() };
      }, runtime);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
}

describe('the handler of metrics', () => {
  it('answers GET with all metrics as they are now', () =>
    serving({}, async (ask, runtime) => {
      expect((await ask('GET')).body).not.toContain('nexus_handler_executions_total{status="success"} 1');
      await runtime.executeHandler('return 1');
      const { response, body } = await ask('GET');
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe(Registry.PROMETHEUS_CONTENT_TYPE);
      expect(body).toContain('nexus_handler_executions_total{status="success"} 1');
      expect(body).toBe(await runtime.getPrometheusMetrics());
    }));

  it('answers HEAD alike, without a body', () =>
    serving({}, async (ask) => {
      const { response, body } = await ask('HEAD');
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe(Registry.PROMETHEUS_CONTENT_TYPE);
      expect(body).toBe('');
    }));

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('answers %s with 405 and what is allowed', (method) =>
    serving({}, async (ask) => {
      const { response, body } = await ask(method);
      expect([response.status, response.headers.get('allow'), body]).toEqual([405, 'GET, HEAD', '']);
    }));

  it('answers with nothing when metrics are off', () =>
    serving({ metrics: false }, async (ask, runtime) => {
      await runtime.executeHandler('return 1');
      const { response, body } = await ask('GET');
      expect([response.status, body]).toEqual([200, '']);
      expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    }));

  it('answers with everything in the registry that it was given', () => {
    const registry = new Registry();
    new Gauge({ name: 'app_users', help: 'Users.', registers: [registry] }).set(7);
    return serving({ metrics: { registry } }, async (ask, runtime) => {
      await runtime.executeHandler('return 1');
      const { body } = await ask('GET');
      expect(body).toContain('app_users 7');
      expect(body).toContain('nexus_handler_executions_total{status="success"} 1');
    });
  });

  it('answers with 500 and the reason when the metrics cannot be had, and with 200 when they can again', () => {
    const registry = new Registry();
    let isDown = true;
    const collect = () => {
      if (isDown) throw new Error('no database');
    };
    new Gauge({ name: 'app_users', help: 'Users.', registers: [registry], collect });
    return serving({ metrics: { registry } }, async (ask) => {
      const { response, body } = await ask('GET');
      expect([response.status, body]).toEqual([500, 'The metrics cannot be had: no database']);
      isDown = false;
      expect((await ask('GET')).response.status).toBe(200);
    });
  });

  it('answers after the runtime has ended, with what it counted', () =>
    serving({}, async (ask, runtime) => {
      await runtime.executeHandler('return 1');
      await runtime.shutdown();
      const { response, body } = await ask('GET');
      expect(response.status).toBe(200);
      expect(body).toContain('nexus_handler_executions_total{status="success"} 1');
    }));
});
