import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';

import { integer } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { isLoopbackAddress } from '../access/addresses.js';
import type { Bindings } from './hono.js';

/** Where a server listens, and what a connection may take. */
export interface ListenOptions {
  /** 0 for any that is free. @default 8787 */
  readonly port?: number;
  /** Another than of this machine needs tokens. @default '127.0.0.1' */
  readonly host?: string;
  /** Open connections; further ones are closed at once. @default 10,000 */
  readonly maxConnections?: number;
  /** How long the headers of a request may take, in milliseconds. @default 10,000 */
  readonly headersTimeoutMs?: number;
  /** How long a request may take until it is complete, in milliseconds. @default 30,000 */
  readonly requestTimeoutMs?: number;
}

/** A server that listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8787` */
  readonly url: string;
}

const DEFAULT_PORT = 8787;
const DEFAULT_HOST = '127.0.0.1';
const MAX_HEADER_BYTES = 16 * 1024;
const KEEP_ALIVE_MS = 5_000;
/** A connection on which nothing happens in either direction. Streams have a heartbeat. */
const SILENCE_MS = 120_000;
/** How often the time-outs of requests are looked after. */
const CHECK_MS = 1_000;

/** Connections of one server of Node. */
export class HttpListener {
  readonly #server: Server;
  /** It may be over before anyone asks. */
  readonly #closed: Promise<void>;

  private constructor(server: Server) {
    this.#server = server;
    this.#closed = new Promise((resolve) => server.once('close', resolve));
  }

  /**
   * @param takes is asked first whether it answers a request. Default: `fetch` answers all
   * @throws NexusError INVALID_CONFIG naming the port, or the host
   */
  static async open(
    fetch: (request: Request, bindings: Bindings) => Response | Promise<Response>,
    options: ListenOptions,
    takes: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean = () => false,
  ): Promise<HttpListener> {
    const { host = DEFAULT_HOST } = options;
    const port = integer('port', options.port, DEFAULT_PORT, { min: 0, max: 65_535 });
    const serverOptions = {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: milliseconds('headersTimeoutMs', options.headersTimeoutMs, 10_000),
      requestTimeout: milliseconds('requestTimeoutMs', options.requestTimeoutMs, 30_000),
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_MS,
    };
    const listener = getRequestListener((request, env) => fetch(request, env as Bindings));
    const server = createServer(serverOptions, (incoming, outgoing) => {
      if (!takes(incoming, outgoing)) void listener(incoming, outgoing);
    });
    server.maxConnections = integer('maxConnections', options.maxConnections, 10_000, { min: 1, max: 1_000_000 });
    server.timeout = SILENCE_MS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
      server.listen(port, host, resolve);
    });
    return new HttpListener(server);
  }

  get address(): Listening {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return { host: address, port, url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}` };
  }

  /** Takes no further connections, and ends those on which nothing is under way. */
  stop(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Ends all connections. Resolves when the last one has ended. */
  async close(): Promise<void> {
    this.stop();
    this.#server.closeAllConnections();
    await this.#closed;
  }
}

/** @throws NexusError INVALID_CONFIG for an address of other machines */
export function requireLoopback(host: string = DEFAULT_HOST): void {
  if (host === 'localhost' || isLoopbackAddress(host)) return;
  throw new NexusError(
    'INVALID_CONFIG',
    `Without tokens the server listens on an address of this machine only, not on ${host}: configure tokens (NEXUS_TOKEN, or server.tokens in the configuration), or leave the host out.`,
    { context: { option: 'host', value: host } },
  );
}

function milliseconds(name: string, given: number | undefined, fallback: number): number {
  return integer(name, given, fallback, { min: 1, max: 2_147_483_647 });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use; choose another with --port, or 0 for any that is free',
  EACCES: 'may not be used by this user; choose one above 1023 with --port',
  EADDRNOTAVAIL: 'is not an address of this machine; choose another with --host',
  ENOTFOUND: 'is not known; choose another with --host',
};

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): NexusError {
  const what =
    error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' ? `The host ${host}` : `Port ${port} of ${host}`;
  return new NexusError(
    'INVALID_CONFIG',
    `${what} ${REASONS[error.code ?? ''] ?? `cannot be used: ${error.message}`}.`,
    {
      context: { option: 'port', value: port },
      cause: error,
    },
  );
}
