import { randomUUID } from 'node:crypto';
import { toJson } from '../../index.js';
import type { RateLimit } from '../../runtime/quota/memory-quota.js';
import { performance } from '../../support/timers.js';
import type { Authentication, Caller } from '../access/authentication.js';
import type { Identity } from '../access/identity.js';
import type { RateLimiter } from '../access/rate-limiter.js';
import { Problem, problemOf } from '../problem.js';
import type { ServerLogEntry, TokenScope } from '../server-options.js';
import type { ServerContext } from './hono.js';
import { BodyRoom, type RequestBody, readJson } from './read-body.js';

/** One request, once it is known who makes it. */
export interface RouteCall {
  readonly context: ServerContext;
  readonly identity: Identity;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** @throws Problem */
  json(): Promise<unknown>;
  /** A response with a value in JSON. */
  respond(value: unknown, status?: number, headers?: Readonly<Record<string, string>>): Response;
}

/** What a token must allow; `'any'`: any token of the server. */
export type RouteScope = TokenScope | 'any';

export type Route = (call: RouteCall) => Promise<Response> | Response;

export interface PipelineOptions {
  readonly access: Authentication;
  readonly limiter: RateLimiter;
  /** Of identities that have none of their own. */
  readonly rate: RateLimit | undefined;
  readonly maxBodyBytes: number;
  readonly maxResponseBytes: number;
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly log: ((entry: ServerLogEntry) => void) | undefined;
}

const REQUEST_ID = /^[\w.-]{1,64}$/;
/** So that one token leaves room for the others. */
const TOKEN_SHARE = 0.5;

/** What every request passes: who makes it, bounds, its route, and the form of failures. */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #room: BodyRoom;
  readonly #inFlight = new Map<string, number>();
  #total = 0;
  /** Requests whose response is not with the system yet. */
  #open = 0;
  #isDraining = false;
  #idle: (() => void)[] = [];
  readonly #counts: Record<string, number> = {};

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#room = new BodyRoom(options.maxInFlightBytes);
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** What it is doing. */
  get stats() {
    return {
      inFlight: this.#total,
      inFlightBytes: this.#room.bytes,
      responses: { ...this.#counts },
      draining: this.#isDraining,
    };
  }

  /** Refuses further requests. @returns resolves when the responses of those under way are sent */
  drain(): Promise<void> {
    this.#isDraining = true;
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** @param scope what a token must allow; undefined for routes that need none */
  route(scope: RouteScope | undefined, route: Route): (context: ServerContext) => Promise<Response> {
    return (context) => this.#pass(context, scope, route);
  }

  /** What a client is told of an error, which is logged if it is a fault of the host. */
  problem(error: unknown, reqId?: string): Problem {
    const problem = problemOf(error);
    if (problem.status === 500) this.#logFault(error, reqId);
    return problem;
  }

  /** The response to an error. */
  failed(error: unknown, reqId: string | undefined, isDraining = this.#isDraining): Response {
    const problem = this.problem(error, reqId);
    const { retryAfterMs } = problem.facts;
    return new Response(toJson(problem.toBody(), { maxBytes: this.#options.maxResponseBytes }), {
      status: problem.status,
      headers: {
        ...HEADERS,
        'content-type': 'application/problem+json',
        ...(retryAfterMs !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
        ...(reqId !== undefined && { 'x-request-id': reqId }),
        ...(isDraining && { connection: 'close' }),
        ...problem.headers,
      },
    });
  }

  async #pass(context: ServerContext, scope: RouteScope | undefined, route: Route): Promise<Response> {
    const { log } = this.#options;
    const ended = this.#noteOpen(context);
    const startedAt = log && performance.now();
    const given = context.req.header('x-request-id');
    const reqId = given !== undefined && REQUEST_ID.test(given) ? given : log && randomUUID();
    let identity: Identity | undefined;
    let response: Response;
    try {
      const { access } = this.#options;
      // Who has tokens to give lets anyone ask whether it works.
      identity = scope === undefined && access.hasTokens ? ANYONE : access.identify(callerOf(context));
      response = await this.#admitted(context, scope, identity, route, reqId);
    } catch (error) {
      response = this.failed(error, reqId);
    }
    const { status } = response;
    this.#counts[`${Math.floor(status / 100)}xx`] = (this.#counts[`${Math.floor(status / 100)}xx`] ?? 0) + 1;
    if (log !== undefined) {
      log({
        level: status >= 500 ? 50 : status >= 400 ? 40 : 30,
        time: Date.now(),
        msg: 'request completed',
        ...(reqId !== undefined && { reqId }),
        req: { method: context.req.method, url: context.req.path, ...remoteOf(context) },
        res: { statusCode: status },
        responseTime: Math.round((performance.now() - (startedAt ?? 0)) * 1000) / 1000,
        ...(identity?.name !== undefined && { token: identity.name }),
        ...(identity?.tenant !== undefined && { tenant: identity.tenant }),
      });
    }
    ended?.();
    return response;
  }

  /** @returns for servers that do not tell when a response is sent: call it when there is one */
  #noteOpen({ env }: ServerContext): (() => void) | undefined {
    this.#open++;
    const end = () => {
      this.#open--;
      if (this.#open > 0) return;
      for (const resolve of this.#idle.splice(0)) resolve();
    };
    const { outgoing } = env ?? {};
    if (outgoing === undefined) return end;
    outgoing.once('close', end);
    return undefined;
  }

  async #admitted(
    context: ServerContext,
    scope: RouteScope | undefined,
    identity: Identity,
    route: Route,
    reqId: string | undefined,
  ): Promise<Response> {
    if (scope === undefined) return route(this.#call(context, identity, reqId, () => {}));
    if (scope !== 'any' && !identity.scopes.has(scope))
      throw new Problem(403, 'FORBIDDEN', `The token does not have the scope ${scope}.`);
    if (this.#isDraining) {
      throw new Problem(
        503,
        'SHUTTING_DOWN',
        'The server is shutting down.',
        { retryAfterMs: 1_000 },
        { connection: 'close' },
      );
    }
    const rate = identity.rate ?? this.#options.rate;
    const retryAfterMs = rate && this.#options.limiter.take(identity.key, rate);
    if (retryAfterMs !== undefined) throw new Problem(429, 'TOO_MANY_REQUESTS', 'Too many requests.', { retryAfterMs });
    this.#begin(identity.key);
    let body: RequestBody | undefined;
    try {
      return await route(
        this.#call(context, identity, reqId, (read) => {
          body = read;
        }),
      );
    } finally {
      body?.release();
      this.#end(identity.key);
    }
  }

  #call(
    context: ServerContext,
    identity: Identity,
    reqId: string | undefined,
    onBody: (body: RequestBody) => void,
  ): RouteCall {
    const { maxBodyBytes, maxResponseBytes } = this.#options;
    const room = this.#room;
    let signal: AbortSignal | undefined;
    return {
      context,
      identity,
      get signal() {
        signal ??= goneSignal(context);
        return signal;
      },
      json: async () => {
        const body = await readJson(context, maxBodyBytes, room);
        onBody(body);
        return body.value;
      },
      respond: (value, status = 200, headers = {}) =>
        new Response(toJson(value, { maxBytes: maxResponseBytes }), {
          status,
          headers: {
            ...HEADERS,
            'content-type': 'application/json',
            ...(reqId !== undefined && { 'x-request-id': reqId }),
            ...headers,
          },
        }),
    };
  }

  #begin(key: string): void {
    const { maxInFlight } = this.#options;
    const own = this.#inFlight.get(key) ?? 0;
    if (this.#total >= maxInFlight || own >= Math.max(1, Math.floor(maxInFlight * TOKEN_SHARE))) {
      throw new Problem(503, 'OVERLOADED', 'Too many requests are worked on at this time.', { retryAfterMs: 1_000 });
    }
    this.#inFlight.set(key, own + 1);
    this.#total++;
  }

  #end(key: string): void {
    const own = (this.#inFlight.get(key) ?? 1) - 1;
    if (own === 0) this.#inFlight.delete(key);
    else this.#inFlight.set(key, own);
    this.#total--;
  }

  #logFault(error: unknown, reqId: string | undefined): void {
    const { name = 'Error', message = String(error), stack } = (error ?? {}) as Partial<Error>;
    this.#options.log?.({
      level: 50,
      time: Date.now(),
      msg: 'request failed',
      ...(reqId !== undefined && { reqId }),
      err: { type: name, message, ...(stack !== undefined && { stack }) },
    });
  }
}

/** No response is for a cache, and none is anything but what its type says. */
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

const ANYONE: Identity = {
  ...{ name: undefined, key: 'anyone', tenant: undefined, limits: {}, capabilities: undefined, rate: undefined },
  scopes: new Set(),
};

function callerOf(context: ServerContext): Caller {
  return { remoteAddress: remoteOf(context).remoteAddress, header: (name) => context.req.header(name) };
}

function remoteOf({ env }: ServerContext): { readonly remoteAddress?: string } {
  const remoteAddress = env?.incoming?.socket.remoteAddress ?? env?.remoteAddress;
  return remoteAddress === undefined ? {} : { remoteAddress };
}

/** Aborted when the connection ends before the response does. */
function goneSignal({ env, req }: ServerContext): AbortSignal {
  const { outgoing } = env ?? {};
  if (outgoing === undefined) return req.raw.signal;
  const controller = new AbortController();
  const onClose = () => {
    if (!outgoing.writableFinished) controller.abort(new Error('the client has gone'));
  };
  // It may have gone since its body was read.
  if (outgoing.destroyed) onClose();
  else outgoing.once('close', onClose);
  return controller.signal;
}
