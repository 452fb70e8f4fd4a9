import { connect } from 'node:net';
import { createRuntime, type NexusRuntime, type RuntimeOptions } from 'nexus-runtime';
import {
  createServer,
  type Listening,
  type ListenOptions,
  type NexusServer,
  type ServerOptions,
} from 'nexus-runtime/server';

/** Tokens of tests, with every scope alone. */
export const TOKENS = [
  { name: 'acme', token: 'acme-0123456789abcdef' },
  { name: 'other', token: 'other-0123456789abcdef' },
  { name: 'operator', token: 'operator-0123456789abcdef', scopes: ['admin'] as const },
  { name: 'prometheus', token: 'prometheus-0123456789abcdef', scopes: ['metrics'] as const },
  { name: 'gateway', token: 'gateway-0123456789abcdef', tenant: '*' },
  {
    name: 'small',
    token: 'small-0123456789abcdef',
    limits: { timeoutMs: 500, maxEvents: 1 },
    capabilities: ['events:emit:*'],
  },
];

/** A server that listens, with a runtime of its own. */
export class Serving implements AsyncDisposable {
  readonly runtime: NexusRuntime;
  readonly server: NexusServer;
  readonly listening: Listening;

  private constructor(runtime: NexusRuntime, server: NexusServer, listening: Listening) {
    this.runtime = runtime;
    this.server = server;
    this.listening = listening;
  }

  static async start(
    options: Partial<ServerOptions> = {},
    { runtime: given, listen = {} }: { readonly runtime?: RuntimeOptions; readonly listen?: ListenOptions } = {},
  ): Promise<Serving> {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, ...given });
    const server = createServer({ runtime, ...options });
    return new Serving(runtime, server, await server.listen({ port: 0, ...listen }));
  }

  get url(): string {
    return this.listening.url;
  }

  async post(
    path: string,
    body: unknown,
    token?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return answerOf(
      await fetch(`${this.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(token), ...headers },
        // As declared for Node and for a browser, bytes differ.
        body: (typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)) as string,
      }),
    );
  }

  async send(
    method: string,
    path: string,
    token?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return answerOf(await fetch(`${this.url}${path}`, { method, headers: { ...bearer(token), ...headers } }));
  }

  get(path: string, token?: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, token, headers);
  }

  /** Bytes as they are, on a connection of their own. @returns what came back until the server closed it */
  async raw(bytes: string | Uint8Array): Promise<string> {
    const socket = connect(this.listening.port, this.listening.host);
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });
    socket.on('error', () => {});
    socket.end(bytes);
    await new Promise((resolve) => socket.once('close', resolve));
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close({ drainTimeoutMs: 10_000 });
    await this.runtime.shutdown();
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly body: any;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
}

export function bearer(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** One event of a stream. */
export interface StreamEvent {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly data: any;
}

/** Reads a stream of events, at most so many of them; then the connection is ended. */
export async function readEvents(response: Response, most = Number.POSITIVE_INFINITY): Promise<StreamEvent[]> {
  const events: StreamEvent[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts.filter((one) => !one.startsWith(':'))) {
      const fields = Object.fromEntries(
        part.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      events.push({ id: fields['id'] ?? '', event: fields['event'] ?? '', data: JSON.parse(fields['data'] ?? 'null') });
      if (events.length === most) return events;
    }
  }
  return events;
}
