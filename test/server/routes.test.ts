import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime } from 'nexus-runtime';
import { buildHandlers } from 'nexus-runtime/build';
import { createServer } from 'nexus-runtime/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Serving, TOKENS } from './support/serving.js';

const [acme, other, operator, prometheus, gateway, small] = TOKENS.map(({ token }) => token) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
let directory: string;
let serving: Serving;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-server-'));
  await writeFile(join(directory, 'double.js'), 'return $args.n * 2');
  await writeFile(join(directory, 'price.js'), 'return await $ext.shop.price($args)');
  await buildHandlers({ include: '*.js', root: directory, outDir: 'out', lock: false });
  const options = { suspensionDir: join(directory, 'store'), cacheSecret: 'a secret of sixteen bytes' };
  await rm(join(directory, 'out'), { recursive: true });
  await buildHandlers({
    include: '*.js',
    root: directory,
    outDir: 'out',
    lock: false,
    cacheSecret: options.cacheSecret,
  });
  const runtime = await createRuntime({ cacheDir: false, maxInstances: 1, ...options });
  const handlers = await runtime.load(join(directory, 'out/manifest.json'));
  const server = createServer({
    runtime,
    handlers,
    extensions: { shop: { price: (id: unknown) => ({ id, price: 9 }) } },
    tokens: TOKENS,
    artifacts: true,
  });
  serving = Object.assign(Object.create(Serving.prototype), {
    runtime,
    server,
    listening: await server.listen({ port: 0 }),
  }) as Serving;
});

afterAll(async () => {
  await serving[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe('POST /execute', () => {
  it('executes a handler for the tenant of the token', async () => {
    const body = {
      code: '$state.n++; $emit("x", $args.by); return $state.n',
      context: {
        stateSnapshot: { n: 1 },
        args: { by: 2 },
        capabilities: ['state:read:*', 'state:write:*', 'events:emit:*'],
      },
    };
    const { status, body: result, headers } = await serving.post('/execute', body, acme);
    expect(status).toBe(200);
    expect(result).toMatchObject({
      status: 'success',
      returnValue: 2,
      stateMutations: [{ key: 'n', value: 2 }],
      events: [{ name: 'x', payload: 2 }],
    });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect((await serving.get('/usage', acme)).body).toMatchObject({ tenant: 'acme' });
  });

  it('what a handler does wrong is a result', async () => {
    expect(await serving.post('/execute', { code: 'null.x' }, acme)).toMatchObject({
      status: 200,
      body: { status: 'error', error: { code: 'EXECUTION_ERROR', location: { line: 1 } } },
    });
    expect(await serving.post('/execute', { code: 'return (' }, acme)).toMatchObject({
      status: 200,
      body: { error: { code: 'COMPILATION_ERROR' } },
    });
    expect(await serving.post('/execute', { code: 'for (;;);', options: { timeoutMs: 50 } }, acme)).toMatchObject({
      status: 200,
      body: { error: { code: 'TIMEOUT' } },
    });
  });

  it('executes an artifact of its own, and refuses one that others made', async () => {
    const { body } = await serving.post('/precompile', { code: 'return $args + 1' }, acme);
    expect(body).toMatchObject({ capabilities: [], sizes: { sourceBytes: 16 } });
    expect(await serving.post('/execute', { artifact: body.artifact, context: { args: 1 } }, other)).toMatchObject({
      status: 200,
      body: { returnValue: 2 },
    });
    const foreign = await createRuntime({ cacheDir: false, maxInstances: 1 });
    const artifact = Buffer.from(await foreign.precompileHandler('return 1')).toString('base64');
    await foreign.shutdown();
    expect(await serving.post('/execute', { artifact }, acme)).toMatchObject({
      status: 422,
      body: { code: 'INVALID_ARTIFACT' },
    });
  });

  it('a suspended handler goes on for its tenant and for nobody else', async () => {
    const { body } = await serving.post(
      '/execute',
      { code: 'return await $ext.a.b(1)', context: { capabilities: ['ext:a'] } },
      acme,
    );
    expect(body).toMatchObject({
      status: 'suspended',
      suspension: { calls: [{ extensionName: 'a', method: 'b', args: [1] }] },
    });
    const path = `/suspensions/${body.suspension.suspensionId}`;
    expect(await serving.post(`${path}/resume`, { answer: { success: true, value: 5 } }, other)).toMatchObject({
      status: 404,
      body: { code: 'SUSPENSION_NOT_FOUND' },
    });
    expect(await serving.send('DELETE', path, other)).toMatchObject({ status: 404 });
    expect(await serving.post(`${path}/resume`, { answer: { success: true, value: 5 } }, acme)).toMatchObject({
      status: 200,
      body: { status: 'success', returnValue: 5 },
    });
    expect(
      await serving.post(`${path}/resume`, { answers: [{ callId: 'c9', success: true, value: 5 }] }, acme),
    ).toMatchObject({ status: 409, body: { code: 'SUSPENSION_SETTLED' } });
  });

  it.each<[title: string, body: unknown, status: number, code: string, field: string]>([
    ['no code', {}, 422, 'INVALID_ARGUMENT', 'code'],
    ['code that is no text', { code: 1 }, 422, 'INVALID_ARGUMENT', 'code'],
    ['an unknown field', { code: '', contxt: {} }, 422, 'INVALID_ARGUMENT', 'contxt'],
    ['an unknown option', { code: '', options: { timeout: 1 } }, 422, 'INVALID_ARGUMENT', 'options.timeout'],
    ['a wrong option', { code: 'return 1', options: { timeoutMs: -1 } }, 422, 'INVALID_ARGUMENT', 'options.timeoutMs'],
    [
      'a wrong limit',
      { code: '', options: { limits: { maxEvents: -1 } } },
      422,
      'INVALID_ARGUMENT',
      'options.limits.maxEvents',
    ],
    [
      'an unknown limit',
      { code: '', options: { limits: { maxEvent: 1 } } },
      422,
      'INVALID_ARGUMENT',
      'options.limits.maxEvent',
    ],
    ...[
      'deadlineMs',
      'queueTimeoutMs',
      'seed',
      'now',
      'locale',
      'timeZone',
      'unawaited',
      'onLogOverflow',
      'entry',
      'wrap',
    ].map(
      (name) =>
        [
          `a wrong ${name}`,
          { code: 'return 1', options: { [name]: false } },
          422,
          'INVALID_ARGUMENT',
          `options.${name}`,
        ] as [string, unknown, number, string, string],
    ),
    ...['stateSnapshot', 'handlerName', 'panelId'].map(
      (name) =>
        [
          `a wrong ${name}`,
          { code: 'return 1', context: { [name]: 1 } },
          422,
          'INVALID_ARGUMENT',
          `context.${name}`,
        ] as [string, unknown, number, string, string],
    ),
    [
      'an option that is not for requests',
      { code: 'return 1', options: { signal: {} } },
      422,
      'INVALID_ARGUMENT',
      'options.signal',
    ],
    ['another tenant', { code: 'return 1', options: { tenant: 'other' } }, 403, 'FORBIDDEN', 'options.tenant'],
    [
      'a wrong capability',
      { code: 'return 1', context: { capabilities: ['all'] } },
      422,
      'INVALID_ARGUMENT',
      'context.capabilities',
    ],
    ['a list', [], 422, 'INVALID_ARGUMENT', 'body'],
    ['code and artifact', { code: '', artifact: '' }, 422, 'INVALID_ARGUMENT', 'artifact'],
  ])('%s is a problem that names the field', async (_, body, status, code, field) => {
    const answer = await serving.post('/execute', body, acme);
    expect(answer).toMatchObject({ status, body: { type: 'about:blank', status, code } });
    expect(answer.body.field.replace('context.capabilities[0]', 'context.capabilities')).toBe(field);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it('has a deadline, a type and a size of bodies, and says where JSON is wrong', async () => {
    const late = { code: 'for (;;);', options: { deadlineMs: 100 } };
    expect(await serving.post('/execute', late, acme)).toMatchObject({
      status: 504,
      body: { code: 'TIMEOUT', result: { status: 'error' } },
    });
    expect(await serving.post('/execute', '{}', acme, { 'content-type': 'text/plain' })).toMatchObject({ status: 415 });
    expect(await serving.post('/execute', ' '.repeat(1024 * 1024 + 1), acme)).toMatchObject({
      status: 413,
      body: { code: 'BODY_TOO_LARGE' },
    });
    expect(await serving.post('/execute', '{\n "code" 1}', acme)).toMatchObject({
      status: 400,
      body: { code: 'MALFORMED_REQUEST', location: { line: 2, column: 9 } },
    });
    expect(await serving.post('/execute', Buffer.from([0x22, 0xff, 0x22]), acme)).toMatchObject({ status: 400 });
  });
});

describe('JSON that would hold the server', () => {
  it.each([
    ['deep', '['.repeat(100_000) + ']'.repeat(100_000), 413],
    ['deep behind a text with quotes', `{"a":"\\\\\\"[","b":${'['.repeat(1_001)}${']'.repeat(1_001)}}`, 413],
    ['many objects', `[${'{},'.repeat(110_000)}{}]`, 413],
    ['many properties', `{${Array.from({ length: 100_000 }, (_, i) => `"${i}":1`).join()}}`, 413],
    ['brackets in a text', JSON.stringify({ code: `return '${'['.repeat(200_000)}'.length` }), 200],
    [
      'many numbers',
      JSON.stringify({ code: 'return $args.length', context: { args: Array.from({ length: 300_000 }, () => 1) } }),
      200,
    ],
  ])('%s', async (_, body, status) => {
    expect(await serving.post('/execute', body, acme)).toMatchObject({ status });
  });
});

describe('tokens', () => {
  it('nothing but health and the description is served without one', async () => {
    for (const path of ['/stats', '/metrics', '/usage', '/handlers', '/runs', '/runs/a', '/run/a']) {
      const { status, headers } = await serving.get(path);
      expect([path, status, headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer realm="nexus"']);
      expect((await serving.get(path, 'wrong-0123456789abcdef')).status).toBe(401);
    }
    expect(await serving.get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(await serving.get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
    expect((await serving.get('/openapi.json')).body.openapi).toBe('3.1.0');
  });

  it('each scope has its routes, and admin has all', async () => {
    expect((await serving.get('/stats', acme)).status).toBe(403);
    expect((await serving.get('/metrics', acme)).status).toBe(403);
    expect((await serving.post('/execute', { code: 'return 1' }, prometheus)).status).toBe(403);
    expect((await serving.get('/metrics', prometheus)).text).toContain('nexus_handler_executions_total');
    expect((await serving.get('/stats', operator)).body).toMatchObject({
      runtime: { activeInstances: 0 },
      server: { inFlight: 1 },
    });
    expect((await serving.get('/metrics', operator)).status).toBe(200);
  });

  it('limits and capabilities of a token bound those of its requests', async () => {
    const code = '$emit("a"); $emit("b")';
    const context = { capabilities: ['events:emit:*'] };
    expect((await serving.post('/execute', { code, context }, acme)).body.status).toBe('success');
    expect((await serving.post('/execute', { code, context }, small)).body.error).toMatchObject({
      code: 'RESOURCE_LIMIT',
      context: { limit: 'maxEvents' },
    });
    expect(
      await serving.post('/execute', { code, context, options: { limits: { maxEvents: 2 } } }, small),
    ).toMatchObject({ status: 403, body: { field: 'options.limits.maxEvents' } });
    expect(await serving.post('/execute', { code, options: { timeoutMs: 501 } }, small)).toMatchObject({
      status: 403,
      body: { field: 'options.timeoutMs' },
    });
    expect(await serving.post('/execute', { code, context: { capabilities: ['state:read:*'] } }, small)).toMatchObject({
      status: 403,
      body: { field: 'context.capabilities' },
    });
  });

  it("a token of the tenant '*' names one for each request", async () => {
    await serving.post('/execute', { code: 'return 1', options: { tenant: 'shop-1' } }, gateway);
    expect((await serving.get('/usage?tenant=shop-1', operator)).body).toMatchObject({ tenant: 'shop-1' });
  });

  it('many wrong tokens of one address are refused without looking', async () => {
    await using own = await Serving.start({ tokens: [{ name: 'a', token: 'a-0123456789abcdef' }] });
    const statuses = [];
    for (let i = 0; i < 22; i++) statuses.push((await own.get('/stats', `guess-${i}`)).status);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(statuses.slice(20)).toEqual([429, 429]);
    // Who has the right one is served.
    expect((await own.post('/execute', { code: 'return 1' }, 'a-0123456789abcdef')).status).toBe(200);
  });
});

describe('handlers by name', () => {
  it('lists and runs them, with the extensions of the server', async () => {
    expect((await serving.get('/handlers', acme)).body.handlers).toMatchObject([
      { name: 'double' },
      { name: 'price', capabilities: ['ext:shop.price'] },
    ]);
    expect(await serving.post('/handlers/double', { context: { args: { n: 4 } } }, acme)).toMatchObject({
      status: 200,
      body: { returnValue: 8 },
    });
    const context = { args: 1, capabilities: ['ext:shop.price'] };
    expect(await serving.post('/handlers/price', { context }, acme)).toMatchObject({
      status: 200,
      body: { returnValue: { id: 1, price: 9 } },
    });
    expect(await serving.post('/handlers/nothing/here', {}, acme)).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND' },
    });
    expect(await serving.post('/handlers/double', { code: 'return 1' }, acme)).toMatchObject({
      status: 422,
      body: { field: 'code' },
    });
  });
});

describe('durable runs', () => {
  it('start, are listed, answered and cancelled by their tenant and by nobody else', async () => {
    const worker = await serving.runtime.work();
    const body = {
      code: 'return await $ext.people.approve($args)',
      context: { args: 'x', capabilities: ['ext:people'] },
      options: { runId: 'order-1' },
    };
    expect(await serving.post('/runs', body, acme)).toMatchObject({ status: 201, body: { runId: 'order-1' } });
    expect((await serving.post('/runs', body, acme)).status).toBe(201);
    expect(await serving.post('/runs', body, other)).toMatchObject({ status: 409, body: { code: 'RUN_EXISTS' } });
    expect(await serving.post('/runs', { ...body, code: 'return 1' }, acme)).toMatchObject({
      status: 409,
      body: { code: 'RUN_EXISTS' },
    });
    let shown = await serving.get('/runs/order-1', acme);
    while (shown.body.calls.length === 0) shown = await serving.get('/runs/order-1', acme);
    expect(shown.body).toMatchObject({
      state: 'waiting',
      tenant: 'acme',
      calls: [{ callId: 'c1', method: 'approve' }],
    });
    expect((await serving.get('/runs', acme)).body).toMatchObject({ runs: [{ runId: 'order-1' }], isCut: false });
    expect((await serving.get('/runs', other)).body).toEqual({ runs: [], isCut: false });
    expect(await serving.get('/runs?tenant=acme', other)).toMatchObject({ status: 403 });
    expect(await serving.get('/runs?stat=waiting', acme)).toMatchObject({ status: 422, body: { field: 'stat' } });
    for (const [method, path] of [
      ['GET', '/runs/order-1'],
      ['GET', '/runs/order-1/result'],
      ['DELETE', '/runs/order-1'],
    ] as const) {
      expect(await serving.send(method, path, other)).toMatchObject({
        status: 404,
        body: { code: 'SUSPENSION_NOT_FOUND' },
      });
    }
    const answer = { success: true, value: 'yes' };
    expect((await serving.post('/runs/order-1/calls/c1', answer, other)).status).toBe(404);
    expect((await serving.post('/runs/order-1/calls/c7', answer, acme)).status).toBe(404);
    expect(await serving.get('/runs/order-1/result?timeoutMs=1', acme)).toMatchObject({ status: 504 });
    expect((await serving.post('/runs/order-1/calls/c1', answer, acme)).body).toEqual({ outcome: 'accepted' });
    expect((await serving.get('/runs/order-1/result', acme)).body).toMatchObject({
      status: 'success',
      returnValue: 'yes',
    });
    expect((await serving.post('/runs/order-1/calls/c1', answer, acme)).status).toBe(409);
    expect((await serving.send('DELETE', '/runs/order-1', acme)).body).toEqual({ cancelled: false });
    await worker.close();
  });
});

describe('signals and retries of durable runs', () => {
  it('are accepted from the tenant of the run, once for each id, until it has ended', async () => {
    const worker = await serving.runtime.work();
    const code = 'const paid = await $signal("paid"); return [paid, await $signal("sent")]';
    expect(
      (
        await serving.post(
          '/runs',
          { code, context: { capabilities: ['signal:*'] }, options: { runId: 'signalled' } },
          acme,
        )
      ).status,
    ).toBe(201);
    const paid = { name: 'paid', payload: { amount: 12 }, id: 'p1' };
    const path = '/runs/signalled/signals';
    expect(await serving.post(path, paid, other)).toMatchObject({
      status: 404,
      body: { code: 'SUSPENSION_NOT_FOUND' },
    });
    expect((await serving.post(path, paid, acme)).body).toEqual({ outcome: 'accepted' });
    expect((await serving.post(path, paid, acme)).body).toEqual({ outcome: 'duplicate' });
    for (const [body, field] of [
      [{}, 'name'],
      [{ name: 7 }, 'name'],
      [{ name: 'x'.repeat(101) }, undefined],
      [{ name: 'paid', id: 7 }, 'id'],
      [{ name: 'paid', payloads: 1 }, 'payloads'],
    ] as const) {
      const { status, body: problem } = await serving.post(path, body, acme);
      expect([body, status]).toEqual([body, 422]);
      if (field !== undefined) expect(problem.field).toBe(field);
    }
    expect((await serving.post(path, { name: 'sent' }, acme)).body).toEqual({ outcome: 'accepted' });
    expect((await serving.get('/runs/signalled/result', acme)).body).toMatchObject({
      status: 'success',
      returnValue: [{ amount: 12 }, undefined].map((value) => value ?? null),
    });
    expect(await serving.post(path, { name: 'late' }, acme)).toMatchObject({
      status: 409,
      body: { code: 'SUSPENSION_SETTLED' },
    });
    expect((await serving.post('/runs/nobody/signals', paid, acme)).status).toBe(404);
    await worker.close();
  });

  it('a run that failed is tried again, and no other is', async () => {
    const worker = await serving.runtime.work();
    const context = { capabilities: ['signal:*'] };
    for (const [runId, code] of Object.entries({
      fails: 'throw new Error("not today")',
      waits: 'await $signal("go")',
      ends: 'return 1',
    }))
      expect((await serving.post('/runs', { code, context, options: { runId } }, acme)).status).toBe(201);
    const failure = { status: 'error', error: { message: 'Error: not today' } };
    expect((await serving.get('/runs/fails/result', acme)).body).toMatchObject(failure);
    expect((await serving.get('/runs/ends/result', acme)).body).toMatchObject({ returnValue: 1 });
    expect((await serving.post('/runs/fails/retry', {}, other)).status).toBe(404);
    expect((await serving.post('/runs/fails/retry', {}, acme)).body).toEqual({ outcome: 'accepted' });
    expect((await serving.get('/runs/fails/result', acme)).body).toMatchObject(failure);
    expect(await serving.post('/runs/waits/retry', {}, acme)).toMatchObject({
      status: 409,
      body: { code: 'SUSPENSION_BUSY' },
    });
    expect(await serving.post('/runs/ends/retry', {}, acme)).toMatchObject({
      status: 409,
      body: { code: 'SUSPENSION_SETTLED' },
    });
    await worker.close();
  });
});

describe('what is not there', () => {
  it('is 404, and another method 405', async () => {
    expect(await serving.get('/nothing', acme)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const wrong = await serving.get('/execute', acme);
    expect(wrong).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(wrong.headers.get('allow')).toBe('POST');
    expect(
      (await serving.send('OPTIONS', '/execute', undefined, { origin: 'https://example.com' })).headers.get(
        'access-control-allow-origin',
      ),
    ).toBeNull();
  });
});
