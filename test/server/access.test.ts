import { createRuntime } from 'nexus-runtime';
import { createServer, type ServerLogEntry, type ServerOptions } from 'nexus-runtime/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { bearer, readEvents, Serving, TOKENS } from './support/serving.js';

const [acme, other, operator, , gateway, small] = TOKENS.map(({ token }) => token) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
let serving: Serving;
const log: ServerLogEntry[] = [];

beforeAll(async () => {
  serving = await Serving.start(
    {
      tokens: [...TOKENS, { name: 'waits', token: 'waits-0123456789abcdef', limits: { timeoutMs: 500 } }],
      log: (entry) => log.push(entry),
    },
    {
      runtime: {
        quota: {
          begin: ({ tenant }) => {
            if (tenant === 'gone') throw new Error('the server of quotas is away');
            return undefined;
          },
          end: () => {},
        },
      },
    },
  );
});

afterAll(() => serving[Symbol.asyncDispose]());

const run = (token: string, body: object) =>
  fetch(`${serving.url}/run`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(token) },
    body: JSON.stringify(body),
  });

describe('a token', () => {
  it('bounds the time of a resumption as that of an execution', async () => {
    const waits = 'waits-0123456789abcdef';
    const suspended = await serving.post(
      '/execute',
      { code: 'await $ext.a.b(); for (;;);', context: { capabilities: ['ext:a'] } },
      waits,
    );
    const path = `/suspensions/${suspended.body.suspension.suspensionId}/resume`;
    const answer = { success: true, value: 1 };
    expect(await serving.post(path, { answer, options: { timeoutMs: 501 } }, waits)).toMatchObject({
      status: 403,
      body: { field: 'options.timeoutMs' },
    });
    expect(await serving.post(path, { answer, answers: [{ callId: 'c1', ...answer }] }, waits)).toMatchObject({
      status: 422,
      body: { field: 'answers' },
    });
    expect(await serving.post(path, { answer: 1 }, waits)).toMatchObject({ status: 422, body: { field: 'answer' } });
    expect(await serving.post(path, { answer }, waits)).toMatchObject({
      status: 200,
      body: { status: 'error', error: { code: 'TIMEOUT', message: expect.stringContaining('500') } },
    });
  });

  it('is told which capability is none', async () => {
    const context = { capabilities: ['events:emit:a', 'state:*'] };
    expect(await serving.post('/execute', { code: 'return 1', context }, small)).toMatchObject({
      status: 422,
      body: {
        field: 'context.capabilities[1]',
        detail: expect.stringContaining('context.capabilities[1] is "state:*"'),
      },
    });
  });

  it('does not learn whether there is a run of another tenant, nor what another tenant used', async () => {
    const { runId } = (await serving.post('/runs', { code: 'return 1' }, acme)).body;
    const found = await serving.get(`/runs/${runId}`, other);
    const none = await serving.get(`/runs/${'x'.repeat(runId.length)}`, other);
    expect(found.status).toBe(404);
    expect(found.text.replaceAll(runId, 'RUN')).toBe(none.text.replaceAll('x'.repeat(runId.length), 'RUN'));
    expect((await serving.get(`/runs/${runId}`, acme)).status).toBe(200);

    expect(await serving.get('/usage?tenant=acme', other)).toMatchObject({ status: 403, body: { field: 'tenant' } });
    expect((await serving.get('/usage?tenant=other', other)).status).toBe(200);
    expect((await serving.get('/usage?tenant=acme', operator)).status).toBe(200);
  });
});

describe('streams', () => {
  it('that have ended and are not read to the end count for their owner', async () => {
    await using app = await mounted({ maxStreams: 4 });
    const mine = await Promise.all([1, 2].map(() => app.start({ code: 'return 1' }, '10.0.0.1')));
    // It waits for the only worker, behind them.
    expect((await app.post('/execute', { code: 'return 1' }, '10.0.0.1')).status).toBe(200);
    expect((await app.start({ code: 'return 1' }, '10.0.0.1')).response.status).toBe(503);
    const theirs = await app.start({ code: 'return 1' }, '10.0.0.2');
    expect((await readEvents(theirs.response)).map(({ event }) => event)).toEqual(['result']);
    for (const { response } of mine) await readEvents(response);
    expect((await app.start({ code: 'return 1' }, '10.0.0.1')).response.status).toBe(200);
  });

  it('have a bounded number of readers', async () => {
    await using app = await mounted();
    const first = await app.start({
      code: "$log('begun'); await $ext.never.ends()",
      context: { capabilities: ['ext:never'] },
    });
    const readers = await Promise.all(Array.from({ length: 20 }, () => app.get(first.path)));
    expect(readers.filter(({ status }) => status === 200)).toHaveLength(15);
    expect(readers.filter(({ status }) => status === 503)).toHaveLength(5);
    await Promise.all(readers.map(({ body }) => body?.cancel()));
    expect((await app.get(first.path)).status).toBe(200);
  });

  it('tell the log of a fault of the host, of which the client hears nothing', async () => {
    const events = await readEvents(await run(gateway, { code: 'return 1', options: { tenant: 'gone' } }));
    expect(events).toMatchObject([
      { event: 'problem', data: { status: 500, detail: 'The server failed. Its log says why.' } },
    ]);
    expect(log.filter(({ level }) => level === 50)).toMatchObject([
      { msg: 'request failed', err: { message: expect.stringContaining('the server of quotas is away') } },
    ]);
  });
});

/** Mounted in an application, where a response that nobody reads is read by nobody. */
async function mounted(options: Partial<ServerOptions> = {}) {
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
  const extensions = { never: { ends: () => new Promise(() => {}) } };
  const server = createServer({ runtime, trustCaller: true, extensions, ...options });
  const post = (path: string, body: object, remoteAddress = '127.0.0.1') => {
    const headers = { 'content-type': 'application/json' };
    const request = new Request(`http://localhost${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return server.fetch(request, { remoteAddress });
  };
  return {
    post,
    get: (path: string) => server.fetch(new Request(`http://localhost${path}`), { remoteAddress: '127.0.0.1' }),
    async start(body: object, remoteAddress?: string) {
      const response = await post('/run', body, remoteAddress);
      return { response, path: response.headers.get('location') as string };
    },
    async [Symbol.asyncDispose]() {
      await server.close({ drainTimeoutMs: 0 });
      await runtime.shutdown();
    },
  };
}

describe('a body', () => {
  it('that is compressed is refused as such, and one that is no JSON with its place', async () => {
    expect(await serving.post('/execute', '{}', acme, { 'content-encoding': 'gzip' })).toMatchObject({
      status: 415,
      body: { field: 'content-encoding' },
    });
    expect(await serving.post('/execute', '{\n "code": b}', acme)).toMatchObject({
      status: 400,
      body: { location: { line: 2, column: 10 }, detail: expect.stringContaining('line 2, column 10') },
    });
  });
});

describe('addresses', () => {
  it('of one network of IPv6 are one client, however they are written', async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const server = createServer({ runtime, tokens: TOKENS });
    const guess = async (remoteAddress: string) => {
      const headers = { authorization: 'Bearer wrong-0123456789abcdef' };
      const request = new Request('http://localhost/handlers', { headers });
      return (await server.fetch(request, { remoteAddress })).status;
    };
    const statuses = new Set<number>();
    for (let i = 1; i <= 20; i++)
      statuses.add(await guess(i % 2 === 0 ? `2001:db8::${i}` : `2001:db8::${i}:${i}:1:${i}`));
    expect([...statuses]).toEqual([401]);
    expect(await guess('2001:db8::ffff')).toBe(429);
    expect(await guess('2001:db8:0:1::1')).toBe(401);
    await server.close();
    await runtime.shutdown();
  });

  it('without tokens, pages of other sites get nothing by images and links either', async () => {
    await using open = await Serving.start();
    const from = async (site: string) => (await open.get('/handlers', undefined, { 'sec-fetch-site': site })).status;
    expect([await from('cross-site'), await from('none'), await from('same-origin')]).toEqual([403, 200, 200]);
  });
});
