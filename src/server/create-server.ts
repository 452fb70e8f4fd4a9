import { boolean, integer, invalidOption, type Keys, rejectUnknownKeys, requireObject } from '../config/check.js';
import { clearTimeout, performance, setTimeout } from '../support/timers.js';
import { Authentication } from './access/authentication.js';
import { RateLimiter } from './access/rate-limiter.js';
import { DirectRoutes } from './http/direct-routes.js';
import { toResponse } from './http/exchange.js';
import { type Bindings, newApp } from './http/hono.js';
import { HttpListener, type Listening, type ListenOptions, requireLoopback } from './http/listen.js';
import { Pipeline, type Route, type RouteScope } from './http/pipeline.js';
import { openApiDocument } from './openapi/document.js';
import { PageFiles } from './pages/page-files.js';
import { assetRoute, firstPageRoute, pageRoute, sessionRoute, statusEventsRoute } from './pages/page-routes.js';
import { StatusFeed } from './pages/status-feed.js';
import { Problem } from './problem.js';
import { cancelSuspensionRoute, executeRoute, precompileRoute, resumeRoute } from './routes/execute.js';
import { healthRoute, listHandlersRoute, metricsRoute, readyRoute, statsRoute, usageRoute } from './routes/observe.js';
import { continueRoute, handlerRoute, type RunRoutes, runRoute } from './routes/run.js';
import {
  answerRoute,
  cancelRunRoute,
  listRunsRoute,
  retryRoute,
  runHistoryRoute,
  runResultRoute,
  showRunRoute,
  signalRoute,
  startRunRoute,
} from './routes/runs.js';
import { RunStreams } from './routes/streams.js';
import type { ServerOptions } from './server-options.js';

/** What who mounts a server knows of a request. */
export interface RequestInfo {
  /** The address of the client. Without it, and without tokens, the request is refused. */
  readonly remoteAddress?: string;
}

/** Serves handlers over HTTP, see {@link createServer}. */
export interface NexusServer extends AsyncDisposable {
  /** Answers one request: for Fastify, Next, Bun, Deno, and whatever else has requests of the web. It never rejects. */
  fetch(request: Request, info?: RequestInfo): Promise<Response>;
  /**
   * Listens with Node's HTTP server.
   *
   * @throws NexusError INVALID_CONFIG if the port is in use, or if the host is not of this machine and there are no tokens
   */
  listen(options?: ListenOptions): Promise<Listening>;
  /** The description of its routes, as `GET /openapi.json` has it. */
  readonly openApi: Readonly<Record<string, unknown>>;
  /**
   * Refuses further requests, waits for those under way for at most `drainTimeoutMs` (default 25,000), and closes all connections. The
   * runtime goes on. Further calls return the same promise.
   */
  close(options?: { readonly drainTimeoutMs?: number }): Promise<void>;
}

const MIB = 1024 * 1024;
const DEFAULT_DRAIN_MS = 25_000;
const MAX_MS = 2_147_483_647;
/** In the order of their navigation. */
const PAGES = ['status', 'runs'];
const KEYS: Keys<ServerOptions> = {
  ...{
    runtime: true,
    handlers: true,
    extensions: true,
    tokens: true,
    trustCaller: true,
    basePath: true,
    pages: true,
    artifacts: true,
  },
  ...{
    maxBodyBytes: true,
    maxResponseBytes: true,
    maxInFlight: true,
    maxInFlightBytes: true,
    rate: true,
    maxStreams: true,
  },
  ...{ streamRetentionMs: true, log: true },
};

/**
 * Makes a server for a runtime. It starts nothing: call `listen`, or pass requests to `fetch`.
 *
 * Without tokens it serves programs of this machine and nobody else.
 *
 * @throws NexusError INVALID_CONFIG naming the option
 *
 * @example
 * const runtime = await createRuntime();
 * const server = createServer({ runtime, tokens: [{ name: 'shop', token: process.env.SHOP_TOKEN }] });
 * const { url } = await server.listen({ host: '0.0.0.0', port: 8787 });
 */
export function createServer(options: ServerOptions): NexusServer {
  requireObject('options', options);
  rejectUnknownKeys(options, Object.keys(KEYS), '');
  if (typeof options.runtime?.executeHandler !== 'function')
    throw invalidOption('runtime', options.runtime, 'a runtime of createRuntime');
  return new WebServer(options);
}

class WebServer implements NexusServer {
  readonly openApi: Readonly<Record<string, unknown>>;
  readonly #app = newApp();
  readonly #access: Authentication;
  readonly #pipeline: Pipeline;
  readonly #direct: DirectRoutes;
  readonly #streams: RunStreams;
  readonly #feed: StatusFeed;
  readonly #hasPages: boolean;
  readonly #listeners = new Set<HttpListener>();
  #closed: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    const count = (
      name:
        | 'maxBodyBytes'
        | 'maxResponseBytes'
        | 'maxInFlight'
        | 'maxInFlightBytes'
        | 'maxStreams'
        | 'streamRetentionMs',
      fallback: number,
      max: number,
    ) => integer(name, options[name], fallback, { min: 1, max });
    const limiter = new RateLimiter(() => performance.now());
    const maxBodyBytes = count('maxBodyBytes', MIB, 1024 * MIB);
    const maxResponseBytes = count('maxResponseBytes', 8 * MIB, 1024 * MIB);
    this.#access = new Authentication(options, limiter);
    this.#pipeline = new Pipeline({
      access: this.#access,
      limiter,
      rate: options.rate,
      maxBodyBytes,
      maxResponseBytes,
      maxInFlight: count('maxInFlight', 1_000, 1_000_000),
      maxInFlightBytes: count('maxInFlightBytes', 64 * MIB, Number.MAX_SAFE_INTEGER),
      log: options.log,
    });
    this.#streams = new RunStreams({
      maxStreams: count('maxStreams', 1_000, 1_000_000),
      retentionMs: count('streamRetentionMs', 60_000, MAX_MS),
      maxResponseBytes,
      onFailure: (error) => this.#pipeline.problem(error),
    });
    this.#feed = new StatusFeed(options.runtime, () => {
      const { inFlight, responses, draining: isDraining } = this.#pipeline.stats;
      return { inFlight, streams: this.#streams.count, responses, isDraining };
    });
    this.#hasPages = boolean('pages', options.pages, true);
    const basePath = readBasePath(options.basePath);
    this.openApi = openApiDocument({ basePath, isOpen: !this.#access.hasTokens });
    this.#direct = this.#addRoutes(options, basePath, maxBodyBytes);
  }

  async fetch(request: Request, info: RequestInfo = {}): Promise<Response> {
    const { remoteAddress } = info;
    return this.#app.fetch(request, remoteAddress === undefined ? {} : { remoteAddress });
  }

  async listen(options: ListenOptions = {}): Promise<Listening> {
    if (!this.#access.isForOthers) requireLoopback(options.host);
    const listener = await HttpListener.open(
      (request, bindings: Bindings) => this.#app.fetch(request, bindings),
      options,
      (incoming, outgoing) => this.#direct.take(incoming, outgoing),
    );
    this.#listeners.add(listener);
    if (this.#hasPages) this.#feed.begin();
    return listener.address;
  }

  close(options: { readonly drainTimeoutMs?: number } = {}): Promise<void> {
    this.#closed ??= this.#close(
      integer('drainTimeoutMs', options.drainTimeoutMs, DEFAULT_DRAIN_MS, { min: 0, max: MAX_MS }),
    );
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainTimeoutMs: number): Promise<void> {
    for (const listener of this.#listeners) listener.stop();
    this.#feed.close();
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, drainTimeoutMs);
    });
    await Promise.race([Promise.all([this.#pipeline.drain(), this.#streams.drain()]), tooLate]);
    clearTimeout(timer);
    this.#streams.close();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
  }

  /** @returns the routes of which there is a shorter way */
  #addRoutes(options: ServerOptions, basePath: string, maxBodyBytes: number): DirectRoutes {
    const { runtime, handlers, extensions = {} } = options;
    const takesArtifacts = boolean('artifacts', options.artifacts, false);
    const running: RunRoutes = { runtime, streams: this.#streams, extensions, takesArtifacts, basePath };
    const execute = executeRoute(runtime, takesArtifacts);
    const handler = handlerRoute(running, handlers);
    const routes: readonly RouteEntry[] = [
      ['POST', '/execute', 'execute', execute],
      ['POST', '/suspensions/:id/resume', 'execute', resumeRoute(runtime)],
      ['DELETE', '/suspensions/:id', 'execute', cancelSuspensionRoute(runtime)],
      ['POST', '/run', 'execute', runRoute(running)],
      ['GET', '/run/:id', 'execute', continueRoute(running)],
      ['POST', '/precompile', 'execute', precompileRoute(runtime)],
      ['GET', '/handlers', 'execute', listHandlersRoute(handlers)],
      ['POST', '/handlers/:name{.+}', 'execute', handler],
      ['POST', '/runs', 'execute', startRunRoute(runtime, takesArtifacts, basePath)],
      ['GET', '/runs', 'execute', listRunsRoute(runtime)],
      ['GET', '/runs/:id', 'execute', showRunRoute(runtime)],
      ['DELETE', '/runs/:id', 'execute', cancelRunRoute(runtime)],
      ['GET', '/runs/:id/result', 'execute', runResultRoute(runtime)],
      ['GET', '/runs/:id/history', 'execute', runHistoryRoute(runtime)],
      ['POST', '/runs/:id/calls/:call', 'execute', answerRoute(runtime)],
      ['POST', '/runs/:id/signals', 'execute', signalRoute(runtime)],
      ['POST', '/runs/:id/retry', 'execute', retryRoute(runtime)],
      ['GET', '/usage', 'execute', usageRoute(runtime)],
      ['GET', '/stats', 'admin', statsRoute(runtime, this.#pipeline, this.#streams)],
      ['GET', '/metrics', 'metrics', metricsRoute(runtime)],
      ['GET', '/healthz', undefined, healthRoute],
      ['GET', '/readyz', undefined, readyRoute(this.#pipeline)],
      ['GET', '/openapi.json', undefined, (call) => call.respond(this.openApi)],
      ...(this.#hasPages ? this.#pageRoutes(basePath) : []),
    ];
    const methods = new Map<string, string[]>();
    for (const [method, path, scope, route] of routes) {
      this.#app.on(method, `${basePath}${path}`, this.#pipeline.route(scope, route));
      methods.set(path, [...(methods.get(path) ?? []), method]);
    }
    for (const [path, known] of methods) {
      const refuse: Route = () => {
        throw new Problem(
          405,
          'METHOD_NOT_ALLOWED',
          `It takes ${known.join(' and ')}.`,
          {},
          { allow: known.join(', ') },
        );
      };
      this.#app.all(`${basePath}${path}`, this.#pipeline.route(undefined, refuse));
    }
    const nothing: Route = ({ exchange }) => {
      throw new Problem(
        404,
        'NOT_FOUND',
        `There is no ${exchange.path.slice(0, 200)}. GET ${basePath}/openapi.json lists what there is.`,
      );
    };
    this.#app.notFound(this.#pipeline.route(undefined, nothing));
    this.#app.onError((error) => toResponse(this.#pipeline.failed(error, undefined)));
    return new DirectRoutes(this.#pipeline, { basePath, maxBodyBytes, execute, handler });
  }

  /** For people, in a browser. No clients are generated of them, so they are not in the description. */
  #pageRoutes(basePath: string): RouteEntry[] {
    const files = new PageFiles(PAGES);
    const toFirst = firstPageRoute(basePath);
    return [
      ['GET', '/', undefined, toFirst],
      ['GET', '/ui', undefined, toFirst],
      ['GET', '/ui/', undefined, toFirst],
      ['GET', '/ui/session', 'any', sessionRoute(files)],
      ['GET', '/ui/status/events', 'admin', statusEventsRoute(this.#feed)],
      ['GET', '/ui/assets/:name', undefined, assetRoute(files)],
      ['GET', '/ui/:page', undefined, pageRoute(files)],
    ];
  }
}

type RouteEntry = readonly [
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  scope: RouteScope | undefined,
  route: Route,
];

function readBasePath(given: string | undefined): string {
  if (given === undefined || given === '') return '';
  if (/^(\/[\w.-]+)+$/.test(given)) return given;
  throw invalidOption('basePath', given, "a path such as '/nexus', without a slash at its end");
}
