import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Telemetry } from './telemetry.js';

export type MetricsHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers requests with the metrics in the Prometheus text format. */
export function metricsHandler(telemetry: Telemetry): MetricsHandler {
  return ({ method = 'GET' }, response) => {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    Promise.all([telemetry.text(), telemetry.contentType()]).then(
      ([text, contentType]) => {
        // The response may have been sent by other code meanwhile, or the client may have disconnected.
        if (response.headersSent || response.destroyed) return;
        response.writeHead(200, { 'Content-Type': contentType });
        response.end(method === 'HEAD' ? undefined : text);
      },
      (error: unknown) => {
        if (response.headersSent || response.destroyed) return;
        response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' });
        response.end(`The metrics cannot be had: ${error instanceof Error ? error.message : String(error)}`);
      },
    );
  };
}
