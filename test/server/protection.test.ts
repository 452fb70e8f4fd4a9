import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createRuntime } from 'nexus-runtime';
import { createServer } from 'nexus-runtime/server';
import { describe, expect, it, vi } from 'vitest';

import { bearer, Serving, TOKENS } from './support/serving.js';

const [acme, other] = TOKENS.map(({ token }) => token) as [string, string];
const OPERATOR = 'operator-0123456789abcdef';

/** A sequence of random numbers that is the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const PIECES = [
  ...[
    '{"code":"return 1"}',
    '{"code":',
    '[[[[',
    '"\\ud800"',
    'null',
    '-',
    '1e999',
    '{"__proto__":{"code":"x"}}',
    '\u0000',
    'é',
  ],
  ...[
    '{"code":"return 1","options":{"timeoutMs":{}}}',
    '{"context":{"args":',
    '['.repeat(20_000),
    '{"code":"return 1","context":{"stateSnapshot":[]}}',
  ],
];
const METHODS = ['POST', 'GET', 'PUT', 'post', 'TRACE', '', 'POST POST', 'DELETE'];
const PATHS = [
  '/execute',
  '/run',
  '/precompile',
  '/runs',
  '/runs/%00',
  '/handlers/../..',
  '/%zz',
  '//',
  '/run/a?b=%ff',
  '*',
  '/suspensions/x/resume',
  `/${'a'.repeat(9_000)}`,
];
const HEADERS = [
  ...[
    'Content-Type: application/json',
    'Content-Type: application/json; charset=latin1',
    'Content-Type: x',
    'Content-Length: 99999999999',
  ],
  ...[
    'Content-Length: -1',
    'Transfer-Encoding: chunked',
    'Last-Event-ID: x.1',
    'Accept: text/event-stream',
    `X: ${'y'.repeat(17_000)}`,
    'Expect: 100-continue',
    'Bad Header',
    'X-Request-Id: \u0001',
  ],
];

describe('a server', () => {
  it('answers 500 malformed requests or ends their connections, keeps nothing of them, and goes on', async () => {
    await using serving = await Serving.start(
      { tokens: TOKENS },
      { listen: { requestTimeoutMs: 2_000, headersTimeoutMs: 1_000 } },
    );
    const random = numbers(1);
    const pick = (list: readonly string[]) => list[random(list.length)] as string;
    const answers: string[] = [];
    for (let i = 0; i < 50; i++) {
      const ten = Array.from({ length: 10 }, () => {
        const body = Array.from({ length: random(3) }, () => pick(PIECES)).join('');
        const length = random(3) === 0 ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
        const lines = [
          `${pick(METHODS)} ${pick(PATHS)} HTTP/1.1`,
          'Host: localhost',
          `Authorization: Bearer ${acme}`,
          'Connection: close',
          ...length,
          pick(HEADERS),
        ];
        return serving.raw(`${lines.join('\r\n')}\r\n\r\n${body}`);
      });
      answers.push(...(await Promise.all(ten)));
    }
    const statuses = answers.map((text) => /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'closed');
    expect(statuses).toHaveLength(500);
    expect(statuses.filter((status) => status.startsWith('5'))).toEqual([]);
    expect(new Set(statuses).size).toBeGreaterThan(4);
    expect(await serving.post('/execute', { code: 'return 1' }, acme)).toMatchObject({
      status: 200,
      body: { returnValue: 1 },
    });
    const { body } = await serving.get('/stats', OPERATOR);
    expect(body.server).toMatchObject({ inFlight: 1, inFlightBytes: 0 });
    expect(body.runtime).toMatchObject({ activeInstances: 0, queuedExecutions: 0 });
  }, 60_000);

  it('ends connections that send slowly, and serves others meanwhile', async () => {
    await using serving = await Serving.start(
      { tokens: TOKENS },
      { listen: { headersTimeoutMs: 500, requestTimeoutMs: 1_500 } },
    );
    const { host, port } = serving.listening;
    const open = (text: string): Socket => {
      const socket = connect(port, host).on('error', () => {});
      socket.write(text);
      return socket;
    };
    const slow = [
      ...Array.from({ length: 100 }, () => open('POST /execute HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')),
      ...Array.from({ length: 100 }, () =>
        open(
          `POST /execute HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${acme}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
        ),
      ),
    ];
    const ends = slow.map((socket) => {
      socket.resume();
      return new Promise((resolve) => socket.once('close', resolve));
    });
    // A byte now and then does not keep them alive.
    const drip = setInterval(() => {
      for (const socket of slow) if (!socket.destroyed) socket.write('x');
    }, 200);
    expect((await serving.post('/execute', { code: 'return 1' }, other)).status).toBe(200);
    await Promise.all(ends);
    clearInterval(drip);
    let stats = (await serving.get('/stats', OPERATOR)).body.server;
    while (stats.inFlight > 1) stats = (await serving.get('/stats', OPERATOR)).body.server;
    expect(stats.inFlightBytes).toBe(0);
  }, 60_000);

  it('one tenant that floods it with endless handlers keeps nobody else from being served', async () => {
    await using serving = await Serving.start(
      { tokens: TOKENS, maxInFlight: 40 },
      { runtime: { maxInstances: 2, maxQueue: 30 } },
    );
    let isOver = false;
    const refused: number[] = [];
    const flood = Array.from({ length: 24 }, async () => {
      while (!isOver)
        refused.push((await serving.post('/execute', { code: 'for (;;);', options: { timeoutMs: 200 } }, acme)).status);
    });
    for (let i = 0; i < 10; i++) {
      const { status, body } = await serving.post('/execute', { code: `return ${i}` }, other);
      expect([status, body.returnValue]).toEqual([200, i]);
    }
    isOver = true;
    await Promise.all(flood);
    expect(refused).toContain(503);
  }, 120_000);

  it('a client that goes ends its execution, and others of the connection before it do not matter', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const send = (code: string) => {
      const headers = { 'content-type': 'application/json', ...bearer(acme) };
      const sent = request(`${serving.url}/execute`, { method: 'POST', headers, agent });
      sent.on('error', () => {});
      sent.end(JSON.stringify({ code, options: { timeoutMs: 100_000 } }));
      return sent;
    };
    const [first] = (await once(send('return 1'), 'response')) as [IncomingMessage];
    for await (const _ of first);
    const endless = send('for (;;);');
    await vi.waitFor(() => expect(serving.runtime.getStats().activeInstances).toBe(1), 30_000);
    endless.destroy();
    await vi.waitFor(() => expect(serving.runtime.getStats().activeInstances).toBe(0), 30_000);
    expect(serving.runtime.getStats().errors).toMatchObject({ CANCELLED: 1 });
    expect((await serving.post('/execute', { code: 'return 2' }, acme)).body.returnValue).toBe(2);
    agent.destroy();
  });

  it('has bounds for what is worked on, with the time to try again', async () => {
    await using serving = await Serving.start({
      tokens: TOKENS,
      maxInFlight: 2,
      rate: { executions: 3, perMs: 3_600_000 },
    });
    const slow = serving.post('/execute', { code: 'for (;;);', options: { timeoutMs: 1_000 } }, acme);
    let answer = await serving.post('/execute', { code: 'return 1' }, acme);
    expect(answer).toMatchObject({ status: 503, body: { code: 'OVERLOADED' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    await slow;
    await serving.post('/execute', { code: 'return 1' }, acme);
    answer = await serving.post('/execute', { code: 'return 1' }, acme);
    expect(answer).toMatchObject({ status: 429, body: { code: 'TOO_MANY_REQUESTS' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(1_000);
    expect((await serving.post('/execute', { code: 'return 1' }, other)).status).toBe(200);
  });

  it('a quota that refuses is 429 with the time to try again', async () => {
    const { memoryQuota } = await import('nexus-runtime');
    const quota = memoryQuota({ rate: { executions: 1, perMs: 3_600_000 } });
    await using serving = await Serving.start({ tokens: TOKENS }, { runtime: { quota } });
    expect((await serving.post('/execute', { code: 'return 1' }, acme)).status).toBe(200);
    const refused = await serving.post('/execute', { code: 'return 1' }, acme);
    expect(refused).toMatchObject({ status: 429, body: { code: 'RESOURCE_LIMIT' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
    expect((await serving.post('/execute', { code: 'return 1' }, other)).status).toBe(200);
  });

  it('one request with two tokens is refused, on all routes alike', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    for (const request of ['POST /execute', 'POST /precompile']) {
      const text = await serving.raw(
        `${request} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${acme}\r\nAuthorization: Bearer ${other}\r\nContent-Type: application/json\r\nContent-Length: 19\r\nConnection: close\r\n\r\n{"code":"return 1"}`,
      );
      expect([request, text.slice(0, 12)]).toEqual([request, 'HTTP/1.1 401']);
    }
  });

  it('a body in pieces without a length is bounded as well', async () => {
    await using serving = await Serving.start({ tokens: TOKENS, maxBodyBytes: 10_000 });
    const chunk = `2000\r\n${' '.repeat(0x2000)}\r\n`;
    const text = await serving.raw(
      `POST /execute HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${acme}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect((await serving.get('/stats', OPERATOR)).body.server.inFlightBytes).toBe(0);
  });
});

describe('a server without tokens', () => {
  it('serves programs of this machine, and neither pages, nor proxies, nor other names', async () => {
    await using serving = await Serving.start();
    expect(await serving.post('/execute', { code: 'return 1', options: { tenant: 'a' } })).toMatchObject({
      status: 200,
    });
    expect((await serving.get('/stats')).status).toBe(200);
    for (const header of [
      'Origin: https://example.com',
      'Origin: null',
      'X-Forwarded-For: 10.0.0.1',
      'Forwarded: for=10.0.0.1',
      'Via: 1.1 proxy',
    ]) {
      for (const request of [
        'POST /execute',
        'POST /handlers/any',
        'GET /execute',
        'GET /healthz',
        'GET /openapi.json',
        'GET /nothing',
      ]) {
        const body = request.startsWith('POST')
          ? 'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
          : '\r\n';
        const text = await serving.raw(
          `${request} HTTP/1.1\r\nHost: 127.0.0.1\r\n${header}\r\nConnection: close\r\n${body}`,
        );
        expect([header, request, text.slice(0, 12)]).toEqual([header, request, 'HTTP/1.1 403']);
      }
    }
    expect(await serving.raw('GET /stats HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 403 /,
    );
    expect(
      await serving.raw(
        'GET /stats HTTP/1.1\r\nHost: localhost:80\r\nOrigin: http://localhost:3000\r\nConnection: close\r\n\r\n',
      ),
    ).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('listens on addresses of this machine only, and says which port is in use', async () => {
    await using serving = await Serving.start();
    const { runtime } = serving;
    await expect(createServer({ runtime }).listen({ host: '0.0.0.0' })).rejects.toThrow(
      'Without tokens the server listens on an address of this machine only, not on 0.0.0.0',
    );
    const { port } = serving.listening;
    await expect(createServer({ runtime }).listen({ port })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: `Port ${port} of 127.0.0.1 is in use; choose another with --port, or 0 for any that is free.`,
    });
    await expect(createServer({ runtime }).listen({ port: 70_000 })).rejects.toThrow('port is 70000');
  });

  it('mounted elsewhere, it serves whom the application knows to be of this machine, or trusts', async () => {
    const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const request = () =>
      new Request('http://localhost/execute', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"code":"return 1"}',
      });
    const server = createServer({ runtime });
    expect((await server.fetch(request())).status).toBe(403);
    expect((await server.fetch(request(), { remoteAddress: '10.0.0.1' })).status).toBe(403);
    expect((await server.fetch(request(), { remoteAddress: '::1' })).status).toBe(200);
    const trusting = createServer({ runtime, trustCaller: true, basePath: '/nexus' });
    expect((await trusting.fetch(request())).status).toBe(404);
    const mounted = new Request('http://shop.example/nexus/execute', request());
    expect(await (await trusting.fetch(mounted)).json()).toMatchObject({ returnValue: 1 });
    const large = new Request('http://shop.example/nexus/execute', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: ' '.repeat(2 ** 21),
    });
    expect((await trusting.fetch(large)).status).toBe(413);
    await runtime.shutdown();
  });
});

describe('closing a server', () => {
  it('lets requests end, refuses further ones, and then closes connections', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    const slow = serving.post('/execute', { code: 'for (;;);', options: { timeoutMs: 500 } }, acme);
    let stats = await serving.get('/stats', OPERATOR);
    while (stats.body.server.inFlight < 2) stats = await serving.get('/stats', OPERATOR);
    const closed = serving.server.close();
    const ready = await serving.server.fetch(new Request('http://localhost/readyz'));
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'draining' }]);
    expect(await slow).toMatchObject({ status: 200, body: { error: { code: 'TIMEOUT' } } });
    await closed;
    await expect(fetch(`${serving.url}/healthz`)).rejects.toThrow();
  });
});

describe('options of a server', () => {
  it.each([
    [{ tokens: [{ name: 'a' }] }, 'tokens[0]'],
    [{ tokens: [{ name: 'a', token: 'short' }] }, 'tokens[0].token'],
    [{ tokens: [{ name: 'a', sha256: 'x' }] }, 'tokens[0].sha256'],
    [{ tokens: [{ name: 'a b', token: 'a-0123456789abcdef' }] }, 'tokens[0].name'],
    [{ tokens: [{ name: 'a', token: 'a-0123456789abcdef', scopes: ['all'] }] }, 'tokens[0].scopes'],
    [{ tokens: [{ name: 'a', token: 'a-0123456789abcdef', tenants: 'x' }] }, 'tokens[0].tenant'],
    [{ tokns: [] }, 'tokns'],
    [{ maxBodyBytes: 0 }, 'maxBodyBytes'],
    [{ basePath: 'nexus/' }, 'basePath'],
    [{ runtime: {} }, 'runtime'],
  ])('%j is refused, and its tokens are not told', (options, name) => {
    const runtime = { executeHandler: () => {} };
    expect(() => createServer({ runtime, ...options } as never)).toThrow(name);
    try {
      createServer({ runtime, ...options } as never);
    } catch (error) {
      expect((error as Error).message).not.toContain('0123456789');
    }
  });
});
