import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createCodeMode } from '#src/code-mode/index.js';
import { ToolSet } from '#src/code-mode/tools/tool-set.js';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import { foundText } from '#src/mcp/front/descriptions.js';
import { frontFactory, openTools, type WrappedTools } from '#src/mcp/index.js';
import { OPTIONS } from '../code-mode/support.js';
import { configOf } from './support.js';

const SECRET = 'sk-live-4242424242';
const string = { type: 'string' };
const parameter = (name: string, where: string, more: object = {}) => ({
  ...{ name, in: where, required: where === 'path', schema: string },
  ...more,
});
const json = (schema: object) => ({ content: { 'application/json': { schema } } });

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let folder: string;
let runtime: NexusRuntime;
let http: Server;
let base: string;
const seen: Seen[] = [];
const opened: WrappedTools[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nexus-openapi-'));
  runtime = await createRuntime(OPTIONS);
  http = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, url = '', headers } = request;
    seen.push({ method, url, headers, body });
    if (url.endsWith('/moved')) return response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    if (url.endsWith('/fails')) return response.writeHead(404).end(`no such thing for ${SECRET}`);
    if (url.endsWith('/huge')) return response.end('x'.repeat(5 * 1024 * 1024));
    if (url.endsWith('/text')) return response.end('plain');
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify({ url, authorization: headers.authorization }));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1`;
});

afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()));
  await runtime.shutdown();
  http.close();
  await rm(folder, { recursive: true, force: true });
});

async function wrap(paths: object, more: object = {}, entry: object = {}) {
  const document = join(folder, `${Math.random()}.json`);
  await writeFile(document, JSON.stringify({ openapi: '3.1.0', info: { title: 'x', version: '1' }, paths, ...more }));
  const headers = { Authorization: 'Bearer ${env:SHOP}' };
  const content = { openapi: { shop: { document, baseUrl: base, headers, ...entry } }, approve: { never: ['*'] } };
  const wrapped = await openTools(configOf(content, { SHOP: SECRET }), '1.0.0');
  opened.push(wrapped);
  const codeMode = createCodeMode({ runtime, tools: wrapped.tools });
  return { wrapped, codeMode, run: (code: string) => codeMode.run(code) };
}

describe('an OpenAPI document', () => {
  it('becomes tools whose calls are requests: path, query, headers and body in their places', async () => {
    const { run } = await wrap(
      {
        '/users/{id}/orders': {
          parameters: [parameter('id', 'path')],
          post: {
            operationId: 'orders.create',
            parameters: [
              parameter('tag', 'query', { schema: { type: 'array', items: string } }),
              parameter('X-Trace', 'header'),
              parameter('Authorization', 'header'),
              parameter('body', 'query'),
            ],
            requestBody: { $ref: '#/components/requestBodies/Order' },
          },
        },
      },
      {
        components: {
          requestBodies: { Order: { required: true, ...json({ $ref: '#/components/schemas/Order' }) } },
          schemas: {
            Order: {
              type: 'object',
              properties: { sku: string, parent: { $ref: '#/components/schemas/Order' } },
              required: ['sku'],
            },
          },
        },
      },
    );
    const call = 'tools.shop.orders_create';
    await run(
      `return await ${call}({ id: 'a b/c', tag: ['x', 'y'], 'X-Trace': 't1', body_in_query: 'q', body: { sku: 's' } })`,
    );
    const { method, url, headers, body } = seen.at(-1) as Seen;
    expect([method, url, body]).toEqual(['POST', '/v1/users/a%20b%2Fc/orders?tag=x&tag=y&body=q', '{"sku":"s"}']);
    expect(headers).toMatchObject({
      'x-trace': 't1',
      authorization: `Bearer ${SECRET}`,
      'content-type': 'application/json',
    });
    const count = seen.length;
    expect((await run(`return await ${call}({ id: 'a', body: { nothing: 1 } })`)).text).toMatch(/sku/);
    expect((await run(`return await ${call}({ id: 'a', Authorization: 'mine', body: { sku: 's' } })`)).text).toMatch(
      /Authorization/,
    );
    expect(seen).toHaveLength(count);
  });

  it('keeps secrets outside of programs: in answers, errors and declarations there is the name', async () => {
    const { run, codeMode } = await wrap({
      '/me': { get: { operationId: 'me' } },
      '/fails': { get: { operationId: 'fails' } },
    });
    const answer = await run('return await tools.shop.me()');
    expect(answer.result).toEqual({ url: '/v1/me', authorization: 'Bearer ${env:SHOP}' });
    const failure = await run('return await tools.shop.fails()');
    expect(failure.text).toMatch(/GET \/fails answered 404: no such thing for \$\{env:SHOP\}/);
    expect(JSON.stringify([answer, failure, codeMode.instructions])).not.toContain(SECRET);
  });

  it('leads nowhere else: no part of a path is "..", and no redirect is followed', async () => {
    const { run } = await wrap({
      '/users/{id}': { get: { operationId: 'user', parameters: [parameter('id', 'path')] } },
      '/moved': { get: { operationId: 'moved' } },
    });
    const count = seen.length;
    for (const id of ['..', '.', '']) {
      expect((await run(`return await tools.shop.user({ id: ${JSON.stringify(id)} })`)).text, id).toMatch(
        /part of the path/,
      );
    }
    expect(seen).toHaveLength(count);
    await run('return await tools.shop.user({ id: "../admin?x=1#y" })');
    expect(seen.at(-1)?.url).toBe('/v1/users/..%2Fadmin%3Fx%3D1%23y');
    expect((await run('return await tools.shop.moved()')).text).toMatch(
      /answered 302, a redirect, which is not followed/,
    );
  });

  it('answers of bounded size, and texts that are no JSON as they are', async () => {
    const { run } = await wrap({ '/huge': { get: { operationId: 'huge' } }, '/text': { get: {} } });
    expect((await run('return await tools.shop.huge()')).text).toMatch(/more than 4194304 bytes: ask for less/);
    expect((await run('return await tools.shop.get_text()')).result).toBe('plain');
  });

  it('waits for an approval of what changes something, unless it says otherwise', async () => {
    const document = join(folder, 'approve.json');
    const item = Object.fromEntries(
      ['get', 'post', 'delete'].map((method) => [method, { operationId: `it.${method}` }]),
    );
    await writeFile(document, JSON.stringify({ openapi: '3.0.3', servers: [{ url: base }], paths: { '/it': item } }));
    const approvals = async (approve: object) => {
      const { tools } = await openTools(configOf({ openapi: { shop: document }, approve }), '1');
      return Object.entries(tools).map(([key, { needsApproval }]) => `${key} ${needsApproval}`);
    };
    expect(await approvals({})).toEqual(['shop.it_get false', 'shop.it_post true', 'shop.it_delete true']);
    expect(await approvals({ never: ['shop.*'], always: ['*delete'] })).toEqual([
      ...['shop.it_get false', 'shop.it_post false', 'shop.it_delete true'],
    ]);
    expect(await approvals({ never: ['shop.it'], always: ['shop.it_get'] })).toEqual([
      ...['shop.it_get true', 'shop.it_post true', 'shop.it_delete true'],
    ]);
  });

  it('is refused if it is none, with what is wrong', async () => {
    const open = async (text: string, entry: object = {}) => {
      const document = join(folder, 'wrong.json');
      await writeFile(document, text);
      return openTools(configOf({ openapi: { shop: { document, ...entry } } }), '1');
    };
    await expect(open('openapi: 3.1.0')).rejects.toThrow(
      /is YAML, and only JSON is read; convert it, for example with: npx yaml --json/,
    );
    await expect(open('{')).rejects.toThrow(/is not JSON/);
    await expect(open('{ "swagger": "2.0" }')).rejects.toThrow(/Swagger 2; convert it/);
    await expect(open('[]')).rejects.toThrow(/no OpenAPI 3 document/);
    await expect(open('{ "openapi": "3.1.0" }')).rejects.toThrow(/has no operations/);
    await expect(open('{ "openapi": "3.1.0", "paths": { "/a": { "get": {} } } }')).rejects.toThrow(/baseUrl/);
    await expect(openTools(configOf({ openapi: { shop: '/nowhere.json' } }), '1')).rejects.toThrow(/does not exist/);
  });

  it('of 200 operations is told in a fraction of the characters', async () => {
    const nested = {
      type: 'object',
      properties: {
        id: string,
        at: { type: 'string', format: 'date-time' },
        lines: { type: 'array', items: { type: 'object', properties: { sku: string, count: { type: 'integer' } } } },
      },
    };
    const paths = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [
        `/things${i}/{id}`,
        {
          parameters: [parameter('id', 'path', { description: `The id of thing ${i}.` })],
          get: {
            operationId: `getThing${i}`,
            summary: `Gets thing ${i}, with its lines`,
            responses: { 200: json(nested) },
          },
          put: {
            operationId: `updateThing${i}`,
            summary: `Changes thing ${i}, and gives what it is then`,
            requestBody: { required: true, ...json(nested) },
            responses: { 200: json(nested) },
          },
        },
      ]),
    );
    const { wrapped, codeMode } = await wrap(paths);
    const declared = ToolSet.of(wrapped.tools).all;
    expect(declared).toHaveLength(200);
    // What a model is given by a server that has a tool for each operation.
    const before = JSON.stringify(
      declared.map(({ key, description, input, output }) => ({
        name: key,
        description,
        inputSchema: input,
        outputSchema: output,
      })),
    ).length;
    const server = await frontFactory({ codeMode, wrapped, version: '1', howToApprove: () => '' })({ era: 'legacy' });
    const list = await toolsOf(server);
    const after = JSON.stringify(list).length;
    const search = foundText('change thing 42', declared);
    console.log(
      `200 operations: ${before} characters as tools, ${after} as search and execute; a search gives ${search.length}`,
    );
    expect(list.map(({ name }) => name)).toEqual(['search', 'execute']);
    expect(search).toMatch(/tools.shop.updateThing42\(input: \{/);
    expect(after).toBeLessThan(before / 50);
    expect(search.length).toBeLessThanOrEqual(10_000);
    for (const { description = '' } of list) expect(description.length).toBeLessThanOrEqual(1_024);
  });
});

/** As a client is told them. */
async function toolsOf(
  server: unknown,
): Promise<{ readonly name: string; readonly description?: string | undefined }[]> {
  const { Client, InMemoryTransport } = await import('@modelcontextprotocol/client');
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await (server as { connect(transport: unknown): Promise<void> }).connect(ours);
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(theirs);
  const { tools } = await client.listTools();
  await client.close();
  return tools;
}
