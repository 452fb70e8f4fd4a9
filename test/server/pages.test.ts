import { describe, expect, it } from 'vitest';

import { readEvents, Serving, TOKENS } from './support/serving.js';

const OPERATOR = 'operator-0123456789abcdef';
const ACME = 'acme-0123456789abcdef';
const OTHER = 'other-0123456789abcdef';
const METRICS = 'prometheus-0123456789abcdef';

describe('the pages', () => {
  it('and all that they load come with a policy under which no text becomes a script', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    const page = await serving.get('/ui/status');
    const assets = [...page.text.matchAll(/(?:src|href)="(assets\/[^"]+)"/g)].map(([, path]) => `/ui/${path}`);
    expect(assets.length).toBeGreaterThan(2);
    for (const path of ['/ui/status', '/ui/runs', ...assets]) {
      const { status, headers } = await serving.get(path);
      expect(status, path).toBe(200);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("style-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('have no script or style in their text, and name nothing of another server', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    for (const path of ['/ui/status', '/ui/runs']) {
      const { text } = await serving.get(path);
      expect(text).not.toMatch(/<script(?![^>]* src="assets\/)/);
      expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|https?:/);
    }
  });

  it('are compressed for those who take it, and kept by their names', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    const page = await serving.get('/ui/status', undefined, { 'accept-encoding': 'gzip' });
    expect(page.headers.get('content-encoding')).toBe('gzip');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const [, path] = /"(assets\/status-[^"]+\.js)"/.exec(page.text) ?? [];
    const plain = await serving.get(`/ui/${path}`, undefined, { 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.headers.get('cache-control')).toContain('immutable');
    expect(plain.text).toBe((await serving.get(`/ui/${path}`, undefined, { 'accept-encoding': 'gzip' })).text);
  });

  it('lead to the first of them, under the path where the server is mounted', async () => {
    await using serving = await Serving.start({ tokens: TOKENS, basePath: '/nexus' });
    for (const path of ['/nexus/', '/nexus/ui', '/nexus/ui/']) {
      const response = await fetch(`${serving.url}${path}`, { redirect: 'manual' });
      expect(response.status).toBe(302);
      expect(response.headers.get('location')).toBe('/nexus/ui/status');
    }
    expect((await serving.get('/nexus/ui/status')).status).toBe(200);
  });

  it('are no way to other files', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    const paths = [
      '/ui/nothing',
      '/ui/assets/..%2f..%2fserver.js',
      '/ui/assets/%2e%2e/status.html',
      '/ui/assets/',
      '/ui/..%2fserver',
    ];
    for (const path of paths) expect((await serving.get(path)).status, path).toBe(404);
    expect((await serving.get('/ui/nothing')).body.detail).toContain('/ui/status');
  });

  it('are not there if they are turned off', async () => {
    await using serving = await Serving.start({ tokens: TOKENS, pages: false });
    for (const path of ['/ui/status', '/ui/session', '/ui/status/events', '/']) {
      expect((await serving.get(path, OPERATOR)).status, path).toBe(404);
    }
  });

  it('say who asks, to nobody else', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    expect((await serving.get('/ui/session')).status).toBe(401);
    expect((await serving.get('/ui/session', 'wrong-0123456789abcdef')).status).toBe(401);
    const { body } = await serving.get('/ui/session', ACME);
    expect(body).toMatchObject({ name: 'acme', tenant: 'acme', scopes: ['execute'] });
    expect((await serving.get('/ui/session', METRICS)).body.scopes).toEqual(['metrics']);
    const operator = (await serving.get('/ui/session', OPERATOR)).body;
    expect(operator.tenant).toBeUndefined();
    expect(operator.pages).toEqual(expect.arrayContaining(['status', 'runs']));
  });

  it('of another program of this machine can do nothing where there are no tokens', async () => {
    await using serving = await Serving.start({});
    // Node's own fetch says of itself what it is.
    const statusOf = async (line: string, ...headers: readonly string[]) => {
      const text = ['Host: localhost:80', ...headers, 'Connection: close', '', ''].join('\r\n');
      return (await serving.raw(`${line} HTTP/1.1\r\n${text}`)).slice(9, 12);
    };
    const retry = 'POST /runs/r1/retry';
    expect(await statusOf(retry, 'Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: no-cors')).toBe('403');
    expect(await statusOf(retry, 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: cors')).toBe('403');
    // A form of another page is a navigation, and says where it comes from.
    const form = ['Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: navigate', 'Origin: http://localhost:3000'];
    expect(await statusOf(retry, ...form)).toBe('403');
    expect(await statusOf(retry, 'Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: cors')).toBe('404');
    expect(await statusOf(retry)).toBe('404');
    // A link leads here.
    const link = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'];
    expect(await statusOf('GET /healthz', ...link)).toBe('200');
  });
});

describe('GET /ui/status/events', () => {
  it('is for admins', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    expect((await serving.get('/ui/status/events')).status).toBe(401);
    expect((await serving.get('/ui/status/events', ACME)).status).toBe(403);
    expect((await serving.get('/ui/status/events', METRICS)).status).toBe(403);
  });

  it('tells what was executed, who had which error, and what each tenant used', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    const execute = (code: string, token: string) =>
      serving.post('/execute', { code, context: { handlerName: '<i>h</i>' } }, token);
    await execute('return 1', ACME);
    await execute('const user = undefined;\nreturn user.name', OTHER);
    await execute('const user = undefined;\nreturn user.name', OTHER);
    const response = await fetch(`${serving.url}/ui/status/events`, {
      headers: { authorization: `Bearer ${OPERATOR}` },
    });
    const events = await readEvents(response, 5);
    const named = (name: string) => events.filter(({ event }) => event === name).map(({ data }) => data);
    const [hello] = named('hello');
    expect(hello.boundsUs.length).toBeGreaterThan(5);
    expect(named('now')[0]).toMatchObject({ executions: 3, errors: { EXECUTION_ERROR: 2 } });
    const [{ errors }] = named('errors');
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      code: 'EXECUTION_ERROR',
      count: 2,
      handler: '<i>h</i>',
      tenant: 'other',
      line: 2,
    });
    expect(errors[0].snippet).toContain('return user.name');
    const [{ tenants, total }] = named('tenants');
    expect(total).toBe(2);
    expect(tenants.map(({ tenant }: { tenant: string }) => tenant).sort()).toEqual(['acme', 'other']);
  });

  it('ends when the server shuts down', async () => {
    const serving = await Serving.start({ tokens: TOKENS });
    const response = await fetch(`${serving.url}/ui/status/events`, {
      headers: { authorization: `Bearer ${OPERATOR}` },
    });
    const reading = readEvents(response);
    await serving[Symbol.asyncDispose]();
    expect((await reading).length).toBeGreaterThan(0);
  });
});

describe('runs for pages', () => {
  const CODE =
    'console.log("begun"); const price = await $ext.shop.price($args); $state.price = price; return await $ext.people.ask(price)';
  const start = {
    code: CODE,
    context: {
      args: 7,
      capabilities: ['ext:*', 'state:write:*'],
    },
  };

  it('have a history with segments, calls, effects and logs, which only their tenant sees', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    await using _worker = await serving.runtime.work({ extensions: { shop: { price: async (id: number) => id * 2 } } });
    await serving.post('/runs', { ...start, options: { runId: 'r1' } }, ACME);
    await expect
      .poll(async () => (await serving.get('/runs/r1', ACME)).body.calls[0]?.extensionName, { timeout: 20_000 })
      .toBe('people');
    await serving.post('/runs/r1/calls/c2', { success: true, value: 'yes' }, ACME);
    expect((await serving.get('/runs/r1/result', ACME)).body.returnValue).toBe('yes');
    const { body } = await serving.get('/runs/r1/history', ACME);
    expect(body.omitted).toBe(0);
    expect(body.entries.map(({ kind }: { kind: string }) => kind)).toEqual([
      'segment',
      'call',
      'segment',
      'answer',
      'segment',
    ]);
    const [first, call, second, answer, last] = body.entries;
    expect(first).toMatchObject({
      step: 1,
      status: 'suspended',
      logs: [{ level: 'info', message: 'begun' }],
      waitsFor: ['$ext.shop.price'],
    });
    expect(call).toMatchObject({ name: '$ext.shop.price', args: '[7]', answer: '14', outcome: 'success', retries: 0 });
    expect(second).toMatchObject({ status: 'suspended', mutations: 1, waitsFor: ['$ext.people.ask'] });
    expect(JSON.parse(second.effects).stateMutations).toEqual([{ operation: 'set', key: 'price', value: 14 }]);
    expect(answer).toMatchObject({ name: 'c2', value: '"yes"' });
    expect(last.status).toBe('success');
    expect((await serving.get('/runs/r1/history', OTHER)).status).toBe(404);
    expect((await serving.get('/runs/r1/history', OPERATOR)).status).toBe(200);
    expect((await serving.get('/runs/r1/history', METRICS)).status).toBe(403);
    expect((await serving.get('/runs/none/history', ACME)).status).toBe(404);
  });

  it('are listed page by page, each once', async () => {
    await using serving = await Serving.start({ tokens: TOKENS });
    const ids = Array.from({ length: 23 }, (_, index) => `run-${index}`);
    for (const runId of ids) await serving.post('/runs', { ...start, options: { runId } }, ACME);
    const found: string[] = [];
    let after = '';
    for (;;) {
      const { body } = await serving.get(`/runs?limit=5${after}`, ACME);
      found.push(...body.runs.map(({ runId }: { runId: string }) => runId));
      expect(body.next === undefined).toBe(!body.isCut);
      if (!body.isCut) break;
      after = `&after=${body.next}`;
    }
    expect(found.toSorted()).toEqual(ids.toSorted());
    expect((await serving.get('/runs?after=..%2f', ACME)).status).toBe(422);
  });
});
