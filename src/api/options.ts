import type { Registry } from 'prom-client';

import type { ExecutionLimits, LogOverflow, VmLimitName } from './limits.js';
import type { RuntimeObserver } from './observer.js';
import type { SuspensionStore } from './suspension-store.js';
import type { Tracing } from './tracing.js';

/** A library for all handlers, as `$lib.<name>`: CommonJS, UMD or IIFE text that needs nothing but the language. */
export type LibraryOption =
  | { readonly source: string; readonly file?: never }
  | {
      /** Path of a file, relative to the working directory. */
      readonly file: string;
      readonly source?: never;
    };

export interface MetricsOptions {
  /** Where the metrics are registered. Default: a registry of the runtime's own. */
  readonly registry?: Registry;
  /** Put before every metric name. @default 'nexus_' */
  readonly prefix?: string;
  /**
   * Labels on every metric of this runtime. Runtimes that share a registry are told apart by them; without, what they count is added.
   *
   * @default none
   */
  readonly defaultLabels?: Readonly<Record<string, string>>;
  /**
   * Whether executions and their durations have a label `handler`, the `handlerName` of the call. The first 200 names have one of their
   * own, all others are `other`. @default false
   */
  readonly handlerLabel?: boolean;
}

/** Options of the compile cache, shared by the runtime and a stand-alone HandlerCompiler. */
export interface CacheOptions {
  /** Directory of the disk tier, relative to the working directory, or false for none. @default '.nexus-cache' */
  readonly cacheDir?: string | false;
  /** Bound on the memory tier, in bytes of bytecode and source. @default 64 MiB */
  readonly maxCacheSizeBytes?: number;
  /** Bound on the disk tier, in bytes. @default 96 MiB */
  readonly maxDiskCacheSizeBytes?: number;
  /**
   * Key for the HMAC of artifacts, at least 16 bytes. Without one, artifacts carry a plain SHA-256, which detects damage
   * but not forgery: then whoever can write to `cacheDir` can run code in the guest.
   *
   * Of several, the first seals and all open: put a new one first, and take the old one out when the cache has turned over.
   *
   * @default none
   */
  readonly cacheSecret?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Longest source accepted, in bytes of UTF-8. @default 16 MiB */
  readonly maxSourceBytes?: number;
}

/** Whether calls without a tenant are each handler's own, or all of one tenant. */
export type Isolation = 'handler' | 'shared';

export interface PoolOptions {
  /** Most workers, 1 to 1024. @default the number of available cores */
  readonly maxInstances?: number;
  /** Workers kept even when idle; at most `maxInstances`. @default 1 */
  readonly minInstances?: number;
  /** How long a worker above `minInstances` may idle, in milliseconds. @default 30,000 */
  readonly idleTimeoutMs?: number;
  /** Executions that may wait; one more is rejected with POOL_SATURATED. @default 1,000 */
  readonly maxQueue?: number;
  /** Executions of one `ExecuteOptions.tenant` that may wait; at most `maxQueue`. @default half of `maxQueue` */
  readonly maxQueuePerTenant?: number;
  /**
   * Workers that execute something of one `ExecuteOptions.tenant` at the same time; at most `maxInstances`. With all of them, a tenant
   * can make the others wait for as long as its handlers run. @default all but one, at least one
   */
  readonly maxInstancesPerTenant?: number;
  /** How long an execution may wait for a worker, in milliseconds, before it is rejected with POOL_SATURATED. @default no limit */
  readonly queueTimeoutMs?: number;
  /** What a handler gets beyond `timeoutMs` before its worker is ended, in milliseconds. @default 250 */
  readonly killGraceMs?: number;
  /**
   * Whether an execution whose worker dies under it is executed once more. It may be what killed the worker. Executions that only
   * shared the worker are repeated in any case. @default false
   */
  readonly retryOnCrash?: boolean;
  /**
   * How long a compilation may take, in milliseconds. It cannot be interrupted: its worker is ended then. Large functions
   * with tens of thousands of variables take quadratic time. @default 10,000
   */
  readonly compileTimeoutMs?: number;
  /**
   * Between which executions all of a VM's memory is wiped. Every execution begins with the same state in any case; this is for data that a
   * flaw of the engine could let a handler find. It is wiped between tenants. Calls without `ExecuteOptions.tenant` count as each
   * handler's own (`'handler'`), or as those of one tenant (`'shared'`), which is faster where a worker executes many handlers by turns.
   *
   * @default 'handler'
   */
  readonly isolation?: Isolation;
  /** Bound on a VM's linear memory, in bytes, a multiple of 64 KiB from 2 MiB to 2 GiB. @default 32 MiB */
  readonly memoryLimitBytes?: number;
  /** Bound on a guest's stack, in bytes, 64 KiB to 1 MiB. @default 512 KiB */
  readonly stackSizeBytes?: number;
  /** Evaluated once while the base image is built; handlers have them as `$lib.<name>`. @default none */
  readonly libraries?: Readonly<Record<string, LibraryOption>>;
}

export interface LimitOptions {
  /** Wall-clock time in the VM, in milliseconds. @default 5,000 */
  readonly timeoutMs?: number;
  /** Effects of any kind per execution. @default 10,000 */
  readonly maxHostCalls?: number;
  /** @default 1,000 */
  readonly maxStateMutations?: number;
  /** @default 100 */
  readonly maxEvents?: number;
  /** @default 1,000 */
  readonly maxViewCommands?: number;
  /** Sum over all log messages, in UTF-16 code units. What is beyond is left out, see `onLogOverflow`. @default 65,536 */
  readonly maxLogBytes?: number;
  /** Encoded size of state, arguments and scope together, in bytes. @default 8 MiB */
  readonly maxContextBytes?: number;
  /** Encoded size of everything an execution returns, in bytes. @default 8 MiB */
  readonly maxResultBytes?: number;
  /**
   * An object that occurs several times in what an execution returns stays one object, so a small result can have more paths than
   * anything that walks over it will ever end with. Bounds how many values more than it has such a walk meets: through arrays, objects,
   * Maps and Sets, over the return value, state mutations, events, view commands, arguments of calls and errors together. A result
   * in which no object occurs twice has none. @default 1,000,000
   */
  readonly maxResultPaths?: number;
}

export interface SuspensionOptions {
  /**
   * Directory for suspended handlers, relative to the working directory: they outlive the process, and whichever process
   * shares it can resume them. Not `cacheDir`: what is here cannot be made again.
   *
   * @default none: they are kept in memory
   */
  readonly suspensionDir?: string;
  /** A store of your own, in a database, say. Excludes `suspensionDir`. @default none */
  readonly suspensionStore?: SuspensionStore;
  /**
   * Encrypts suspended handlers, which hold the data of whoever they run for; at least 16 bytes. Without one they carry an
   * HMAC with a key that lies beside them: whoever can read the store can then read and change them.
   *
   * Of several, the first seals and all open: put a new one first, and take the old one out after `suspensionTtlMs`.
   *
   * @default none
   */
  readonly suspensionSecret?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** How long a handler may stay suspended, in milliseconds, up to 10 years. @default 604,800,000 (7 days) */
  readonly suspensionTtlMs?: number;
  /** Longest suspended handler, in bytes as it is kept, compressed. @default 32 MiB */
  readonly maxSuspensionBytes?: number;
  /**
   * Most handlers that may wait at the same time, and most outcomes that are kept beside them. One more handler is a RESOURCE_LIMIT; of
   * outcomes, the oldest make room. A number is that of all tenants together.
   *
   * @default 50,000 in memory, 1,000,000 in a directory or a store of yours; of each tenant a quarter
   */
  readonly maxSuspensions?: number | KeptBound;
  /**
   * Most bytes of all suspended handlers and recorded outcomes, as they are kept. One more handler is a RESOURCE_LIMIT; outcomes make room,
   * the oldest first. A number is that of all tenants together.
   *
   * @default 256 MiB in memory, 16 GiB in a directory or a store of yours; of each tenant a quarter
   */
  readonly maxSuspendedBytes?: number | KeptBound;
}

/** A bound on what is kept of suspended handlers. */
export interface KeptBound {
  /** Of all together, those without a tenant included. */
  readonly total?: number;
  /** Of each tenant, see `ExecuteOptions.tenant`; at most `total`. @default a quarter of `total` */
  readonly perTenant?: number;
}

/** Options of `createRuntime`. All are optional; an unknown key is INVALID_CONFIG. */
export interface RuntimeOptions extends CacheOptions, PoolOptions, LimitOptions, SuspensionOptions {
  /** Prometheus metrics, for `getPrometheusMetrics()`. @default true */
  readonly metrics?: boolean | MetricsOptions;
  /**
   * How far `ExecuteOptions.limits` may raise a limit; at least the runtime's own. Memory and stack can only be lowered.
   *
   * @default the runtime's own limits; for `timeoutMs` none
   */
  readonly limitCeilings?: Partial<Omit<ExecutionLimits, VmLimitName>>;
  /**
   * When the log of an execution has more than `maxLogBytes`: what is beyond is left out, and a last entry with `omitted` counts it (`'cut'`), or
   * the handler ends with RESOURCE_LIMIT (`'error'`). @default 'cut'
   */
  readonly onLogOverflow?: LogOverflow;
  /** @default none */
  readonly observer?: RuntimeObserver;
  /** Where traces of calls go, `openTelemetry()` of `nexus-runtime/otel`, say. @default none */
  readonly tracing?: Tracing;
}
