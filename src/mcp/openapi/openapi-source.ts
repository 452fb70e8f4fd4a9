import type { OpenApiConfig } from '../config/mcp-config.js';
import { BOUNDS, boundedText, requireBounded, type Source, type SourceTool } from '../source.js';
import { fault, type Json, readDocument } from './document.js';
import { type HttpOperation, object, operationsOf } from './operations.js';
import { readLimited } from './read-limited.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** An HTTP interface whose operations are called. The host adds the headers of the configuration; a program cannot set or see them. */
export class OpenApiSource implements Source {
  readonly #config: OpenApiConfig;
  readonly #base: URL;
  readonly #operations: ReadonlyMap<string, HttpOperation>;
  readonly tools: readonly SourceTool[];
  readonly notes: readonly string[];

  private constructor(
    config: OpenApiConfig,
    base: URL,
    operations: readonly HttpOperation[],
    notes: readonly string[],
  ) {
    this.#config = config;
    this.#base = base;
    const named = unique(operations);
    this.#operations = named;
    this.notes = notes.map((note) => `${config.name}: ${note}`);
    this.tools = [...named].map(([name, { description, inputSchema, outputSchema, method }]) => ({
      ...{ name, description, inputSchema, isReadOnly: SAFE.has(method) },
      ...(outputSchema !== undefined && { outputSchema }),
    }));
  }

  /** @throws NexusError INVALID_CONFIG */
  static async open(config: OpenApiConfig): Promise<OpenApiSource> {
    const document = await readDocument(config.document, config.timeoutMs);
    const { operations, notes } = operationsOf(document);
    if (operations.length === 0) throw fault(config.document, 'has no operations');
    return new OpenApiSource(config, baseOf(config, document), operations, notes);
  }

  get name(): string {
    return this.#config.name;
  }

  async call(tool: string, input: unknown, signal: AbortSignal): Promise<unknown> {
    const operation = this.#operations.get(tool) as HttpOperation;
    const { headers, timeoutMs } = this.#config;
    const given = object(input);
    const request = new Headers();
    for (const [property, { in: where, name }] of operation.placed) {
      if (where === 'header' && given[property] !== undefined) request.set(name, texts(given[property]).join(','));
    }
    const body = bodyOf(operation, given['body']);
    if (body !== undefined) request.set('content-type', operation.bodyType as string);
    request.set('accept', 'application/json, text/*;q=0.9, */*;q=0.1');
    for (const [name, value] of Object.entries(headers)) request.set(name, value);
    const response = await fetch(urlOf(this.#base, operation, given), {
      ...{ method: operation.method, headers: request, redirect: 'manual' },
      ...(body !== undefined && { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const where = `${operation.method} ${operation.path}`;
    const text = await readLimited(response, BOUNDS.answerCharacters);
    if (response.status >= 300 && response.status < 400) {
      // Another place would get the headers, and is not the one of the configuration.
      throw new Error(`${where} answered ${response.status}, a redirect, which is not followed`);
    }
    const value = parsed(text, response.headers.get('content-type') ?? '');
    if (response.ok) return requireBounded(value, where);
    throw new Error(`${where} answered ${response.status}: ${boundedText(text, BOUNDS.errorCharacters)}`);
  }

  async close(): Promise<void> {}
}

/** Of two operations of one name, the second gets its method and path. */
function unique(operations: readonly HttpOperation[]): ReadonlyMap<string, HttpOperation> {
  const named = new Map<string, HttpOperation>();
  for (const operation of operations) {
    const { name, method, path } = operation;
    named.set(named.has(name) ? `${name} ${method} ${path}` : name, operation);
  }
  return named;
}

function baseOf({ baseUrl, document: place }: OpenApiConfig, document: Json): URL {
  const [server] = Array.isArray(document['servers']) ? document['servers'] : [];
  const { url, variables } = object(server);
  const filled =
    typeof url === 'string'
      ? url.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(object(object(variables)[name])['default'] ?? ''))
      : undefined;
  const text =
    baseUrl ??
    (filled === undefined || /^https?:/.test(filled) || !/^https?:/.test(place) ? filled : new URL(filled, place).href);
  if (text !== undefined && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text);
  throw fault(
    place,
    'does not say with a whole URL where its server is: give baseUrl in the configuration, or --base-url',
  );
}

/** @throws TypeError for a parameter of the path that is missing, or would lead elsewhere */
function urlOf(base: URL, { path, placed }: HttpOperation, given: Json): URL {
  const filled = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const property = [...placed].find(([, one]) => one.in === 'path' && one.name === name)?.[0] ?? name;
    const text = texts(given[property]).join(',');
    if (text === '') throw new TypeError(`input.${property} is a part of the path, and is missing`);
    return encodeURIComponent(text);
  });
  if (filled.split('/').some((part) => /^(?:\.|%2e){1,2}$/i.test(part))) {
    throw new TypeError(`a part of the path ${path} may not be "." or ".."`);
  }
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/$/, '')}${filled.startsWith('/') ? '' : '/'}${filled}`;
  for (const [property, { in: where, name }] of placed) {
    if (where !== 'query' || given[property] === undefined) continue;
    for (const text of texts(given[property])) url.searchParams.append(name, text);
  }
  return url;
}

function texts(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(texts);
  return [typeof value === 'object' ? JSON.stringify(value) : String(value)];
}

function bodyOf({ bodyType }: HttpOperation, body: unknown): string | undefined {
  if (bodyType === undefined || body === undefined) return undefined;
  if (/json/i.test(bodyType)) return JSON.stringify(body);
  if (bodyType.startsWith('text/')) return texts(body).join('\n');
  return new URLSearchParams(
    Object.entries(object(body)).flatMap(([name, value]) => texts(value).map((text): [string, string] => [name, text])),
  ).toString();
}

function parsed(text: string, type: string): unknown {
  if (text === '') return undefined;
  if (!/\bjson\b/i.test(type)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
