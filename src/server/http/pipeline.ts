import { randomUUID } from 'node:crypto';
import type { RateLimit } from '../../runtime/quota/memory-quota.js';
import { performance } from '../../support/timers.js';
import type { Authentication } from '../access/authentication.js';
import type { Identity } from '../access/identity.js';
import type { RateLimiter } from '../access/rate-limiter.js';
import { Problem, problemOf } from '../problem.js';
import { fieldInRequest } from '../requests.js';
import type { ServerLogEntry, TokenScope } from '../server-options.js';
import {
  type DirectExchange,
  type Exchange,
  type HttpReply,
  RoutedExchange,
  TextReply,
  toResponse,
} from './exchange.js';
import type { ServerContext } from './hono.js';
import { BodyRoom, type RequestBody, readJson } from './read-body.js';

/** One request, once it is known who makes it. */
export class RouteCall {
  readonly exchange: Exchange;
  readonly identity: Identity;
  readonly #reqId: string | undefined;
  readonly #options: PipelineOptions;
  readonly #room: BodyRoom;
  #body: RequestBody | undefined;

  constructor(
    exchange: Exchange,
    identity: Identity,
    reqId: string | undefined,
    options: PipelineOptions,
    room: BodyRoom,
  ) {
    this.exchange = exchange;
    this.identity = identity;
    this.#reqId = reqId;
    this.#options = options;
    this.#room = room;
  }

  /** Aborted when the client has gone. */
  get signal(): AbortSignal {
    return this.exchange.signal;
  }

  /** @throws Problem */
  async json(): Promise<unknown> {
    this.#body = await readJson(this.exchange, this.#options.maxBodyBytes, this.#room);
    return this.#body.value;
  }

  /** A response with a value in JSON. */
  respond(value: unknown, status = 200, headers?: Readonly<Record<string, string>>): TextReply {
    const reqId = this.#reqId;
    const all = reqId === undefined ? headers : { 'x-request-id': reqId, ...headers };
    return TextReply.json(value, this.#options.maxResponseBytes, status, all);
  }

  /** Its body is not needed any more. */
  release(): void {
    this.#body?.release();
  }
}

/** What a token must allow; `'any'`: any token of the server. */
export type RouteScope = TokenScope | 'any';

export type Route = (call: RouteCall) => Promise<HttpReply> | HttpReply;

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
    return async (context) => toResponse(await this.#pass(new RoutedExchange(context), scope, route));
  }

  /** A request whose route is known, and answers with text. */
  async direct(exchange: DirectExchange, scope: RouteScope, route: Route): Promise<void> {
    let reply: TextReply;
    try {
      reply = (await this.#pass(exchange, scope, route)) as TextReply;
    } catch {
      // The log of the application throws.
      reply = new TextReply(500, {}, '');
    }
    exchange.reply(reply);
  }

  /**
   * What a client is told of an error, which is logged if it is a fault of the host.
   *
   * @param hasBody whether what is at fault can be in the body of the request
   */
  problem(error: unknown, reqId?: string, hasBody = true): Problem {
    const problem = problemOf(error, hasBody ? fieldInRequest : (name) => name);
    if (problem.status === 500) this.#logFault(error, reqId);
    return problem;
  }

  /** The response to an error. */
  failed(error: unknown, reqId: string | undefined, hasBody = false): TextReply {
    const problem = this.problem(error, reqId, hasBody);
    const { retryAfterMs } = problem.facts;
    return TextReply.json(problem.toBody(), this.#options.maxResponseBytes, problem.status, {
      'content-type': 'application/problem+json',
      ...(retryAfterMs !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }),
      ...(reqId !== undefined && { 'x-request-id': reqId }),
      ...(this.#isDraining && { connection: 'close' }),
      ...problem.headers,
    });
  }

  async #pass(exchange: Exchange, scope: RouteScope | undefined, route: Route): Promise<HttpReply> {
    const { log } = this.#options;
    const ended = this.#noteOpen(exchange);
    const startedAt = log && performance.now();
    const given = exchange.header('x-request-id');
    const reqId = given !== undefined && REQUEST_ID.test(given) ? given : log && randomUUID();
    let identity: Identity | undefined;
    let reply: HttpReply;
    try {
      const { access } = this.#options;
      // Who has tokens to give lets anyone ask whether it works.
      identity = scope === undefined && access.hasTokens ? ANYONE : access.identify(exchange);
      reply = await this.#admitted(exchange, scope, identity, route, reqId);
    } catch (error) {
      reply = this.failed(error, reqId, exchange.method === 'POST');
    }
    const { status } = reply;
    const kind = KINDS[Math.floor(status / 100)] ?? 'other';
    this.#counts[kind] = (this.#counts[kind] ?? 0) + 1;
    if (log !== undefined) {
      const { method, path: url, remoteAddress } = exchange;
      log({
        level: status >= 500 ? 50 : status >= 400 ? 40 : 30,
        time: Date.now(),
        msg: 'request completed',
        ...(reqId !== undefined && { reqId }),
        req: { method, url, ...(remoteAddress !== undefined && { remoteAddress }) },
        res: { statusCode: status },
        responseTime: Math.round((performance.now() - (startedAt ?? 0)) * 1000) / 1000,
        ...(identity?.name !== undefined && { token: identity.name }),
        ...(identity?.tenant !== undefined && { tenant: identity.tenant }),
      });
    }
    ended?.();
    return reply;
  }

  /** @returns for servers that do not tell when a response is sent: call it when there is one */
  #noteOpen({ outgoing }: Exchange): (() => void) | undefined {
    this.#open++;
    if (outgoing === undefined) return this.#noteSent;
    outgoing.once('close', this.#noteSent);
    return undefined;
  }

  readonly #noteSent = () => {
    this.#open--;
    if (this.#open > 0 || this.#idle.length === 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  };

  async #admitted(
    exchange: Exchange,
    scope: RouteScope | undefined,
    identity: Identity,
    route: Route,
    reqId: string | undefined,
  ): Promise<HttpReply> {
    const call = new RouteCall(exchange, identity, reqId, this.#options, this.#room);
    if (scope === undefined) return route(call);
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
    try {
      return await route(call);
    } finally {
      call.release();
      this.#end(identity.key);
    }
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

/** Of responses, by the first digit of their status. */
const KINDS: readonly string[] = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx'];

const ANYONE: Identity = {
  ...{ name: undefined, key: 'anyone', tenant: undefined, limits: {}, capabilities: undefined, rate: undefined },
  scopes: new Set(),
};
