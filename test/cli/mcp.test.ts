// A real client of MCP, the SDK's, against the command, over both transports. What it wraps is a real server of MCP.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { servers } from '../mcp/support.js';
import { CLI, ended, Folder, printed } from './support/nexus.js';

const SECRET = 'sk-shop-0123456789';
const TOKEN = 'client-0123456789abcdef';
const MAIL = 'return await tools.shop.send_mail({ to: "ada" })';
let folder: Folder;

beforeAll(async () => {
  const config = { mcpServers: servers({ shop: 'shop' }, { env: { SHOP_TOKEN: '${env:SHOP_TOKEN}' } }) };
  folder = await Folder.create({ 'mcp.json': JSON.stringify(config) });
});
afterAll(() => folder[Symbol.asyncDispose]());

type Answer = { readonly action: 'accept' | 'decline' | 'cancel'; readonly content?: Record<string, string | boolean> };
interface Session extends AsyncDisposable {
  readonly client: Client;
  readonly asked: string[];
  call(name: string, input: object): Promise<{ readonly text: string; readonly isError: boolean }>;
}

/** @param answer what the user says who is asked; without it, the client cannot ask */
async function connect(
  mode: 'legacy' | 'auto',
  transport: ConstructorParameters<typeof StdioClientTransport>[0] | URL,
  answer?: Answer,
  headers: Readonly<Record<string, string>> = {},
): Promise<Session> {
  const client = new Client(
    { name: 'test', version: '1' },
    { versionNegotiation: { mode }, capabilities: answer === undefined ? {} : { elicitation: { form: {} } } },
  );
  const asked: string[] = [];
  if (answer !== undefined) {
    client.setRequestHandler('elicitation/create', ({ params }) => {
      asked.push(params.message);
      return answer;
    });
  }
  await client.connect(
    transport instanceof URL
      ? new StreamableHTTPClientTransport(transport, { requestInit: { headers } })
      : new StdioClientTransport(transport),
  );
  return {
    client,
    asked,
    async call(name, input) {
      const { content, isError = false } = await client.callTool({ name, arguments: { ...input } });
      return { text: (content[0] as { text: string }).text, isError };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function stdio() {
  const args = [CLI, 'mcp', '--servers', 'mcp.json', '--suspension-dir', 'runs'];
  const env = { ...(process.env as Record<string, string>), SHOP_TOKEN: SECRET, OTHER_SECRET: 'not for servers' };
  return { command: process.execPath, args, env, cwd: folder.path, stderr: 'ignore' as const };
}

async function overHttp(use: (url: URL) => Promise<void>, token = '') {
  const env = { SHOP_TOKEN: SECRET, ...(token !== '' && { NEXUS_TOKEN: token }) };
  const child = folder.start(['mcp', '--servers', 'mcp.json', '--http', '0', '--suspension-dir', 'runs'], env);
  const end = ended(child);
  const text = await printed(child, /on http:\S+\/mcp/);
  try {
    await use(new URL(/http:\S+\/mcp/.exec(text)?.[0] as string));
  } finally {
    child.kill('SIGTERM');
    expect((await end).code).toBe(0);
  }
}

/** What any client finds. */
async function usesBothTools({ client, call }: Session) {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['search', 'execute']);
  for (const { description = '' } of tools) expect(description.length).toBeLessThanOrEqual(1_024);
  const found = await call('search', { query: 'late orders' });
  expect(found.text).toMatch(/tools.shop.list_orders\(input\?: \{\}\): Promise<\{ orders: \{ id: string \}\[\] \}>/);
  const ids = await call('execute', { code: 'return (await tools.shop.list_orders()).orders.map(({ id }) => id)' });
  expect(ids).toEqual({ text: 'Result:\n["o1","o2"]', isError: false });
  const wrong = await call('execute', { code: 'return await tools.shop.list_order()' });
  expect(wrong).toMatchObject({ isError: true, text: expect.stringContaining('tools.shop.list_orders') });
  expect(await call('execute', {})).toMatchObject({ isError: true, text: expect.stringMatching(/either `code`/) });
}

describe.each(['legacy', 'auto'] as const)('nexus mcp over stdio, for a client that negotiates %s', (mode) => {
  it('serves search and execute, and asks the user about calls that change something', async () => {
    const answer: { -readonly [Key in keyof Answer]: Answer[Key] } = { action: 'accept', content: { approve: true } };
    await using session = await connect(mode, stdio(), answer);
    await usesBothTools(session);
    expect((await session.call('execute', { code: MAIL })).text).toBe('Result:\n{"sent":"ada"}');
    expect(session.asked).toEqual([expect.stringMatching(/shop\.send_mail with\s+\{\s+"to": "ada"/)]);
    const catching = MAIL.replace(')', ').catch((error) => error.message)');
    answer.content = { approve: false, reason: 'not today' };
    const refused = await session.call('execute', { code: catching });
    expect(refused.text).toBe('Result:\nThe call was rejected: not today');
    Object.assign(answer, { action: 'decline', content: undefined });
    const declined = await session.call('execute', { code: catching });
    expect(declined.text).toBe('Result:\nThe call was rejected: the user declined');
    answer.action = 'cancel';
    expect((await session.call('execute', { code: MAIL })).text).toMatch(/The program waits for an approval of/);
  });
});

describe('nexus mcp', () => {
  it('says how somebody approves where the client cannot ask, and goes on afterwards', async () => {
    await using session = await connect('legacy', stdio());
    const { text } = await session.call('execute', { code: MAIL });
    const [, callId = '', runId = ''] = /nexus mcp approve ((\S+):c1) --suspension-dir runs/.exec(text) ?? [];
    expect(text).toContain(`{"resume":"${runId}"}`);
    const store = ['--suspension-dir', 'runs'];
    const { value } = await folder.json(['mcp', 'pending', ...store]);
    expect(value['pending']).toContainEqual(expect.objectContaining({ callId, input: { to: 'ada' } }));
    expect((await session.call('execute', { resume: runId })).text).toMatch(/waits for an approval/);
    expect((await folder.nexus(['mcp', 'approve', callId, ...store])).stdout).toContain(`${callId} is approved.`);
    expect((await session.call('execute', { resume: runId })).text).toBe('Result:\n{"sent":"ada"}');
    expect((await session.call('execute', { resume: 'nothing' })).isError).toBe(true);
  });

  it('keeps secrets outside: a server gets those of its entry, and nobody sees their values', async () => {
    await using session = await connect('legacy', stdio());
    const who = await session.call('execute', { code: 'return await tools.shop.whoami()' });
    expect(who.text).toBe('Result:\n{"token":"${env:SHOP_TOKEN}","other":null}');
    const failed = await session.call('execute', { code: 'return await tools.shop.fail()' });
    expect(failed.text).toMatch(/the shop is closed for \$\{env:SHOP_TOKEN\}/);
  });

  it('serves streamable HTTP on this machine, asks its user there, and refuses pages and other names', async () => {
    await overHttp(async (url) => {
      await using session = await connect('auto', url, { action: 'accept', content: { approve: true } });
      await usesBothTools(session);
      expect((await session.call('execute', { code: MAIL })).text).toBe('Result:\n{"sent":"ada"}');
      await using older = await connect('legacy', url);
      await usesBothTools(older);
      const post = (headers: Record<string, string>) =>
        fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' });
      for (const headers of [{ origin: 'https://evil.example' }, { 'x-forwarded-for': '1.2.3.4' }]) {
        expect((await post(headers)).status).toBe(403);
      }
      expect((await fetch(new URL('/else', url))).status).toBe(404);
    });
  });

  it('serves those who have the token', async () => {
    await overHttp(async (url) => {
      await expect(connect('auto', url)).rejects.toThrow(/requires authorization \(HTTP 401\)/);
      await using session = await connect('auto', url, undefined, { authorization: `Bearer ${TOKEN}` });
      await usesBothTools(session);
    }, TOKEN);
  });

  it('is refused with what is wrong', async () => {
    const wrong = async (args: string[], message: RegExp) => {
      const { code, stderr } = await folder.nexus(['mcp', ...args]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    };
    await wrong([], /either --servers FILE or --openapi FILE/);
    await wrong(['aprove', 'x'], /Did you mean approve/);
    await wrong(['approve', 'x'], /callId/);
    await wrong(['--servers', 'mcp.json'], /needs the variable SHOP_TOKEN/);
    await wrong(['--openapi', 'mcp.json'], /no OpenAPI 3 document/);
    await wrong(['--servers', 'mcp.json', '--host', '0.0.0.0'], /--host needs --http/);
  });

  it('listens on this machine alone without a token', async () => {
    const args = ['mcp', '--servers', 'mcp.json', '--http', '0', '--host', '0.0.0.0'];
    const { code, stderr } = await folder.nexus(args, { env: { SHOP_TOKEN: SECRET } });
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/Without tokens the server listens on an address of this machine/),
    ]);
  });
});
