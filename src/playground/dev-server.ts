import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { NexusError } from '../errors/nexus-error.js';
import { PageFiles } from '../server/pages/page-files.js';
import { PAGE_HEADERS } from '../server/pages/page-routes.js';
import { Problem } from '../server/problem.js';

/** A request to the playground. */
export interface DevRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Reads the body. */
  bytes(): Promise<Buffer>;
  json(): Promise<unknown>;
  /** Fires when nobody reads the response any more. */
  readonly signal: AbortSignal;
  /** Starts a stream of server-sent events. */
  events(): EventWriter;
}

export interface EventWriter {
  send(event: string, data: unknown): void;
  end(): void;
}

/** What a route answers with: JSON, a file, or nothing if it has written events. */
export type DevAnswer =
  | { readonly json: unknown; readonly status?: number }
  | { readonly bytes: Uint8Array; readonly name: string }
  | undefined;

export type DevRoute = (request: DevRequest) => Promise<DevAnswer> | DevAnswer;

const HOST = '127.0.0.1';
const PAGE = 'playground';
/** Recordings are sent here. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const TOKEN_BYTES = 24;

/**
 * Serves one page to one person at this machine. Nothing is answered without the token, but the page itself, which is no secret; nor for
 * another name than that of this machine, which a page of another site could have led here.
 */
export class DevServer {
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url');
  readonly #server: Server;
  readonly #routes: ReadonlyMap<string, DevRoute>;
  readonly #files = new PageFiles([PAGE]);

  /** @param routes by method and path: `GET /project` */
  constructor(routes: Readonly<Record<string, DevRoute>>) {
    this.#routes = new Map(Object.entries(routes));
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** @throws NexusError INVALID_CONFIG if the port cannot be used */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EADDRINUSE' ? 'is in use; choose another with --port, or 0 for any' : error.message;
        reject(
          new NexusError('INVALID_CONFIG', `Port ${port} of ${HOST} ${why}.`, {
            context: { option: 'port', value: port },
            cause: error,
          }),
        );
      });
      this.#server.listen(port, HOST, resolve);
    });
    return `http://${HOST}:${(this.#server.address() as AddressInfo).port}/ui/${PAGE}#token=${this.token}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const url = this.#urlOf(request);
      if (request.method === 'GET' && (await this.#serveFile(url.pathname, response))) return;
      this.#requireToken(request);
      const path = `${request.method} ${url.pathname}`;
      const route = this.#routes.get(path);
      if (route === undefined) throw new Problem(404, 'NOT_FOUND', `There is nothing at ${path.slice(0, 200)}.`);
      const answer = await route({
        path: url.pathname,
        query: url.searchParams,
        bytes: () => bodyOf(request),
        json: async () => parsedBody(await bodyOf(request)),
        signal: gone.signal,
        events: () => writerOf(response),
      });
      if (answer !== undefined) write(response, answer);
    } catch (error) {
      if (response.headersSent) response.end();
      else writeProblem(response, error);
    }
  }

  #urlOf({ headers, url = '/' }: IncomingMessage): URL {
    const { port } = this.#server.address() as AddressInfo;
    const own = [`${HOST}:${port}`, `localhost:${port}`];
    const { host = '', origin } = headers;
    const site = headers['sec-fetch-site'];
    const isOwn = own.includes(host) && (origin === undefined || origin === `http://${host}`);
    // A page may be opened from anywhere; what it asks for it asks for itself.
    const isNavigation = headers['sec-fetch-mode'] === 'navigate';
    if (!isOwn || !(site === undefined || site === 'same-origin' || site === 'none' || isNavigation))
      throw new Problem(
        403,
        'FORBIDDEN',
        'The playground answers its own page, at the address that nexus dev printed.',
      );
    return new URL(url, `http://${host}`);
  }

  /** @returns whether there is such a file */
  async #serveFile(path: string, response: ServerResponse): Promise<boolean> {
    if (path === '/' || path === '/ui' || path === '/ui/') {
      response.writeHead(302, { location: `/ui/${PAGE}`, 'cache-control': 'no-store' }).end();
      return true;
    }
    const [, name] = /^\/ui\/((?:assets\/)?[\w.-]+)$/.exec(path) ?? [];
    if (name === undefined) return false;
    const isAsset = name.startsWith('assets/');
    const file = await this.#files.get(isAsset ? name : `${name}.html`);
    if (file === undefined) return false;
    response.writeHead(200, {
      ...PAGE_HEADERS,
      'content-type': file.type,
      'cache-control': isAsset ? 'public, max-age=31536000, immutable' : 'no-cache',
      'content-encoding': 'gzip',
    });
    response.end(file.compressed);
    return true;
  }

  #requireToken({ headers }: IncomingMessage): void {
    const [, given] = /^Bearer (\S+)$/.exec(headers.authorization ?? '') ?? [];
    const digest = (text: string) => createHash('sha256').update(text).digest();
    if (given !== undefined && timingSafeEqual(digest(given), digest(this.token))) return;
    throw new Problem(
      401,
      'UNAUTHENTICATED',
      'The token is not that of this playground. Open the address that nexus dev printed; it has another at each start.',
    );
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > MAX_BODY_BYTES)
      throw new Problem(413, 'BODY_TOO_LARGE', `The playground takes at most ${MAX_BODY_BYTES} bytes at once.`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function parsedBody(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    throw new Problem(400, 'MALFORMED_REQUEST', 'The body is not JSON.');
  }
}

const COMMON = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

function writerOf(response: ServerResponse): EventWriter {
  response.writeHead(200, { ...COMMON, 'content-type': 'text/event-stream' });
  response.flushHeaders();
  return {
    // JSON has no line breaks of its own.
    send: (event, data) => void response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    end: () => response.end(),
  };
}

function write(response: ServerResponse, answer: NonNullable<DevAnswer>): void {
  if ('bytes' in answer) {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${answer.name}"`,
    };
    response.writeHead(200, { ...COMMON, ...headers }).end(answer.bytes);
    return;
  }
  const { json, status = 200 } = answer;
  response.writeHead(status, { ...COMMON, 'content-type': 'application/json' }).end(JSON.stringify(json));
}

function writeProblem(response: ServerResponse, error: unknown): void {
  const problem =
    error instanceof Problem
      ? error
      : error instanceof NexusError
        ? new Problem(422, error.code, error.message, {
            ...(typeof error.context['field'] === 'string' && { field: error.context['field'] }),
          })
        : new Problem(500, 'INTERNAL_ERROR', error instanceof Error ? error.message : String(error));
  response.writeHead(problem.status, { ...COMMON, 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(problem.toBody()));
}
