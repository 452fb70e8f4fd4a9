import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer as createSocket } from 'node:net';
import { join } from 'node:path';
import { verifyAuditLog } from 'nexus-runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ended, Folder, printed } from './support/nexus.js';

const TOKEN = 'shop-0123456789abcdef';
let folder: Folder;

beforeAll(async () => {
  const sha256 = createHash('sha256').update(TOKEN).digest('hex');
  folder = await Folder.create({
    'handlers/greet.js': 'return `Hello ${await $ext.users.name($args)}!`',
    'nexus.config.mjs': `export default {
      runtime: { cacheDir: false, maxInstances: 1, suspensionDir: 'store', suspensionSecret: 'a secret of sixteen bytes' },
      extensions: { users: { name: (id) => 'user ' + id } },
      build: { include: 'handlers/*.js', outDir: 'out', lock: false },
      server: {
        port: 0,
        manifest: 'out/manifest.json',
        tokens: [{ name: 'shop', sha256: '${sha256}', quota: { rate: { executions: 4, perMs: 3600000 } } }],
        audit: { file: 'audit.log' },
      },
    };`,
  });
  await folder.nexus(['build']);
});

afterAll(() => folder[Symbol.asyncDispose]());

/** Starts the server, and tells its address. */
async function start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const child = folder.start(['serve', ...args], env);
  const end = ended(child);
  const text = await printed(child, /Serving on \S+/);
  return { child, end, url: /http:\/\/[\w.:[\]]+:\d+/.exec(text)?.[0] as string };
}

const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };

describe('nexus serve', () => {
  it('serves handlers, durable runs, quotas and an audit log as the configuration says, and ends in order', async () => {
    const { child, end, url } = await start();
    const post = async (path: string, body: object) => {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        headers: { ...headers, 'x-request-id': 'mine' },
        body: JSON.stringify(body),
      });
      return {
        status: response.status,
        body: (await response.json()) as Record<string, unknown>,
        retryAfter: response.headers.get('retry-after'),
      };
    };
    const context = { args: 7, capabilities: ['ext:users'] };
    expect(await post('/handlers/greet', { context })).toMatchObject({
      status: 200,
      body: { returnValue: 'Hello user 7!' },
    });
    expect(
      (await post('/runs', { code: 'return await $ext.users.name($args)', context, options: { runId: 'r' } })).status,
    ).toBe(201);
    const run = await fetch(`${url}/runs/r/result`, { headers });
    expect(await run.json()).toMatchObject({ status: 'success', returnValue: 'user 7' });
    let answer = await post('/execute', { code: 'return 1' });
    for (let i = 0; i < 4 && answer.status === 200; i++) answer = await post('/execute', { code: 'return 1' });
    expect(answer).toMatchObject({
      status: 429,
      body: { code: 'RESOURCE_LIMIT' },
      retryAfter: expect.stringMatching(/^\d+$/),
    });
    expect((await fetch(`${url}/execute`, { method: 'POST', body: '{}' })).status).toBe(401);

    child.kill('SIGTERM');
    const { code, stdout } = await end;
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({
      level: 30,
      time: expect.any(Number),
      pid: child.pid,
      hostname: expect.any(String),
      msg: 'request completed',
      reqId: 'mine',
      req: { method: 'POST', url: '/handlers/greet', remoteAddress: '127.0.0.1' },
      res: { statusCode: 200 },
      token: 'shop',
      tenant: 'shop',
    });
    expect(stdout).not.toContain(TOKEN);
    expect(await verifyAuditLog(join(folder.path, 'audit.log'))).toMatchObject({ ok: true, isClosed: true });
    expect(await readFile(join(folder.path, 'audit.log'), 'utf8')).toContain('users');
  }, 60_000);

  it('takes the port of the command line before that of the environment, and both before the file', async () => {
    const free = async () => {
      const server = createSocket();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as { port: number };
      await new Promise((resolve) => server.close(resolve));
      return port;
    };
    const [first, second] = [await free(), await free()];
    for (const [args, env, port] of [
      [[], { PORT: String(first) }, first],
      [[], { PORT: String(first), NEXUS_PORT: String(second) }, second],
      [['--port', String(first)], { NEXUS_PORT: String(second) }, first],
    ] as const) {
      const { child, end, url } = await start(args, env);
      expect(url).toBe(`http://127.0.0.1:${port}`);
      child.kill('SIGINT');
      expect((await end).code).toBe(0);
    }
  }, 60_000);

  it.each([
    ['a port in use', ['--port', 'USED'], 'is in use; choose another with --port'],
    [
      'another machine without a token',
      ['--config', 'open.json', '--host', '0.0.0.0'],
      'Without tokens the server listens on an address of this machine only',
    ],
    ['a manifest that is not there', ['--manifest', 'none.json'], 'none.json'],
    ['a wrong port', ['--port', 'http'], 'Option --port is "http"; it must be a whole number.'],
    ['an unknown option', ['--prot', '1'], 'Did you mean --port?'],
    [
      'an unknown option of the file',
      ['--config', 'wrong.json'],
      'Unknown option server.prt. Did you mean server.port?',
    ],
    ['a store that is away', ['--suspension-dir', '/proc/none'], '/proc/none'],
  ])('%s: one line, and no stack', async (_, args, text) => {
    await folder.write('open.json', '{}');
    await folder.write('wrong.json', '{ "server": { "prt": 1 } }');
    const used = createSocket();
    await new Promise<void>((resolve) => used.listen(0, '127.0.0.1', resolve));
    const { port } = used.address() as { port: number };
    const { code, stderr } = await folder.nexus(['serve', ...args.map((arg) => (arg === 'USED' ? String(port) : arg))]);
    used.close();
    expect(stderr).toContain(text);
    expect(
      stderr
        .trim()
        .split('\n')
        .filter((line) => line.startsWith('error')),
    ).toHaveLength(1);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBeGreaterThanOrEqual(2);
  });

  it('NEXUS_TOKEN is a token with all rights', async () => {
    const { child, end, url } = await start(['--config', 'open.json', '--port', '0', '--cache-dir', 'false'], {
      NEXUS_TOKEN: 'all-0123456789abcdef',
    });
    expect((await fetch(`${url}/stats`)).status).toBe(401);
    expect((await fetch(`${url}/stats`, { headers: { authorization: 'Bearer all-0123456789abcdef' } })).status).toBe(
      200,
    );
    child.kill('SIGTERM');
    expect((await end).code).toBe(0);
  });
});
