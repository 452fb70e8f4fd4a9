import { renderReason } from '../../support/render-reason.js';
import { settleWithin } from '../../support/waiting.js';
import { boundedSchema } from '../bounded-schema.js';
import type { HttpServerConfig, StdioServerConfig } from '../config/mcp-config.js';
import { CfWorkerJsonSchemaValidator, Client, StreamableHTTPClientTransport } from '../sdk/client.js';
import { BOUNDS, boundedText, requireBounded, type Source, type SourceTool } from '../source.js';
import { answerOf } from './answer.js';
import { ProcessTransport } from './server-process.js';

const MAX_PAGES = 100;
const MAX_NAME = 200;
/** Of one message, in bytes. */
const MAX_MESSAGE = 16 * 1024 * 1024;
const CLOSE_MS = 3_000;

/** A server of MCP whose tools are called. It is not trusted: it may lie, flood, hang and die. */
export class WrappedServer implements Source {
  readonly #config: StdioServerConfig | HttpServerConfig;
  readonly #version: string;
  #client: Promise<Client> | undefined;
  #tools: readonly SourceTool[] = [];
  readonly notes: string[] = [];

  private constructor(config: StdioServerConfig | HttpServerConfig, version: string) {
    this.#config = config;
    this.#version = version;
  }

  /** @throws Error that says why there is no connection, or no list of tools */
  static async open(config: StdioServerConfig | HttpServerConfig, version: string): Promise<WrappedServer> {
    const server = new WrappedServer(config, version);
    try {
      const client = await server.#connected();
      await server.#list(client).catch((error: unknown) => {
        throw new Error(`The server ${config.name} does not list its tools: ${messageOf(error)}`, { cause: error });
      });
      return server;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  get name(): string {
    return this.#config.name;
  }

  get tools(): readonly SourceTool[] {
    return this.#tools;
  }

  async call(tool: string, input: unknown, signal: AbortSignal): Promise<unknown> {
    const { name } = this.#config;
    const where = `${name}.${tool}`;
    const request = { name: tool, arguments: (input ?? {}) as Record<string, unknown> };
    for (let isRetry = false; ; isRetry = true) {
      const client = await this.#connected();
      try {
        return requireBounded(answerOf(await this.#request(client, request, signal), where), where);
      } catch (error) {
        if (!isLost(error)) throw error;
        this.#drop(client);
        // What was never sent is sent again, to a new process or connection.
        if (error.code === 'NOT_CONNECTED' && !isRetry) continue;
        throw new Error(`The server ${name} went away while it was called: ${messageOf(error)}`, { cause: error });
      }
    }
  }

  #request(client: Client, request: { name: string; arguments: Record<string, unknown> }, signal: AbortSignal) {
    const { timeoutMs } = this.#config;
    return client.callTool(request, { signal, timeout: timeoutMs, maxTotalTimeout: timeoutMs });
  }

  #drop(client: Client): void {
    this.#client = undefined;
    client.close().catch(() => {});
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    this.#client = undefined;
    if (client !== undefined) await settleWithin(client.close(), CLOSE_MS);
  }

  /** One that died is started again by the next call. */
  #connected(): Promise<Client> {
    this.#client ??= this.#connect().catch((error: unknown) => {
      this.#client = undefined;
      throw new Error(`The server ${this.name} cannot be reached: ${messageOf(error)}`, { cause: error });
    });
    return this.#client;
  }

  async #connect(): Promise<Client> {
    const { kind, timeoutMs } = this.#config;
    if (kind === 'http') return this.#try('auto', timeoutMs);
    // Asking a process which versions it has would start it twice.
    return this.#try('legacy', timeoutMs).catch(async (error: unknown) => {
      if (!/version|method not found/i.test(messageOf(error))) throw error;
      return this.#try('auto', timeoutMs);
    });
  }

  async #try(mode: 'auto' | 'legacy', timeoutMs: number): Promise<Client> {
    const client = new Client(
      { name: 'nexus-mcp', version: this.#version },
      { versionNegotiation: { mode }, jsonSchemaValidator: new CfWorkerJsonSchemaValidator() },
    );
    client.onclose = () => {
      this.#client = undefined;
    };
    client.onerror = () => {};
    try {
      await client.connect(this.#transport(), { timeout: timeoutMs, maxTotalTimeout: timeoutMs });
      return client;
    } catch (error) {
      await client.close().catch(() => {});
      throw error;
    }
  }

  #transport() {
    const config = this.#config;
    if (config.kind === 'http') {
      // A redirect would take the headers, which may hold secrets, to another place.
      return new StreamableHTTPClientTransport(new URL(config.url), {
        requestInit: { headers: { ...config.headers }, redirect: 'error' },
      });
    }
    const { command, args, env, cwd } = config;
    return new ProcessTransport({
      ...{ command, args: [...args], stderr: 'ignore', maxBufferSize: MAX_MESSAGE },
      env: { ...inherited(), ...env },
      ...(cwd !== undefined && { cwd }),
    });
  }

  async #list(client: Client): Promise<void> {
    const { timeoutMs, name: source } = this.#config;
    const tools: SourceTool[] = [];
    const seen = new Set<string>();
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES && tools.length <= BOUNDS.tools; page++) {
      const options = { timeout: timeoutMs, maxTotalTimeout: timeoutMs };
      const list = await client.listTools(cursor === undefined ? undefined : { cursor }, options);
      for (const { name, description, inputSchema, outputSchema, annotations } of list.tools) {
        if (name.length > MAX_NAME || seen.has(name)) {
          this.notes.push(
            `${source}: a tool is left out, because ${seen.has(name) ? `there are two of the name ${JSON.stringify(name)}` : `its name has ${name.length} characters`}`,
          );
          continue;
        }
        seen.add(name);
        if ((description?.length ?? 0) > BOUNDS.description) {
          this.notes.push(
            `${source}: the description of ${JSON.stringify(name)} has ${description?.length} characters, and is cut`,
          );
        }
        tools.push({
          name,
          description: boundedText(description ?? annotations?.title, BOUNDS.description),
          inputSchema: boundedSchema(inputSchema),
          ...(outputSchema !== undefined && { outputSchema: boundedSchema(outputSchema) }),
          isReadOnly: annotations?.readOnlyHint === true,
        });
      }
      cursor = list.nextCursor;
      if (cursor === undefined) break;
    }
    if (cursor !== undefined || tools.length > BOUNDS.tools) {
      this.notes.push(`${source}: it has more than ${BOUNDS.tools} tools; the others are left out`);
    }
    this.#tools = tools.slice(0, BOUNDS.tools);
  }
}

/** What processes need to find their programs. Secrets of the environment are passed by `env` alone. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'USER', 'SHELL', 'TERM', 'LANG', 'TMPDIR', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME'];
  const windows = [
    'APPDATA',
    'LOCALAPPDATA',
    'USERPROFILE',
    'SYSTEMROOT',
    'SYSTEMDRIVE',
    'TEMP',
    'TMP',
    'COMSPEC',
    'PATHEXT',
  ];
  return Object.fromEntries(
    [...names, ...windows].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** The connection is gone, or the process. */
function isLost(error: unknown): error is Error & { readonly code: string } {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return code === 'NOT_CONNECTED' || code === 'CONNECTION_CLOSED' || code === 'SEND_FAILED';
}

function messageOf(error: unknown): string {
  return boundedText(renderReason(error), BOUNDS.errorCharacters);
}
