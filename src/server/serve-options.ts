import type { AuditLogOptions } from '../audit/audit-log.js';
import type { TenantQuota } from '../runtime/quota/memory-quota.js';
import type { ListenOptions } from './http/listen.js';
import type { ServerOptions, ServerToken } from './server-options.js';

/** A token of `nexus serve`. */
export interface ServeToken extends ServerToken {
  /** What its tenant may use: rate, concurrency, budget of a period. Default: `quota` of the server */
  readonly quota?: TenantQuota;
}

/** `server` of the configuration of `nexus serve`. */
export interface ServeOptions
  extends ListenOptions,
    Omit<ServerOptions, 'runtime' | 'handlers' | 'extensions' | 'log' | 'tokens'> {
  readonly tokens?: readonly ServeToken[];
  /** Path of the `manifest.json` of a build, for `POST /handlers/:name`. @default none */
  readonly manifest?: string;
  /** What every tenant may use that has none of its own. It is counted in this process. @default no bounds */
  readonly quota?: TenantQuota;
  /** A log of all uses of capabilities. @default none */
  readonly audit?: AuditLogOptions;
  /** Whether this process executes durable runs. @default if there is a store */
  readonly work?: boolean;
  /** Whether a line is written to stdout for each request. @default true */
  readonly logRequests?: boolean;
  /** How long requests may take to end when the process is told to, in milliseconds. @default 25,000 */
  readonly drainTimeoutMs?: number;
}
