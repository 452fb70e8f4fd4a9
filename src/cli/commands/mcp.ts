import { homedir } from 'node:os';
import { join } from 'node:path';

import type { RuntimeOptions } from '../../api/options.js';
import { integer } from '../../config/check.js';
import type { CodeMode, McpConfig, PendingApproval, WrappedTools } from '../../mcp/index.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { Command, CommandCall } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { actionOf, requireTaken, usageError } from '../parse-command-line.js';
import { endSignal } from '../support/end-signal.js';
import { parseJsonFile } from '../support/json-input.js';
import { listenForMcp } from '../support/mcp-http.js';
import { withRuntime } from '../support/open-runtime.js';
import { withStore } from '../support/server-store.js';
import { printable } from '../terminal.js';
import { packageVersion } from '../version.js';

const DECISIONS: Readonly<Record<string, { readonly takes: readonly string[] }>> = {
  pending: { takes: [] },
  approve: { takes: ['CALL'] },
  reject: { takes: ['CALL'] },
};

export const mcp: Command = {
  name: 'mcp',
  summary:
    'Serves other servers of MCP, or an HTTP interface with an OpenAPI document, as two tools: search, and execute, which runs a program that calls them. pending, approve and reject decide calls that wait.',
  usage: '(--servers FILE | --openapi FILE|URL) [options] | pending | approve CALL | reject CALL',
  arguments: { min: 0, max: 2 },
  options: {
    servers: {
      type: 'string',
      value: 'FILE',
      doc: 'JSON with mcpServers, as clients of MCP have it, openapi and approve',
    },
    openapi: { type: 'string', value: 'FILE|URL', doc: 'an OpenAPI 3 document as JSON' },
    'base-url': {
      type: 'string',
      value: 'URL',
      doc: "with --openapi: where its server is; default: the document's first",
    },
    header: {
      type: 'string',
      multiple: true,
      value: 'NAME:VALUE',
      doc: `with --openapi: sent with each request; \${env:NAME} is a variable`,
    },
    http: {
      type: 'string',
      value: 'PORT',
      doc: 'serve streamable HTTP at /mcp in place of stdio; 0 for any port that is free',
    },
    host: { type: 'string', value: 'ADDRESS', doc: 'with --http: default: 127.0.0.1; another needs NEXUS_TOKEN' },
    reason: { type: 'string', value: 'TEXT', doc: 'reject: what the program is told' },
  },
  runtimeOptions: ['suspension', 'limits', 'pool'],
  examples: [
    ['nexus mcp --servers mcp.json', 'over stdio, for the configuration of a client'],
    [
      `nexus mcp --openapi shop.json --header 'Authorization: Bearer \${env:SHOP_TOKEN}'`,
      'an HTTP interface; the token stays outside of programs',
    ],
    [
      'NEXUS_TOKEN=$(openssl rand -hex 24) nexus mcp --servers mcp.json --http 8788',
      'over HTTP, for clients that have the token',
    ],
    ['nexus mcp pending', 'calls that wait for an approval'],
    ['nexus mcp approve 0e7c1f:c2', 'let one be made'],
  ],
  run: (call) => {
    const [action, ...rest] = call.positionals;
    if (action === undefined) return withPlace(call, (options) => serve(call, options));
    requireTaken(mcp, action, rest, actionOf(mcp, DECISIONS, action).takes);
    return withPlace(call, (options) =>
      withRuntime({ ...options, cacheDir: false }, (runtime) => decide(call, runtime)),
    );
  },
};

/** Programs that wait are kept where another command finds them. */
function withPlace(call: CommandCall, use: (options: RuntimeOptions) => Promise<number>): Promise<number> {
  return withStore(call.configuration, { migrate: true }, (options) => {
    if (options.suspensionDir !== undefined || options.suspensionStore !== undefined) return use(options);
    const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
    return use({ ...options, suspensionDir: join(state, 'nexus-runtime', 'mcp') });
  });
}

async function serve(call: CommandCall, options: RuntimeOptions): Promise<number> {
  const { terminal } = call;
  const http = call.options.text('http');
  const host = call.options.text('host');
  if (host !== undefined && http === undefined) throw usageError(mcp, '--host needs --http.');
  const port = http === undefined ? undefined : integer('--http', Number(http), 0, { min: 0, max: 65_535 });
  const config = await readConfig(call);
  const note = (text: string) => terminal.note(printable(text));
  // stdout is the connection to the client.
  const ended = endSignal(http === undefined ? () => {} : note);
  const { endServers, openTools } = await import('../../mcp/index.js');
  const { createRuntime } = await import('../../index.js');
  const opening = openTools(config, packageVersion());
  const wrapped = await Promise.race([opening, ended.then(() => undefined)]);
  if (wrapped === undefined) {
    // The command has ended, so servers that do not answer yet are not needed.
    endServers();
    await opening.then((tools) => tools.close()).catch(() => {});
    return EXIT.interrupted;
  }
  for (const line of wrapped.notes) note(line);
  for (const [name, why] of wrapped.missing) note(`${name} is not there: ${why}`);
  try {
    const runtime = await createRuntime({ cacheDir: false, ...options });
    try {
      await serveOn(call, runtime, wrapped, { port, host, ended });
      return EXIT.ok;
    } finally {
      await runtime.shutdown();
    }
  } finally {
    await wrapped.close();
  }
}

async function serveOn(
  { terminal, configuration }: CommandCall,
  runtime: NexusRuntime,
  wrapped: WrappedTools,
  {
    port,
    host,
    ended,
  }: { readonly port: number | undefined; readonly host: string | undefined; readonly ended: Promise<void> },
): Promise<void> {
  const { createCodeMode, frontFactory, serveStdio } = await import('../../mcp/index.js');
  const factory = frontFactory({
    codeMode: createCodeMode({ runtime, tools: wrapped.tools }),
    wrapped,
    version: packageVersion(),
    howToApprove: howToApprove((await configuration.runtime()).suspensionDir),
  });
  const tools = [...wrapped.counts.values()].reduce((sum, one) => sum + one, 0);
  if (port === undefined) {
    const closed = new Promise<void>((resolve) => process.stdin.once('close', resolve));
    const handle = serveStdio(factory);
    terminal.note(`Serving ${tools} tools of ${wrapped.counts.size} sources over stdio.`);
    await Promise.race([ended, closed]);
    await handle.close();
    return;
  }
  const token = process.env['NEXUS_TOKEN']?.trim() || undefined;
  const listening = await listenForMcp(factory, { port, host, token });
  terminal.json({ ...listening.at, tools, token: token !== undefined });
  terminal.note(`Serving ${tools} tools of ${wrapped.counts.size} sources on ${listening.at.url}. Ctrl-C ends.`);
  if (token === undefined)
    terminal.note('There is no token: only programs of this machine are served. Set NEXUS_TOKEN to serve others.');
  await ended;
  await listening.close();
}

/** What a person types. The store is named where it is not the default. */
function howToApprove(suspensionDir: string | undefined): (callIds: readonly string[]) => string {
  const where = suspensionDir === undefined ? '' : ` --suspension-dir ${suspensionDir}`;
  return ([first = '', ...others]) =>
    `This client cannot ask its user. A person approves ${others.length === 0 ? 'it' : 'them, one by one,'} in a terminal: nexus mcp approve ${first}${where}${others.length === 0 ? '' : ` (then ${others.slice(0, 5).join(', ')}${others.length > 5 ? ', …' : ''}; nexus mcp pending lists them)`}.`;
}

async function readConfig({ options }: CommandCall): Promise<McpConfig> {
  const { openApiAlone, readMcpConfig } = await import('../../mcp/index.js');
  const [servers, openapi, baseUrl] = [options.text('servers'), options.text('openapi'), options.text('base-url')];
  const headers = options.texts('header');
  if ((servers === undefined) === (openapi === undefined))
    throw usageError(mcp, 'It needs either --servers FILE or --openapi FILE.');
  if (servers !== undefined) {
    if (baseUrl !== undefined || headers.length > 0)
      throw usageError(mcp, '--base-url and --header are of --openapi; a file has its own.');
    return readMcpConfig(await parseJsonFile(servers), servers, process.env);
  }
  return openApiAlone(openapi as string, { baseUrl, headers, env: process.env });
}

async function decide({ positionals, options, terminal }: CommandCall, runtime: NexusRuntime): Promise<number> {
  const { createCodeMode } = await import('../../mcp/index.js');
  // Its tools are those of the process that serves: a decision needs none.
  const codeMode = createCodeMode({ runtime, tools: {} });
  const [action, callId = ''] = positionals;
  if (action === 'pending') return list(await codeMode.pending(), terminal);
  const isNew = await record(codeMode, callId, action === 'approve', options.text('reason'));
  terminal.json({ callId, decision: action, isNew });
  terminal.out(
    isNew ? `${callId} is ${action === 'approve' ? 'approved' : 'rejected'}.` : `${callId} was decided so before.`,
  );
  return EXIT.ok;
}

function record(codeMode: CodeMode, callId: string, isApproved: boolean, reason: string | undefined): Promise<boolean> {
  if (isApproved) return codeMode.approve(callId);
  return reason === undefined ? codeMode.reject(callId) : codeMode.reject(callId, reason);
}

function list(pending: readonly PendingApproval[], terminal: CommandCall['terminal']): number {
  terminal.json({ pending });
  if (pending.length === 0) terminal.out('Nothing waits.');
  else {
    terminal.table([
      ['call', 'tool', 'input', 'expires'],
      ...pending.map(({ callId, tool, input, expiresAt }) => [
        ...[callId, tool, JSON.stringify(input)?.slice(0, 200) ?? '', expiresAt.toISOString()],
      ]),
    ]);
  }
  return EXIT.ok;
}
