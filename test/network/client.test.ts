import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NetworkOptions } from '#src/api/network/network.js';
import type { NetworkRequest } from '#src/api/network/network-request.js';
import { Grants } from '#src/capabilities/grants.js';
import { resolveNetwork } from '#src/config/resolve-network.js';
import { isAllowedAddress } from '#src/network/addresses.js';
import { makeRequest, type NetworkAnswer } from '#src/network/client.js';
import { bytesWithoutSecrets } from '#src/network/secrets.js';
import { MAX_RESPONSE_BYTES, MISBEHAVIOURS, serveMisbehaviours, TIMEOUT_MS } from './misbehaving.js';

const closing: (() => void)[] = [];
afterAll(() => {
  for (const close of closing) close();
});

const PUBLIC = '93.184.215.14';
/** Names that a resolver of the test knows. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  'meta.test': ['169.254.169.254'],
  'private.test': ['10.1.2.3'],
  'mixed.test': [PUBLIC, '192.168.0.1'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'nat64.test': ['64:ff9b::7f00:1'],
  'loop.test': ['127.0.0.1'],
  'none.test': [],
};
let lookups: string[] = [];
const lookup = async (name: string) => {
  lookups.push(name);
  const found = NAMES[name];
  if (found === undefined) throw Object.assign(new Error(`secret-in-error ${name}`), { code: 'ENOTFOUND' });
  return found.map((address) => ({ address, family: address.includes(':') ? (6 as const) : (4 as const) }));
};

interface Asked extends Partial<Omit<NetworkRequest, 'url'>> {
  readonly capabilities?: readonly string[];
  readonly signal?: AbortSignal;
}

interface Outcome {
  readonly answer?: NetworkAnswer;
  readonly error?: Error & { readonly code?: string };
}

async function ask(url: string, options: Partial<NetworkOptions>, asked: Asked = {}) {
  const { capabilities = ['net:*'], signal = new AbortController().signal, ...request } = asked;
  const denied: string[] = [];
  const config = resolveNetwork({ allow: ['127.0.0.1:*'], timeoutMs: 5_000, lookup, ...options });
  const made = {
    grants: Grants.parse(capabilities),
    signal,
    onDenied: (capability: string) => denied.push(capability),
    maxResponseBytes: 1024 * 1024,
  };
  const whole: NetworkRequest = { method: 'GET', url, headers: [], redirect: 'follow', ...request };
  const outcome: Outcome = await makeRequest(whole, config, made).then(
    (answer) => ({ answer }),
    (error: Error & { code?: string }) => ({ error }),
  );
  return { ...outcome, denied };
}

function resultOf(outcome: Outcome): string {
  if (outcome.error !== undefined) return String(outcome.error.code);
  const { status, body } = outcome.answer as NetworkAnswer;
  return `${status} ${Buffer.from(body).toString()}`;
}

describe('a server that', () => {
  let port = 0;
  beforeAll(async () => {
    const served = await serveMisbehaviours();
    port = served.port;
    closing.push(() => served.server.close());
  });

  it.concurrent.each(
    Object.entries(MISBEHAVIOURS).map(([name, [, expected]]) => [name, expected] as const),
  )('%s: %s', async (name, expected) => {
    const bounds = { allowPrivate: true, timeoutMs: TIMEOUT_MS, maxResponseBytes: MAX_RESPONSE_BYTES };
    const allow = ['127.0.0.1:*', '169.254.169.254', 'meta.test'];
    const isSlow = expected !== 'TIMEOUT';
    const outcome = await ask(`http://127.0.0.1:${port}/${encodeURIComponent(name)}`, {
      ...bounds,
      allow,
      ...(isSlow && { timeoutMs: 20_000 }),
    });
    expect(resultOf(outcome)).toBe(expected);
  });

  it('is not there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port: closed } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(resultOf(await ask(`http://127.0.0.1:${closed}/`, { allowPrivate: true }))).toBe('CONNECTION_FAILED');
  });

  it('speaks no TLS', async () => {
    const outcome = await ask(`https://127.0.0.1:${port}/closes%20at%20once`, { allowPrivate: true });
    expect(['TLS_FAILED', 'CONNECTION_FAILED', 'TIMEOUT']).toContain(resultOf(outcome));
  });

  it('is left when the handler aborts', async () => {
    const controller = new AbortController();
    const asking = ask(
      `http://127.0.0.1:${port}/never%20answers`,
      { allowPrivate: true },
      { signal: controller.signal },
    );
    const reason = Object.assign(new Error('enough'), { code: 'MINE' });
    controller.abort(reason);
    expect((await asking).error).toBe(reason);
  });
});

describe('names', () => {
  it.each<[string, Partial<NetworkOptions>, string]>([
    ['meta.test', {}, 'ADDRESS_NOT_ALLOWED'],
    ['meta.test', { allowPrivate: true }, 'ADDRESS_NOT_ALLOWED'],
    ['private.test', {}, 'ADDRESS_NOT_ALLOWED'],
    ['mixed.test', {}, 'ADDRESS_NOT_ALLOWED'],
    ['mapped.test', {}, 'ADDRESS_NOT_ALLOWED'],
    ['nat64.test', { allowPrivate: true }, 'ADDRESS_NOT_ALLOWED'],
    ['loop.test', {}, 'ADDRESS_NOT_ALLOWED'],
    ['none.test', {}, 'NAME_NOT_RESOLVED'],
    ['gone.test', {}, 'NAME_NOT_RESOLVED'],
    ['x.test', { lookup: async () => [{ address: 'x', family: 4 }] }, 'NAME_NOT_RESOLVED'],
    ['x.test', { lookup: (() => Promise.resolve('x')) as never }, 'NAME_NOT_RESOLVED'],
    ['x.test', { lookup: () => new Promise(() => {}), timeoutMs: 50 }, 'TIMEOUT'],
  ])('%s with %o: %s', async (name, options, expected) => {
    const outcome = await ask(`http://${name}/`, { allow: [name], ...options });
    expect(resultOf(outcome)).toBe(expected);
    expect(String(outcome.error)).not.toContain('secret-in-error');
  });

  it.each([
    '2130706433',
    '0x7f.1',
    '127.1',
    '0177.0.0.1',
    '[::ffff:127.0.0.1]',
    '[::1]',
    '[::]',
    '0.0.0.0',
    '0',
  ])('an address of the machine in the notation %s is refused', async (host) => {
    const { hostname } = new URL(`http://${host}/`);
    expect(resultOf(await ask(`http://${host}/`, { allow: [hostname] }))).toBe('ADDRESS_NOT_ALLOWED');
  });

  it('are resolved once for a request: the address that was checked is that of the connection', async () => {
    const { port } = await echo();
    let asked = 0;
    const rebinding = async () => {
      asked++;
      // What a second look would find does not answer.
      return [{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 as const }];
    };
    const outcome = await ask(`http://rebinding.test:${port}/`, {
      allow: ['rebinding.test:*'],
      allowPrivate: true,
      lookup: rebinding,
    });
    expect(outcome.answer?.status).toBe(200);
    expect(asked).toBe(1);
    lookups = [];
    const again = await ask(`http://loop.test:${port}/redirect`, { allow: ['loop.test:*'], allowPrivate: true });
    expect(again.answer).toMatchObject({ status: 200, redirected: true });
    expect(lookups).toEqual(['loop.test', 'loop.test']);
  });

  it.each<[address: string, isPublic: boolean, isPrivate: boolean]>([
    ['93.184.215.14', true, true],
    ['8.8.8.8', true, true],
    ['2606:4700::1111', true, true],
    ['10.0.0.1', false, true],
    ['172.16.0.1', false, true],
    ['172.32.0.1', true, true],
    ['192.168.1.1', false, true],
    ['127.0.0.1', false, true],
    ['100.64.0.1', false, true],
    ['169.254.169.254', false, false],
    ['0.0.0.0', false, false],
    ['0.1.2.3', false, false],
    ['224.0.0.1', false, false],
    ['255.255.255.255', false, false],
    ['240.0.0.1', false, false],
    ['192.0.2.1', false, false],
    ['198.18.0.1', false, false],
    ['::1', false, true],
    ['::', false, false],
    ['fd00::1', false, true],
    ['fd00:ec2::254', false, false],
    ['100.100.100.200', false, false],
    ['::ffff:168.63.129.16', false, false],
    ['168.63.129.16', false, false],
    ['fe80::1', false, false],
    ['fec0::1', false, false],
    ['ff02::1', false, false],
    ['::ffff:10.0.0.1', false, true],
    ['::ffff:8.8.8.8', true, true],
    ['::ffff:169.254.169.254', false, false],
    ['::127.0.0.1', false, true],
    ['::7f00:1', false, false],
    ['64:ff9b::a00:1', false, false],
    ['64:ff9b:1::1', false, false],
    ['2002:7f00:1::', false, false],
    ['2001::1', false, false],
    ['2001:db8::1', false, false],
    ['100::1', false, false],
    ['not an address', false, false],
    ['fe80::1%eth0', false, false],
  ])('%s is public: %s, of a private network or public: %s', (address, isPublic, isPrivate) => {
    expect(isAllowedAddress(address, false)).toBe(isPublic);
    expect(isAllowedAddress(address, true)).toBe(isPrivate);
  });
});

describe('what is allowed', () => {
  it.each<[string, string, boolean]>([
    ['api.example.com', 'https://api.example.com/x', true],
    ['api.example.com', 'http://api.example.com/', true],
    ['api.example.com', 'https://API.EXAMPLE.com/', true],
    ['api.example.com', 'https://api.example.com:443/', true],
    ['api.example.com', 'https://api.example.com:8443/', false],
    ['api.example.com', 'https://api.example.com.evil.test/', false],
    ['api.example.com', 'https://xapi.example.com/', false],
    ['api.example.com', 'https://api.example.com@evil.test/', false],
    ['api.example.com:8443', 'https://api.example.com:8443/', true],
    ['api.example.com:8443', 'https://api.example.com/', false],
    ['api.example.com:443', 'https://api.example.com/', true],
    ['api.example.com:*', 'http://api.example.com:1/', true],
    ['*.example.org', 'https://a.example.org/', true],
    ['*.example.org', 'https://a.b.example.org/', true],
    ['*.example.org', 'https://example.org/', false],
    ['*.example.org', 'https://evilexample.org/', false],
    ['*.example.org:8443', 'https://a.example.org:8443/', true],
    ['bücher.example', 'https://xn--bcher-kva.example/', true],
    ['[2606:4700::1111]', 'https://[2606:4700::1111]/', true],
    ['[2606:4700::1111]:81', 'http://[2606:4700:0::1111]:81/', true],
  ])('%s and %s: %s', async (entry, url, isAllowed) => {
    const fetch = async () => new Response('fine');
    const outcome = await ask(url, { allow: [entry], fetch });
    expect(resultOf(outcome)).toBe(isAllowed ? '200 fine' : 'PERMISSION_DENIED');
    expect(outcome.denied).toHaveLength(isAllowed ? 0 : 1);
  });

  it.each([
    [['a/b']],
    [['http://a']],
    [['*']],
    [['a.*.b']],
    [['']],
    [['a:99999']],
    [[7]],
    ['a'],
    [undefined],
    [['u@a']],
  ])('%j is no list of hosts', (allow) => {
    expect(() => resolveNetwork({ allow })).toThrow(/network\.allow/);
  });

  it('needs a method, and the capability for every host of a redirect', async () => {
    const { port } = await echo();
    const base = `http://127.0.0.1:${port}`;
    const put = await ask(`${base}/`, { allowPrivate: true, methods: ['GET'] }, { method: 'PUT' });
    expect(put.error).toMatchObject({
      code: 'PERMISSION_DENIED',
      option: 'network.methods',
      capability: `net:PUT:127.0.0.1:${port}`,
    });
    const there = await ask(
      `${base}/redirect?to=${encodeURIComponent(`http://loop.test:${port}/`)}`,
      { allowPrivate: true, allow: ['127.0.0.1:*', 'loop.test:*'] },
      { capabilities: [`net:GET:127.0.0.1:${port}`] },
    );
    expect(there.error).toMatchObject({ code: 'PERMISSION_DENIED', option: 'capabilities' });
    expect(there.denied).toEqual([`net:GET:loop.test:${port}`]);
  });

  it('is nothing without the option', async () => {
    const made = {
      grants: Grants.parse(['net:*']),
      signal: new AbortController().signal,
      onDenied: () => {},
      maxResponseBytes: 1,
    };
    const request: NetworkRequest = { method: 'GET', url: 'https://a.b/', headers: [], redirect: 'follow' };
    await expect(makeRequest(request, undefined, made)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      option: 'network.allow',
    });
  });

  it.each([
    'host',
    'Content-Length',
    'transfer-encoding',
    'connection',
    'upgrade',
    'expect',
  ])('the header %s is ours', async (name) => {
    const { port } = await echo();
    const outcome = await ask(`http://127.0.0.1:${port}/`, { allowPrivate: true }, { headers: [[name, '1']] });
    expect(resultOf(outcome)).toBe('INVALID_REQUEST');
  });

  it('a body has a bound', async () => {
    const { port } = await echo();
    const body = new Uint8Array(11);
    const outcome = await ask(
      `http://127.0.0.1:${port}/`,
      { allowPrivate: true, maxRequestBytes: 10 },
      { method: 'POST', body },
    );
    expect(resultOf(outcome)).toBe('REQUEST_TOO_LARGE');
  });
});

/** A server that says what it got; `/redirect?to=` redirects. */
let echoing: Promise<{ readonly port: number; readonly requests: IncomingMessage[] }> | undefined;
function echo() {
  echoing ??= new Promise((resolve) => {
    const requests: IncomingMessage[] = [];
    const server: Server = createServer((request, response) => {
      requests.push(request);
      const { searchParams, pathname } = new URL(`http://x${request.url}`);
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (pathname === '/redirect') {
          const status = Number(searchParams.get('status') ?? 302);
          response.writeHead(status, { location: searchParams.get('to') ?? '/' });
          response.end();
          return;
        }
        const { authorization, 'x-key': key } = request.headers;
        response.writeHead(200, { 'x-echo': authorization ?? 'none', 'content-type': 'application/json' });
        const said = { method: request.method, authorization, key, body: Buffer.concat(chunks).toString() };
        response.end(JSON.stringify(said));
      });
    }).listen(0, '127.0.0.1', () => resolve({ port: (server.address() as AddressInfo).port, requests }));
    closing.push(() => server.close());
  });
  return echoing;
}

const SECRET = 'sk_live_51ABCdef';

describe('a secret', () => {
  const secrets = (port: number, more: object = {}) => ({
    allowPrivate: true,
    allow: ['127.0.0.1:*', 'loop.test:*'],
    secrets: { KEY: { hosts: [`127.0.0.1:${port}`], value: SECRET, ...more } },
  });
  const bearer: NetworkRequest['headers'] = [['authorization', 'Bearer {{secret:KEY}}']];
  const seen = (requests: readonly IncomingMessage[]) => requests.at(-1)?.headers.authorization;

  it('is put into headers for its host, and its placeholder is what comes back', async () => {
    const { port, requests } = await echo();
    const { answer } = await ask(`http://127.0.0.1:${port}/`, secrets(port), { headers: bearer });
    expect(seen(requests)).toBe(`Bearer ${SECRET}`);
    const text = Buffer.from(answer?.body ?? []).toString();
    expect(text).toContain('Bearer {{secret:KEY}}');
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    expect(text).not.toContain(SECRET);
  });

  it('is put into a body where that is allowed', async () => {
    const { port } = await echo();
    const body = Buffer.from('ä key={{secret:KEY}}');
    const post = (more: object) => ask(`http://127.0.0.1:${port}/`, secrets(port, more), { method: 'POST', body });
    expect(resultOf(await post({}))).toBe('SECRET_REFUSED');
    const { answer } = await post({ body: true });
    expect(JSON.parse(Buffer.from(answer?.body ?? []).toString()).body).toBe('ä key={{secret:KEY}}');
  });

  it('can be a function, whose error nobody sees', async () => {
    const { port, requests } = await echo();
    await ask(`http://127.0.0.1:${port}/`, secrets(port, { value: async () => `${SECRET}-2` }), { headers: bearer });
    expect(seen(requests)).toBe(`Bearer ${SECRET}-2`);
    const failing = async () => {
      throw new Error(SECRET);
    };
    const outcome = await ask(`http://127.0.0.1:${port}/`, secrets(port, { value: failing }), { headers: bearer });
    expect(resultOf(outcome)).toBe('SECRET_REFUSED');
    expect(String(outcome.error?.stack)).not.toContain(SECRET);
    const broken = await ask(`http://127.0.0.1:${port}/`, secrets(port, { value: () => 'a\r\nb: c' }), {
      headers: bearer,
    });
    expect(resultOf(broken)).toBe('SECRET_REFUSED');
  });

  it.each<[string, string, NetworkRequest['headers'], object]>([
    ['another host', 'http://loop.test:PORT/', bearer, {}],
    [
      'plain http without allowPrivate',
      'http://93.184.215.14/',
      bearer,
      { allowPrivate: false, allow: ['93.184.215.14'], secrets: { KEY: { hosts: ['93.184.215.14'], value: SECRET } } },
    ],
    ['a name that there is not', 'http://127.0.0.1:PORT/', [['x-key', '{{secret:OTHER}}']], {}],
    ['a URL', 'http://127.0.0.1:PORT/?k={{secret:KEY}}', [], {}],
    ['a URL, encoded', 'http://127.0.0.1:PORT/%7b%7Bsecret:KEY}}', [], {}],
  ])('is refused for %s, and that is audited', async (_, url, headers, options) => {
    const { port, requests } = await echo();
    const before = requests.length;
    const outcome = await ask(url.replace('PORT', String(port)), { ...secrets(port), ...options }, { headers });
    expect(resultOf(outcome)).toBe('SECRET_REFUSED');
    expect(outcome.denied).toHaveLength(1);
    expect(requests).toHaveLength(before);
    expect(String(outcome.error?.stack)).not.toContain(SECRET);
  });

  it.each([301, 302, 303, 307, 308])('stays with its host at a redirect of %i', async (status) => {
    const { port, requests } = await echo();
    const to = (host: string) =>
      `http://127.0.0.1:${port}/redirect?status=${status}&to=${encodeURIComponent(`http://${host}:${port}/`)}`;
    const headers: NetworkRequest['headers'] = [
      ['authorization', 'Bearer mine'],
      ['cookie', 'a=b'],
      ['x-key', '{{secret:KEY}}'],
      ['x-other', 'kept'],
    ];
    await ask(to('loop.test'), secrets(port), { headers });
    expect(requests.at(-1)?.headers).toMatchObject({ host: `loop.test:${port}`, 'x-other': 'kept' });
    expect(Object.keys(requests.at(-1)?.headers ?? {})).not.toEqual(expect.arrayContaining(['authorization']));
    expect(requests.at(-1)?.headers['x-key']).toBeUndefined();
    expect(requests.at(-1)?.headers.cookie).toBeUndefined();
    await ask(to('127.0.0.1'), secrets(port), { headers });
    expect(requests.at(-1)?.headers).toMatchObject({ authorization: 'Bearer mine', 'x-key': SECRET });
  });

  it('does not go to another host in a URL that the server makes of it', async () => {
    const { port } = await echo();
    const url = `http://127.0.0.1:${port}/redirect?to=${encodeURIComponent(`http://loop.test:${port}/?stolen=${SECRET}`)}`;
    const outcome = await ask(url, secrets(port), { headers: bearer });
    expect(resultOf(outcome)).toBe('REDIRECT_REFUSED');
    const posted = await ask(
      `http://127.0.0.1:${port}/redirect?status=307&to=${encodeURIComponent(`http://loop.test:${port}/`)}`,
      secrets(port, { body: true }),
      { method: 'POST', body: Buffer.from('{{secret:KEY}}') },
    );
    expect(resultOf(posted)).toBe('REDIRECT_REFUSED');
  });

  it('is in no error of the options', () => {
    for (const given of [
      { value: SECRET },
      { hosts: ['a'], value: SECRET, extra: 1 },
      { hosts: [SECRET, '/'], value: SECRET },
    ]) {
      try {
        resolveNetwork({ allow: [], secrets: { KEY: given } });
        expect.unreachable();
      } catch (error) {
        expect(String((error as Error).message)).not.toContain(SECRET);
      }
    }
  });
});

describe('a redirect', () => {
  it.each<[number, string, string, string]>([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [307, 'POST', 'POST', 'x'],
    [308, 'PUT', 'PUT', 'x'],
    [301, 'PUT', 'PUT', 'x'],
  ])('of %i makes of %s %s', async (status, method, expected, body) => {
    const { port } = await echo();
    const { answer } = await ask(
      `http://127.0.0.1:${port}/redirect?status=${status}`,
      { allowPrivate: true },
      { method, body: Buffer.from('x') },
    );
    expect(JSON.parse(Buffer.from(answer?.body ?? []).toString())).toMatchObject({ method: expected, body });
    expect(answer).toMatchObject({ redirected: true, url: `http://127.0.0.1:${port}/` });
  });

  it('is an error or a response where the handler wants that', async () => {
    const { port } = await echo();
    const url = `http://127.0.0.1:${port}/redirect`;
    expect(resultOf(await ask(url, { allowPrivate: true }, { redirect: 'error' }))).toBe('REDIRECT_REFUSED');
    const { answer } = await ask(url, { allowPrivate: true }, { redirect: 'manual' });
    expect(answer).toMatchObject({ status: 302, redirected: false });
    expect(answer?.headers).toContainEqual(['location', '/']);
    expect(resultOf(await ask(url, { allowPrivate: true, redirects: 0 }))).toBe('REDIRECT_REFUSED');
  });
});

it.each<[string, string, string]>([
  ['a name that is no token', 'x y', 'a'],
  ['a line break', 'x', 'a\r\nb: c'],
  ['a character that is not of Latin-1', 'x', '€'],
])('a header with %s is an invalid request', async (_title, name, value) => {
  const { port } = await echo();
  const { error } = await ask(`http://127.0.0.1:${port}/`, { allowPrivate: true }, { headers: [[name, value]] });
  expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: expect.stringMatching(/^fetch failed: /) });
});

it('a secret comes back in no encoding in which it was sent', () => {
  const used = new Map([['{{secret:KEY}}', 'sécrét']]);
  for (const encoding of ['utf8', 'latin1'] as const) {
    const body = Buffer.from('a sécrét, sécrét.', encoding);
    expect(Buffer.from(bytesWithoutSecrets(body, used)).toString()).toBe('a {{secret:KEY}}, {{secret:KEY}}.');
  }
});

it('a secret that begins like another takes no part of it away', async () => {
  const { port } = await echo();
  const hosts = [`127.0.0.1:${port}`];
  const { answer } = await ask(
    `http://127.0.0.1:${port}/`,
    { allowPrivate: true, secrets: { A: { hosts, value: 'sk_live' }, B: { hosts, value: 'sk_live_more' } } },
    {
      headers: [
        ['x-key', '{{secret:A}}'],
        ['authorization', '{{secret:B}}'],
      ],
    },
  );
  const text = Buffer.from(answer?.body ?? []).toString();
  expect(text).toContain('{{secret:B}}');
  expect(text).not.toContain('_more');
});

it('a response that repeats a secret without end is refused', () => {
  const used = new Map([['{{secret:KEY}}', 'sk_1']]);
  expect(Buffer.from(bytesWithoutSecrets(Buffer.from('sk_1'.repeat(1_000)), used)).toString()).toBe(
    '{{secret:KEY}}'.repeat(1_000),
  );
  expect(() => bytesWithoutSecrets(Buffer.from('sk_1'.repeat(1_001)), used)).toThrow(
    expect.objectContaining({ code: 'INVALID_RESPONSE' }),
  );
});

describe('a proxy', () => {
  it('makes the connection, and is told the name', async () => {
    const { port } = await echo();
    const { connect } = await import('node:net');
    const targets: string[] = [];
    const credentials: (string | undefined)[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      targets.push(request.url ?? '');
      credentials.push(request.headers['proxy-authorization']);
      if (request.url?.startsWith('refused')) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    closing.push(() => proxy.close());
    const via = `http://user:pa%20ss@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const options = { proxy: via, allow: ['unresolvable.test', 'refused.test', '10.0.0.1'] };
    const through = await ask('http://unresolvable.test/', options);
    expect(through).toMatchObject({ answer: { status: 200 } });
    expect(targets).toEqual(['unresolvable.test:80']);
    expect(credentials).toEqual([`Basic ${Buffer.from('user:pa ss').toString('base64')}`]);
    expect(resultOf(await ask('http://refused.test/', options))).toBe('CONNECTION_FAILED');
    expect(resultOf(await ask('http://10.0.0.1/', options))).toBe('ADDRESS_NOT_ALLOWED');
  });
});

describe('network.fetch', () => {
  it('makes the requests, with the secrets in them, and its errors stay outside', async () => {
    const options = { allow: ['a.test'], secrets: { KEY: { hosts: ['a.test'], value: SECRET } } };
    let given: Request | undefined;
    const headers: NetworkRequest['headers'] = [['authorization', 'Bearer {{secret:KEY}}']];
    const answered = await ask(
      'https://a.test/x',
      {
        ...options,
        fetch: async (request) => {
          given = request;
          return new Response(`got ${request.headers.get('authorization')}`);
        },
      },
      { headers },
    );
    expect(given?.headers.get('authorization')).toBe(`Bearer ${SECRET}`);
    expect(resultOf(answered)).toBe('200 got Bearer {{secret:KEY}}');
    const failing = await ask(
      'https://a.test/x',
      { ...options, fetch: async () => Promise.reject(new Error(SECRET)) },
      { headers },
    );
    expect(resultOf(failing)).toBe('CONNECTION_FAILED');
    expect(String(failing.error?.stack)).not.toContain(SECRET);
    const large = await ask('https://a.test/x', {
      ...options,
      maxResponseBytes: 3,
      fetch: async () => new Response('abcd'),
    });
    expect(resultOf(large)).toBe('RESPONSE_TOO_LARGE');
    let isEnded = false;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024)),
      cancel() {
        isEnded = true;
      },
    });
    const unending = await ask('https://a.test/x', { ...options, fetch: async () => new Response(endless) });
    expect(resultOf(unending)).toBe('RESPONSE_TOO_LARGE');
    expect(isEnded).toBe(true);
    const slow = await ask('https://a.test/x', { ...options, timeoutMs: 30, fetch: () => new Promise(() => {}) });
    expect(resultOf(slow)).toBe('TIMEOUT');
  });
});
