import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

import { toJson } from '../../index.js';
import { whenAborted } from '../../support/waiting.js';
import type { ServerContext } from './hono.js';

/** A request, whatever brought it: a server of Node's, or who mounts this one. */
export interface Exchange {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The address of the client. */
  readonly remoteAddress: string | undefined;
  /** Of Node's HTTP server. Absent where the server is mounted elsewhere. */
  readonly incoming: IncomingMessage | undefined;
  readonly outgoing: ServerResponse | undefined;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** The body where there is no `incoming`. */
  readonly body: ReadableStream<Uint8Array> | null;
  /** @param name in lower case */
  header(name: string): string | undefined;
  /** A part of the path. */
  param(name: string): string | undefined;
  query(): Readonly<Record<string, string>>;
}

/** A response of text. perf: most are, and need no object of the web. */
export class TextReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;

  constructor(status: number, headers: Readonly<Record<string, string>>, text: string) {
    this.status = status;
    this.headers = headers;
    this.text = text;
  }

  static json(
    value: unknown,
    maxBytes: number,
    status: number,
    headers: Readonly<Record<string, string>> = {},
  ): TextReply {
    const text = toJson(value, { maxBytes });
    return new TextReply(status, { ...HEADERS, 'content-type': 'application/json', ...headers }, text);
  }
}

export type HttpReply = TextReply | Response;

/** No response is for a cache, and none is anything but what its type says. */
const HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

export function toResponse(reply: HttpReply): Response {
  if (!(reply instanceof TextReply)) return reply;
  return new Response(reply.text, { status: reply.status, headers: reply.headers as Record<string, string> });
}

/** A request that Hono routed. */
export class RoutedExchange implements Exchange {
  readonly #context: ServerContext;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  get method(): string {
    return this.#context.req.method;
  }

  get path(): string {
    return this.#context.req.path;
  }

  get remoteAddress(): string | undefined {
    const { env } = this.#context;
    return env?.incoming?.socket.remoteAddress ?? env?.remoteAddress;
  }

  get incoming(): IncomingMessage | undefined {
    return this.#context.env?.incoming;
  }

  get outgoing(): ServerResponse | undefined {
    return this.#context.env?.outgoing;
  }

  get signal(): AbortSignal {
    const { incoming } = this;
    return incoming === undefined ? this.#context.req.raw.signal : goneSignal(incoming.socket);
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.#context.req.raw.body;
  }

  header(name: string): string | undefined {
    return this.#context.req.header(name);
  }

  param(name: string): string | undefined {
    return this.#context.req.param(name);
  }

  query(): Readonly<Record<string, string>> {
    return this.#context.req.query();
  }
}

/** A request of Node's server without a query, whose route is known. perf: past the objects of the web. */
export class DirectExchange implements Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly path: string;
  readonly body = null;
  readonly #name: string | undefined;

  /** @param name the only parameter of the path */
  constructor(incoming: IncomingMessage, outgoing: ServerResponse, path: string, name: string | undefined) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.path = path;
    this.#name = name;
  }

  get method(): string {
    return this.incoming.method ?? '';
  }

  get remoteAddress(): string | undefined {
    return this.incoming.socket.remoteAddress;
  }

  get signal(): AbortSignal {
    return goneSignal(this.incoming.socket);
  }

  header(name: string): string | undefined {
    const value = this.incoming.headers[name];
    return typeof value === 'string' ? value : value?.join(', ');
  }

  param(name: string): string | undefined {
    return name === 'name' ? this.#name : undefined;
  }

  query(): Readonly<Record<string, string>> {
    return {};
  }

  /** Sends the response, unless the client has gone. */
  reply(reply: TextReply): void {
    const { outgoing } = this;
    if (outgoing.destroyed) return;
    outgoing.writeHead(reply.status, { ...reply.headers, 'content-length': Buffer.byteLength(reply.text) });
    outgoing.end(reply.text);
  }
}

const goneSignals = new WeakMap<Socket, AbortSignal>();

/**
 * Aborted when the connection ends. perf: one for all requests of a connection. Those that have ended do not listen to it any
 * more.
 */
function goneSignal(socket: Socket): AbortSignal {
  const known = goneSignals.get(socket);
  if (known !== undefined) return known;
  const controller = new AbortController();
  const { signal } = controller;
  const onClose = () => controller.abort(new Error('the client has gone'));
  // perf: its listener is shared by all requests while there is one.
  whenAborted(signal, () => {});
  if (socket.destroyed) onClose();
  else socket.once('close', onClose);
  goneSignals.set(socket, signal);
  return signal;
}
