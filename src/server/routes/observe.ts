import type { HandlerSet } from '../../runtime/manifest/handler-set.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { Pipeline, Route } from '../http/pipeline.js';
import { requireOwnTenant, visibleTenant } from '../requests.js';
import type { RunStreams } from './streams.js';

/** `GET /stats`: the runtime and the server. */
export function statsRoute(runtime: NexusRuntime, pipeline: Pipeline, streams: RunStreams): Route {
  const startedAt = Date.now();
  return (call) =>
    call.respond({
      runtime: runtime.getStats(),
      server: {
        ...pipeline.stats,
        streams: streams.count,
        streamBytes: streams.bytes,
        uptimeMs: Date.now() - startedAt,
      },
    });
}

/** `GET /metrics`, in the Prometheus text format. */
export function metricsRoute(runtime: NexusRuntime): Route {
  return async () =>
    new Response(await runtime.getPrometheusMetrics(), {
      headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' },
    });
}

/** `GET /usage`: of the tenant of the token; of all tenants for an admin. */
export function usageRoute(runtime: NexusRuntime): Route {
  return (call) => {
    const [own, asked] = [visibleTenant(call.identity), call.exchange.query()['tenant']];
    requireOwnTenant(own, asked);
    const tenant = own ?? asked;
    return call.respond(
      (tenant === undefined ? runtime.getUsage() : runtime.getUsage(tenant)) ?? { tenant, known: false },
    );
  };
}

/** `GET /handlers`: the handlers of the build, with what is known of each. */
export function listHandlersRoute(handlers: HandlerSet | undefined): Route {
  const list = (handlers?.names ?? []).map((name) => {
    const { entries, capabilities, schema } = handlers?.handlers[name] ?? {};
    return { name, ...(entries !== undefined && { entries }), capabilities, ...(schema !== undefined && { schema }) };
  });
  return (call) => call.respond({ handlers: list });
}

/** `GET /healthz`: the process answers. */
export const healthRoute: Route = (call) => call.respond({ status: 'ok' });

/** `GET /readyz`: it takes requests. 503 while it shuts down. */
export function readyRoute(pipeline: Pipeline): Route {
  return (call) =>
    pipeline.isDraining ? call.respond({ status: 'draining' }, 503) : call.respond({ status: 'ready' });
}
