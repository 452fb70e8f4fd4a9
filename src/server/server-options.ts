import type { Extension } from '../api/extension.js';
import type { ExecutionLimits } from '../api/limits.js';
import type { HandlerSet } from '../runtime/manifest/handler-set.js';
import type { NexusRuntime } from '../runtime/nexus-runtime.js';
import type { RateLimit } from '../runtime/quota/memory-quota.js';

/** What a token allows: to execute handlers, to read `/metrics`, or everything. */
export type TokenScope = 'execute' | 'metrics' | 'admin';

/** Who may use a server. */
export interface ServerToken {
  /** For logs, and the tenant of those that name none: 1 to 64 of A–Z, a–z, 0–9, `.`, `_` and `-`. */
  readonly name: string;
  /** What the client sends as `Authorization: Bearer …`, at least 16 characters. Either this or `sha256`. */
  readonly token?: string;
  /** The SHA-256 of the token in hex, so that the configuration holds no secret. */
  readonly sha256?: string;
  /** @default ['execute'] */
  readonly scopes?: readonly TokenScope[];
  /**
   * The tenant for which its handlers execute: tenants take turns, and see nothing of each other. `'*'`: the one that each request names as
   * `options.tenant`, for applications that have tenants of their own.
   *
   * @default the name of the token
   */
  readonly tenant?: string;
  /** The most that `options.limits` and `options.timeoutMs` of a request can be; a request that names none has these. @default those of the runtime */
  readonly limits?: Partial<ExecutionLimits>;
  /** The most that `context.capabilities` of a request can grant. @default all */
  readonly capabilities?: readonly string[];
  /** Requests that it may make. @default `rate` of the server */
  readonly rate?: RateLimit;
}

/** One line of the log of a server, as pino writes them. */
export interface ServerLogEntry {
  /** 30: information, 40: warning, 50: error. */
  readonly level: 30 | 40 | 50;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly msg: string;
  readonly reqId?: string;
  readonly req?: { readonly method: string; readonly url: string; readonly remoteAddress?: string };
  readonly res?: { readonly statusCode: number };
  /** In milliseconds. */
  readonly responseTime?: number;
  /** The name of the token. */
  readonly token?: string;
  readonly tenant?: string;
  readonly err?: { readonly type: string; readonly message: string; readonly stack?: string };
}

/** Options of {@link createServer}. */
export interface ServerOptions {
  /** Executes the handlers. Who made it shuts it down, after the server is closed. */
  readonly runtime: NexusRuntime;
  /** Handlers of a build, for `POST /handlers/:name`: what `runtime.load` returned. @default none */
  readonly handlers?: HandlerSet;
  /** What handlers of `/run` and `/handlers` can call. @default none */
  readonly extensions?: Readonly<Record<string, Extension>>;
  /** Who may use it. @default nobody but programs of this machine, over a loopback address */
  readonly tokens?: readonly ServerToken[];
  /**
   * Whether every request is served without a token, with all rights: for a server that is mounted in an application that has
   * authenticated its clients itself. @default false
   */
  readonly trustCaller?: boolean;
  /** Where it is mounted: `'/nexus'`. @default '' */
  readonly basePath?: string;
  /** Whether it serves the pages for people, at `/ui/status`. @default true */
  readonly pages?: boolean;
  /**
   * Whether requests may bring artifacts in place of source. Bytecode is not verified by the engine, so set it only if the runtime has a
   * `cacheSecret`: then what others made is refused. @default false
   */
  readonly artifacts?: boolean;
  /** Largest body of a request, in bytes. @default 1 MiB */
  readonly maxBodyBytes?: number;
  /** Largest response, in bytes. Longer results are cut and marked, see `toJson`. @default 8 MiB */
  readonly maxResponseBytes?: number;
  /** Requests that are worked on at the same time; further ones are refused with 503. One token may have half of them. @default 1,000 */
  readonly maxInFlight?: number;
  /** Bodies of all requests that are worked on, in bytes. @default 64 MiB */
  readonly maxInFlightBytes?: number;
  /** Requests of one token, or of one address without tokens: further ones are refused with 429. @default none */
  readonly rate?: RateLimit;
  /** Streams of `/run` that are under way or can be continued. @default 1,000 */
  readonly maxStreams?: number;
  /** How long a stream without a reader can be continued with `Last-Event-ID`, in milliseconds. After that, its run is cancelled. @default 60,000 */
  readonly streamRetentionMs?: number;
  /** Receives a line for each request, and for each fault. @default none */
  readonly log?: (entry: ServerLogEntry) => void;
}
