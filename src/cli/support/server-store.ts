import type { RuntimeOptions } from '../../api/options.js';
import { describe } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { Configuration } from '../configuration.js';

/** How long a server of stores may take to answer at the start of a command. */
const CONNECT_MS = 10_000;
/** Enough for a process. */
const CONNECTIONS = 4;

type Store = NonNullable<RuntimeOptions['suspensionStore']>;

interface OpenStore {
  readonly store: Store;
  close(): Promise<unknown>;
}

/**
 * Passes the options of the runtime on, with the store to which the URL of the configuration points. Its connections are closed afterwards.
 *
 * @param options.migrate whether tables of PostgreSQL that are not there yet are created
 * @throws NexusError INVALID_CONFIG if there are two stores, the URL is wrong, its client is not installed, or the server does not answer
 */
export async function withStore<T>(
  configuration: Configuration,
  { migrate }: { readonly migrate: boolean },
  use: (options: RuntimeOptions) => Promise<T>,
): Promise<T> {
  const options = await configuration.runtime();
  const url = await configuration.storeUrl();
  if (url === undefined) return use(options);
  if (options.suspensionDir !== undefined || options.suspensionStore !== undefined) {
    const other = options.suspensionDir === undefined ? 'suspensionStore' : 'suspensionDir';
    throw invalid(`There are two stores: storeUrl (NEXUS_STORE_URL) and ${other}. Leave one of them out.`);
  }
  const { store, close } = await open(url, migrate);
  try {
    return await use({ ...options, suspensionStore: store });
  } finally {
    await close();
  }
}

async function open(url: string, migrate: boolean): Promise<OpenStore> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  switch (parsed?.protocol) {
    case 'redis:':
    case 'rediss:':
      return openRedis(url, parsed.host);
    case 'postgres:':
    case 'postgresql:':
      return openPostgres(url, parsed.host, migrate);
  }
  // It may hold a password.
  const given = parsed === undefined ? 'no URL' : `a URL with ${describe(parsed.protocol)}`;
  throw invalid(`storeUrl (NEXUS_STORE_URL) is ${given}; it must begin with redis://, rediss:// or postgres://.`);
}

async function openRedis(url: string, host: string): Promise<OpenStore> {
  const { Redis } = await import('ioredis').catch(notInstalled('ioredis'));
  const { RedisSuspensionStore } = await import('../../redis/index.js');
  const client = new Redis(url, { lazyConnect: true, connectTimeout: CONNECT_MS });
  let last: unknown;
  // It connects again by itself; operations meanwhile say that they failed.
  client.on('error', (error: unknown) => {
    last = error;
  });
  try {
    await client.connect();
    return { store: new RedisSuspensionStore({ client }), close: () => client.quit().catch(() => client.disconnect()) };
  } catch (error) {
    client.disconnect();
    throw isAway('Redis', host, last ?? error);
  }
}

async function openPostgres(url: string, host: string, migrate: boolean): Promise<OpenStore> {
  const { default: pg } = await import('pg').catch(notInstalled('pg'));
  const { PostgresSuspensionStore } = await import('../../postgres/index.js');
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, connectionTimeoutMillis: CONNECT_MS });
  // A connection that breaks while nobody uses it is replaced.
  pool.on('error', () => {});
  try {
    await pool.query('SELECT 1').catch((error: unknown) => {
      throw isAway('PostgreSQL', host, error);
    });
    if (migrate) await PostgresSuspensionStore.migrate(pool);
    return { store: new PostgresSuspensionStore({ pool }), close: () => pool.end() };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

function notInstalled(name: string): (error: unknown) => never {
  return (cause) => {
    const { code, message } = cause as NodeJS.ErrnoException;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' && message.includes(`'${name}'`);
    const reason = isMissing ? `is not installed: npm install ${name}` : `cannot be loaded: ${message}`;
    throw invalid(`The store of storeUrl needs the package ${name}, which ${reason}.`, cause);
  };
}

function isAway(what: string, host: string, cause: unknown): NexusError {
  const { code, message } = (cause ?? {}) as NodeJS.ErrnoException;
  return invalid(`${what} at ${host} (storeUrl) does not answer: ${message || code || String(cause)}.`, cause);
}

function invalid(message: string, cause?: unknown): NexusError {
  return new NexusError('INVALID_CONFIG', message, { context: { option: 'storeUrl' }, cause });
}
