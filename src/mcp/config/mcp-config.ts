import { dirname, resolve } from 'node:path';
import { TAKEN } from '../../code-mode/tools/tool-names.js';

import { nearest } from '../../config/nearest.js';
import { NexusError } from '../../errors/nexus-error.js';
import { type Secrets, withSecrets } from './secrets.js';

/** A server of MCP that is a process of this machine. */
export interface StdioServerConfig {
  readonly kind: 'stdio';
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  readonly timeoutMs: number;
}

/** A server of MCP that is reached over HTTP. */
export interface HttpServerConfig {
  readonly kind: 'http';
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** An HTTP interface that an OpenAPI document describes. */
export interface OpenApiConfig {
  readonly kind: 'openapi';
  readonly name: string;
  /** A path, or a URL. */
  readonly document: string;
  /** Default: the first of the document's servers. */
  readonly baseUrl: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export type SourceConfig = StdioServerConfig | HttpServerConfig | OpenApiConfig;

/** Which calls wait for an approval: patterns of `source.tool`, where `*` stands for anything. */
export interface ApprovalRules {
  readonly always: readonly string[];
  readonly never: readonly string[];
}

/** What is wrapped, and how. */
export interface McpConfig {
  readonly sources: readonly SourceConfig[];
  readonly approve: ApprovalRules;
  readonly secrets: Secrets;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_TIMEOUT_MS = 600_000;
const NAME = /^[A-Za-z][\w-]{0,63}$/;
const KINDS = {
  stdio: ['type', 'command', 'args', 'env', 'cwd', 'timeoutMs', 'disabled'],
  http: ['type', 'url', 'headers', 'timeoutMs', 'disabled'],
  openapi: ['document', 'baseUrl', 'headers', 'timeoutMs', 'disabled'],
} as const;

/**
 * Reads the configuration of `nexus mcp`: `mcpServers` as clients of MCP have it, and `openapi` and `approve` beside it.
 *
 * @param where the path of the file, for messages, and for paths that are relative to it
 * @throws NexusError INVALID_CONFIG naming the entry, and what is allowed
 */
export function readMcpConfig(content: unknown, where: string, env: NodeJS.ProcessEnv): McpConfig {
  const reader = new Reader(where, env);
  const file = reader.object('', content, ['mcpServers', 'openapi', 'approve', '$schema', 'inputs']);
  const servers = Object.entries(reader.object('mcpServers', file['mcpServers'] ?? {}));
  const documents = Object.entries(reader.object('openapi', file['openapi'] ?? {}));
  const sources = [
    ...servers.map(([name, given]) => reader.server(name, given)),
    ...documents.map(([name, given]) => reader.openApi(name, given)),
  ].filter((source) => source !== undefined);
  reader.distinct(sources);
  if (sources.length === 0) throw reader.fault('', 'has neither mcpServers nor openapi: there is nothing to wrap');
  const approve = reader.object('approve', file['approve'] ?? {}, ['always', 'never']);
  return {
    sources,
    approve: {
      always: reader.texts('approve.always', approve['always'] ?? []),
      never: reader.texts('approve.never', approve['never'] ?? []),
    },
    secrets: reader.secrets,
  };
}

/** What `nexus mcp --openapi` wraps, and how. */
export interface OpenApiFlags {
  readonly baseUrl: string | undefined;
  /** `Name: value` */
  readonly headers: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** @throws NexusError INVALID_CONFIG naming the option */
export function openApiAlone(document: string, { baseUrl, headers, env }: OpenApiFlags): McpConfig {
  const named = headers.map((header) => {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(.+)$/s.exec(header) ?? [];
    if (name !== undefined && value !== undefined) return [name, value];
    throw new NexusError('INVALID_CONFIG', '--header must be NAME:VALUE.', { context: { option: 'header' } });
  });
  const entry = {
    document,
    headers: Object.fromEntries(named),
    ...(baseUrl !== undefined && { baseUrl }),
  };
  return readMcpConfig({ openapi: { api: entry } }, 'nexus mcp --openapi', env);
}

class Reader {
  readonly #where: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly secrets = new Map<string, string>();

  constructor(where: string, env: NodeJS.ProcessEnv) {
    this.#where = where;
    this.#env = env;
  }

  server(name: string, given: unknown): SourceConfig | undefined {
    const at = `mcpServers.${name}`;
    this.#name(at, name);
    const isHttp = typeof given === 'object' && given !== null && 'url' in given;
    const entry = this.object(at, given, KINDS[isHttp ? 'http' : 'stdio']);
    if (entry['disabled'] === true) return undefined;
    const timeoutMs = this.#timeout(at, entry);
    if (isHttp) {
      const headers = this.#texts(`${at}.headers`, entry['headers'] ?? {});
      return { kind: 'http', name, url: this.#url(`${at}.url`, entry['url']), headers, timeoutMs };
    }
    const { command } = entry;
    if (typeof command !== 'string' || command === '') {
      throw this.fault(
        at,
        'has neither a command nor a url: { "command": "npx", "args": […] } or { "url": "https://…" }',
      );
    }
    const args = this.texts(`${at}.args`, entry['args'] ?? []).map((one, i) => this.#secret(`${at}.args[${i}]`, one));
    const cwd =
      entry['cwd'] === undefined ? undefined : resolve(dirname(this.#where), this.#text(`${at}.cwd`, entry['cwd']));
    return { kind: 'stdio', name, command, args, env: this.#texts(`${at}.env`, entry['env'] ?? {}), cwd, timeoutMs };
  }

  openApi(name: string, given: unknown): OpenApiConfig | undefined {
    const at = `openapi.${name}`;
    this.#name(at, name);
    const entry = this.object(at, typeof given === 'string' ? { document: given } : given, KINDS.openapi);
    if (entry['disabled'] === true) return undefined;
    const document = this.#text(`${at}.document`, entry['document']);
    return {
      ...{ kind: 'openapi', name },
      document: /^https?:/.test(document) ? document : resolve(dirname(this.#where), document),
      baseUrl: entry['baseUrl'] === undefined ? undefined : this.#url(`${at}.baseUrl`, entry['baseUrl']),
      headers: this.#texts(`${at}.headers`, entry['headers'] ?? {}),
      timeoutMs: this.#timeout(at, entry),
    };
  }

  /** @param keys that it may have; any if they are left out */
  object(at: string, given: unknown, keys?: readonly string[]): Readonly<Record<string, unknown>> {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw this.fault(at, 'is not an object');
    const unknown = keys === undefined ? undefined : Object.keys(given).find((key) => !keys.includes(key));
    if (unknown === undefined) return given as Readonly<Record<string, unknown>>;
    const found = nearest(unknown, keys as readonly string[]);
    throw this.fault(
      at,
      `has "${unknown}", which is not known${found === undefined ? '' : `; did you mean "${found}"?`}`,
    );
  }

  texts(at: string, given: unknown): readonly string[] {
    if (Array.isArray(given) && given.every((one) => typeof one === 'string')) return given as string[];
    throw this.fault(at, 'is not a list of texts');
  }

  distinct(sources: readonly SourceConfig[]): void {
    const names = new Map<string, string>();
    for (const { name, kind } of sources) {
      const path = name.replaceAll('-', '_');
      const other = names.get(path);
      if (other !== undefined)
        throw this.fault('', `has "${other}" and "${name}" (${kind}), which would both be tools.${path}; rename one`);
      names.set(path, name);
    }
  }

  fault(at: string, what: string): NexusError {
    const place = at === '' ? this.#where : `${this.#where}: ${at}`;
    return new NexusError('INVALID_CONFIG', `${place} ${what}.`, { context: { file: this.#where, option: at } });
  }

  #name(at: string, name: string): void {
    if (NAME.test(name) && !TAKEN.has(name)) return;
    throw this.fault(
      at,
      'must have a name of A-Z, a-z, 0-9, _ and -, that begins with a letter: programs write tools.name',
    );
  }

  #timeout(at: string, { timeoutMs = DEFAULT_TIMEOUT_MS }: Readonly<Record<string, unknown>>): number {
    if (Number.isSafeInteger(timeoutMs) && Number(timeoutMs) >= 1 && Number(timeoutMs) <= MAX_TIMEOUT_MS)
      return Number(timeoutMs);
    throw this.fault(`${at}.timeoutMs`, `is not a whole number from 1 to ${MAX_TIMEOUT_MS}`);
  }

  #url(at: string, given: unknown): string {
    const text = this.#secret(at, this.#text(at, given));
    if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
    throw this.fault(at, 'is not a URL that begins with http:// or https://');
  }

  #text(at: string, given: unknown): string {
    if (typeof given === 'string' && given !== '') return given;
    throw this.fault(at, 'is not a text');
  }

  #texts(at: string, given: unknown): Readonly<Record<string, string>> {
    return Object.fromEntries(
      Object.entries(this.object(at, given)).map(([key, value]) => {
        if (typeof value !== 'string') throw this.fault(`${at}.${key}`, 'is not a text');
        return [key, this.#secret(`${at}.${key}`, value)];
      }),
    );
  }

  #secret(at: string, text: string): string {
    return withSecrets(text, this.#env, this.secrets, (name) =>
      this.fault(at, `needs the variable ${name} of the environment, which is not set`),
    );
  }
}
