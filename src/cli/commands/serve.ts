import { hostname } from 'node:os';

import type { RuntimeOptions } from '../../api/options.js';
import { invalidOption, rejectUnknownKeys, requireObject } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { MemoryQuotaOptions, TenantQuota } from '../../runtime/quota/memory-quota.js';
import type { NexusServer } from '../../server/create-server.js';
import type { Listening, ListenOptions } from '../../server/http/listen.js';
import type { ServeOptions, ServeToken } from '../../server/serve-options.js';
import type { ServerLogEntry, ServerOptions } from '../../server/server-options.js';
import type { Command, CommandCall } from '../command.js';
import { EXIT } from '../exit-codes.js';
import { SERVE_OPTIONS, serveSettings } from '../serve-settings.js';
import { endSignal } from '../support/end-signal.js';
import { withStore } from '../support/server-store.js';

const DEFAULT_DRAIN_MS = 25_000;
const KEYS: { readonly [K in keyof Required<ServeOptions>]: true } = {
  ...{
    host: true,
    port: true,
    maxConnections: true,
    headersTimeoutMs: true,
    requestTimeoutMs: true,
    tokens: true,
    trustCaller: true,
  },
  ...{
    basePath: true,
    pages: true,
    artifacts: true,
    maxBodyBytes: true,
    maxResponseBytes: true,
    maxInFlight: true,
    maxInFlightBytes: true,
    rate: true,
  },
  ...{
    maxStreams: true,
    streamRetentionMs: true,
    manifest: true,
    quota: true,
    audit: true,
    work: true,
    logRequests: true,
    drainTimeoutMs: true,
  },
};

export const serve: Command = {
  name: 'serve',
  summary: 'Serves handlers over HTTP. Without tokens it serves this machine and nobody else.',
  usage: '[options]',
  arguments: { min: 0, max: 0 },
  options: SERVE_OPTIONS,
  runtimeOptions: ['cache', 'pool', 'limits', 'suspension', 'runtime'],
  examples: [
    ['nexus serve', 'for programs of this machine'],
    ['NEXUS_TOKEN=$(openssl rand -hex 24) nexus serve --host 0.0.0.0 --port 80', 'for others, who need the token'],
    [
      'nexus serve --manifest out/manifest.json --suspension-dir /var/lib/nexus',
      'handlers of a build, and durable runs',
    ],
  ],
  run: (call) => withStore(call.configuration, { migrate: true }, (given) => serveWith(call, given)),
};

async function serveWith(call: CommandCall, given: RuntimeOptions): Promise<number> {
  const { configuration, options, terminal } = call;
  const { server: inFile = {}, extensions = {} } = await configuration.file();
  const settings: ServeOptions = { ...(inFile as ServeOptions), ...serveSettings(options, process.env) };
  rejectUnknownKeys(settings, Object.keys(KEYS), 'server.');
  const { manifest, quota, audit, work, logRequests = true, drainTimeoutMs = DEFAULT_DRAIN_MS, ...rest } = settings;
  const { host, port, maxConnections, headersTimeoutMs, requestTimeoutMs, tokens = [], ...serverOptions } = rest;
  const ended = endSignal(terminal.isJson ? () => {} : (text) => terminal.note(text));
  const { createRuntime, auditLog, memoryQuota } = await import('../../index.js');
  const { createServer } = await import('../../server/index.js');
  const log = audit && auditLog(audit);
  const quotas = quotaOf(settings, given);
  const runtimeOptions: RuntimeOptions = {
    ...given,
    ...(quotas !== undefined && { quota: memoryQuota(quotas) }),
    ...(log !== undefined && { observer: { ...given.observer, onAudit: log.onAudit } }),
  };
  const runtime = await createRuntime(runtimeOptions);
  try {
    const handlers = manifest === undefined ? undefined : await loadManifest(runtime, manifest);
    const write = logRequests ? logWriter() : undefined;
    const server = createServer({
      ...(serverOptions as Omit<ServerOptions, 'runtime'>),
      runtime,
      extensions,
      tokens: tokens.map(({ quota: _, ...token }) => token),
      artifacts: serverOptions.artifacts ?? given.cacheSecret !== undefined,
      ...(handlers !== undefined && { handlers }),
      ...(write !== undefined && { log: write }),
    });
    await requireStore(runtime);
    const hasStore = given.suspensionDir !== undefined || given.suspensionStore !== undefined;
    const worker = (work ?? hasStore) ? await runtime.work({ extensions }) : undefined;
    const at: ListenOptions = Object.fromEntries(
      Object.entries({ host, port, maxConnections, headersTimeoutMs, requestTimeoutMs }).filter(
        ([, value]) => value !== undefined,
      ),
    );
    const listening = await server.listen(at);
    announce(call, listening, tokens.length > 0 || serverOptions.trustCaller === true, handlers?.names.length);
    await ended;
    await stop(server, drainTimeoutMs);
    await worker?.close();
    return EXIT.ok;
  } finally {
    await runtime.shutdown({ drainTimeoutMs });
    await log?.close();
  }
}

/**
 * The quotas of tenants: that of the server, and those of tokens.
 *
 * @throws NexusError INVALID_CONFIG for a quota that would not be counted
 */
function quotaOf(
  { quota, tokens = [] }: ServeOptions,
  { quota: ofRuntime }: RuntimeOptions,
): MemoryQuotaOptions | undefined {
  const tenants = new Map<string, TenantQuota>();
  if (!Array.isArray(tokens)) throw invalidOption('server.tokens', tokens, 'a list');
  for (const [index, token] of tokens.entries()) {
    requireObject(`server.tokens[${index}]`, token);
    const { name, tenant = name, quota: own } = token as ServeToken;
    if (own === undefined) continue;
    const where = `server.tokens[${index}].quota`;
    if (tenant === '*')
      throw misplacedQuota(
        where,
        "of a token with the tenant '*'. Give the token one tenant, or set server.quota, which each tenant has",
      );
    if (tenants.has(tenant))
      throw misplacedQuota(where, `a second one for the tenant ${tenant}. Give it to one token of the tenant`);
    tenants.set(tenant, own);
  }
  if (quota === undefined && tenants.size === 0) return undefined;
  if (ofRuntime !== undefined)
    throw misplacedQuota('server.quota', 'given, and runtime.quota as well. Leave one of them out');
  return { ...quota, tenants: Object.fromEntries(tenants) };
}

function misplacedQuota(option: string, why: string): NexusError {
  return new NexusError('INVALID_CONFIG', `${option} is ${why}.`, { context: { option } });
}

/** A store that is away is told at the start, not to the first client. */
async function requireStore(runtime: NexusRuntime): Promise<void> {
  for await (const _ of runtime.listSuspensions({ states: ['suspended'] })) return;
}

async function loadManifest(runtime: NexusRuntime, path: string) {
  try {
    return await runtime.load(path);
  } catch (cause) {
    if (cause instanceof NexusError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'does not exist; nexus build writes it' : `cannot be read: ${message}`;
    throw new NexusError('INVALID_CONFIG', `The manifest ${path} ${reason}.`, {
      context: { option: 'manifest', value: path },
      cause,
    });
  }
}

function announce(
  { terminal }: CommandCall,
  listening: Listening,
  isForOthers: boolean,
  handlers: number | undefined,
): void {
  terminal.json({ ...listening, handlers: handlers ?? 0, tokens: isForOthers });
  terminal.note(
    `Serving on ${terminal.noteStyle('bold', listening.url)}${handlers === undefined ? '' : ` with ${handlers} handlers`}. Ctrl-C ends.`,
  );
  if (!isForOthers)
    terminal.note('There is no token: only programs of this machine are served. Set NEXUS_TOKEN to serve others.');
}

async function stop(server: NexusServer, drainTimeoutMs: number): Promise<void> {
  await server.close({ drainTimeoutMs });
}

/** Lines as pino writes them. */
function logWriter(): (entry: ServerLogEntry) => void {
  const base = { pid: process.pid, hostname: hostname() };
  return ({ level, time, ...fields }) => {
    process.stdout.write(`${JSON.stringify({ level, time, ...base, ...fields })}\n`);
  };
}
