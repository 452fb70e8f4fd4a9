import type { Registry } from 'prom-client';

import type { Dispatcher } from './dispatcher.js';
import type { ExecutionLimits, LogOverflow, VmLimitName } from './limits.js';
import type { ModulesOptions } from './modules.js';
import type { NetworkOptions } from './network/network.js';
import type { RuntimeObserver } from './observing/observer.js';
import type { Tracing } from './observing/tracing.js';
import type { MeteringOptions } from './observing/usage.js';
import type { Quota } from './quota.js';
import type { RemoteCache } from './remote-cache.js';
import type { SourceWrap } from './source-options.js';
import type { SuspensionStore } from './suspension-store.js';

/**
 * A library for all handlers, available as `$lib.<name>`. It is initialised once, and needs nothing but the language and what handlers have
 * of the web.
 *
 * - `'lodash'` or `{ package: 'lodash' }`: an installed package, or a part of one, like `'lodash/fp'`. It is bundled by the installed esbuild,
 *   together with what it imports. `$lib.<name>` is `module.exports` of a CommonJS package, and the namespace of an ES module.
 * - `{ file }`: a file of the application. One that is a module, imports something or is TypeScript is bundled as well; any other is
 *   CommonJS, UMD or IIFE text that is used as it is.
 * - `{ source }`: CommonJS, UMD or IIFE text.
 *
 * @example { lodash: 'lodash', z: { package: 'zod' }, shim: { file: new URL('./shim.mjs', import.meta.url) } }
 */
export type LibraryOption =
  | string
  | {
      /** The name of an installed package, or of a part of one. */
      readonly package: string;
      /**
       * From where it is found: the path of a directory, or the URL of a directory or of a file in one, like `import.meta.url`.
       * @default the working directory
       */
      readonly from?: string | URL;
      readonly file?: never;
      readonly source?: never;
    }
  | {
      /** URL of a file, or its path, relative to the working directory. */
      readonly file: string | URL;
      readonly package?: never;
      readonly source?: never;
    }
  | {
      /** The text of a script. */
      readonly source: string;
      readonly package?: never;
      readonly file?: never;
    };

export interface MetricsOptions {
  /** Where the metrics are registered. Default: a registry of the runtime. */
  readonly registry?: Registry;
  /** The prefix of every metric name. @default 'nexus_' */
  readonly prefix?: string;
  /**
   * Labels of every metric of this runtime. They distinguish runtimes that share a registry; without labels,
   * their values are added.
   *
   * @default none
   */
  readonly defaultLabels?: Readonly<Record<string, string>>;
  /**
   * Whether executions and their durations have a label `handler` with the `handlerName` of the call. The
   * first 200 names get their own value; all others are `other`. @default false
   */
  readonly handlerLabel?: boolean;
  /**
   * Whether the metrics of usage (`usage_*`) have a label `tenant`, with the tenant of the call. The first 200 tenants get their own value;
   * all others are `other`. @default false
   */
  readonly tenantLabel?: boolean;
}

/** Options of the compile cache, shared by the runtime and a stand-alone HandlerCompiler. */
export interface CacheOptions {
  /** Directory of the disk tier, relative to the working directory, or false for none. @default '.nexus-cache' */
  readonly cacheDir?: string | false;
  /** Limit of the memory tier, in bytes of bytecode, source and source maps. @default 64 MiB */
  readonly maxCacheSizeBytes?: number;
  /** Limit of the disk tier, in bytes. @default 96 MiB */
  readonly maxDiskCacheSizeBytes?: number;
  /**
   * Key for the HMAC of artifacts, at least 16 bytes. Without one, artifacts carry a plain SHA-256, which
   * detects damage but not forgery: then anyone who can write to `cacheDir` can run code in the guest.
   *
   * If there are several, the first one seals and all of them open: put a new one first, and remove the old
   * one once you can afford to recompile its entries.
   *
   * @default none
   */
  readonly cacheSecret?: string | Uint8Array | readonly (string | Uint8Array)[];
  /**
   * A cache shared by several machines. It is read after memory and disk. Use `redisCache(…)` of `nexus-runtime/redis`, `postgresCache(…)` of
   * `nexus-runtime/postgres`, or your own. All processes that share it need the same `cacheSecret`: without one, anyone who can write to the
   * cache could run code in the guest. The application closes it, after `shutdown()`. @default none
   */
  readonly remoteCache?: RemoteCache;
  /** Longest source accepted, in bytes of UTF-8. @default 16 MiB */
  readonly maxSourceBytes?: number;
  /** Code around every handler that is compiled from source, unless its call has a `wrap` of its own. @default none */
  readonly wrap?: SourceWrap;
  /**
   * Whether sources and their source maps are kept with the bytecode, in artifacts and in the cache. With `false`, errors have the line and
   * column of the text that was compiled, and no snippet. @default true
   */
  readonly source?: boolean;
  /** What handlers may import: own files and packages. @default nothing */
  readonly modules?: ModulesOptions;
}

/** How calls without a tenant are isolated: by handler, or as one shared tenant. */
export type Isolation = 'handler' | 'shared';

export interface PoolOptions {
  /** Maximum number of workers, 1 to 1024. @default the number of available cores */
  readonly maxInstances?: number;
  /** Minimum number of workers, kept even when idle; at most `maxInstances`. @default 1 */
  readonly minInstances?: number;
  /** How long a worker above `minInstances` may idle, in milliseconds. @default 30,000 */
  readonly idleTimeoutMs?: number;
  /** Executions that may wait; further ones are rejected with POOL_SATURATED. @default 1,000 */
  readonly maxQueue?: number;
  /** Executions of one `ExecuteOptions.tenant` that may wait; at most `maxQueue`. @default half of `maxQueue` */
  readonly maxQueuePerTenant?: number;
  /**
   * Workers that one `ExecuteOptions.tenant` may use at the same time; at most `maxInstances`. A tenant that
   * may use all workers can make the others wait as long as its handlers run. @default all but one, at least
   * one
   */
  readonly maxInstancesPerTenant?: number;
  /** How long an execution may wait for a worker, in milliseconds, before it is rejected with POOL_SATURATED. @default no limit */
  readonly queueTimeoutMs?: number;
  /**
   * Additional time of a handler after `timeoutMs` before its worker is terminated, in milliseconds. @default
   * 250
   */
  readonly killGraceMs?: number;
  /**
   * Whether an execution whose worker dies is repeated once. The execution itself may have killed the worker.
   * Other executions in the worker are always repeated. @default false
   */
  readonly retryOnCrash?: boolean;
  /**
   * How long a compilation may take, in milliseconds. A compilation cannot be interrupted, so its worker is
   * terminated. Functions with tens of thousands of variables take quadratic time. @default 10,000
   */
  readonly compileTimeoutMs?: number;
  /**
   * Between which executions all memory of a VM is wiped. Every execution starts with the same state in any
   * case; wiping protects against a vulnerability of the engine that exposes old data. Memory is wiped
   * between tenants. For calls without `ExecuteOptions.tenant`, each handler counts as a tenant
   * (`'handler'`), or all of them count as one tenant (`'shared'`), which is faster if a worker alternates
   * between many handlers.
   *
   * @default 'handler'
   */
  readonly isolation?: Isolation;
  /** Limit of a VM's linear memory, in bytes, a multiple of 64 KiB from 2 MiB to 2 GiB. @default 32 MiB */
  readonly memoryLimitBytes?: number;
  /** Limit of a guest's stack, in bytes, 64 KiB to 1 MiB. @default 512 KiB */
  readonly stackSizeBytes?: number;
  /**
   * Limit of the values of `runtime.prepare`, in bytes: of all that are not disposed, as they are encoded, and in each worker of the images
   * in which they are. Of the latter the least recently used are dropped, and made again when they are needed. @default 64 MiB
   */
  readonly maxPreparedBytes?: number;
  /**
   * Shared memory in which `run` keeps the VMs of handlers that wait for an extension, in bytes: some 0.5 MiB each, so that
   * an answer costs little. It is allocated when it is needed. Handlers that find no room wait as a few KB, and go on
   * more slowly; 0 for all of them.
   *
   * @default 64 MiB
   */
  readonly maxLiveBytes?: number;
  /**
   * Libraries for handlers, available as `$lib.<name>`: installed packages by their names, files, or texts. They are evaluated once, while
   * the base image is built. Packages need the package esbuild beside this one.
   *
   * @example { lodash: 'lodash', own: { source: 'exports.double = (n) => 2 * n' } }
   * @default none
   */
  readonly libraries?: Readonly<Record<string, LibraryOption>>;
}

/** The option `node`. */
export interface NodeCompatibilityOptions {
  /** `process.env` of handlers, frozen: at most 65,536 characters in all. Every handler can read it. @default {} */
  readonly env?: Readonly<Record<string, string>>;
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
   * Limits how many additional values a walk over a result visits. An object that occurs several times in a
   * result stays one object, so a small result can have so many paths that a walk would not end. The limit
   * covers arrays, objects, Maps and Sets in the return value, state mutations, events, view commands,
   * arguments of calls and errors together. A result in which no object occurs twice has no additional
   * visits. @default 1,000,000
   */
  readonly maxResultPaths?: number;
  /**
   * Instructions of a handler, all its segments together: RESOURCE_LIMIT. What counts are calls and jumps back, as the engine executes them:
   * the same program with the same input has the same count on every machine and every Node, alone or beside others. It is checked after
   * every 10,000, so a handler may pass it by 9,999.
   *
   * @default no limit
   */
  readonly maxInstructions?: number;
  /**
   * Time in the VM of a handler, all its segments together, in milliseconds: TIMEOUT. It counts what `timeoutMs` counts, for the whole of
   * a `run`, or of a handler that is suspended and resumed. Waiting does not count. @default no limit
   */
  readonly maxCpuMs?: number;
  /** Timers that a handler may have set at the same time: RESOURCE_LIMIT. @default 100 */
  readonly maxTimers?: number;
  /** The longest timer of a handler, in milliseconds: RESOURCE_LIMIT. @default 2,592,000,000 (30 days) */
  readonly maxSleepMs?: number;
}

export interface SuspensionOptions {
  /**
   * Directory for suspended handlers, relative to the working directory. They outlive the process, and any
   * process that shares the directory can resume them. Unlike `cacheDir`, its content cannot be recreated.
   *
   * @default none: they are kept in memory
   */
  readonly suspensionDir?: string;
  /**
   * Your own store, for example in a database. Cannot be combined with `suspensionDir`. Several runtimes may have the same one. Who made it
   * closes it, after `shutdown()`. @default none
   */
  readonly suspensionStore?: SuspensionStore;
  /**
   * Secret that encrypts suspended handlers, which contain user data; at least 16 bytes. Without one, they
   * carry an HMAC with a key in the store: anyone who can read the store can read them, and anyone who can
   * write to it can change them.
   *
   * If there are several, the first one seals and all of them open: put a new one first, and remove the old
   * one after `suspensionTtlMs`.
   *
   * @default none
   */
  readonly suspensionSecret?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** How long a handler may stay suspended, in milliseconds, up to 10 years. @default 604,800,000 (7 days) */
  readonly suspensionTtlMs?: number;
  /**
   * How long a process that resumes a handler may be silent, in milliseconds, before others may resume it: after a crash, this is how
   * long they wait. It is renewed three times as often. @default 30,000
   */
  readonly leaseMs?: number;
  /**
   * How long the outcome of a resume can be asked for again, in milliseconds. Outcomes take room until then, or until it is needed: see
   * `maxSuspendedBytes`. @default 86,400,000 (a day)
   */
  readonly outcomeRetentionMs?: number;
  /**
   * How often this process looks for handlers that expired and outcomes that are no longer kept, in milliseconds. It is up to a fifth
   * more often, so that many processes do not do it at the same moment. @default 60,000
   */
  readonly suspensionSweepMs?: number;
  /** Largest suspended handler, in bytes after compression. @default 32 MiB */
  readonly maxSuspensionBytes?: number;
  /**
   * Maximum number of waiting handlers, and of outcomes kept in addition. Further handlers end with
   * RESOURCE_LIMIT; the oldest outcomes make room. A number is the total of all tenants.
   *
   * @default 50,000 in memory, 1,000,000 in a directory or your own store; a quarter for each tenant
   */
  readonly maxSuspensions?: number | KeptBound;
  /**
   * Maximum bytes of all suspended handlers and recorded outcomes, as stored. Further handlers end with
   * RESOURCE_LIMIT; outcomes make room, the oldest first. A number is the total of all tenants.
   *
   * @default 256 MiB in memory, 16 GiB in a directory or your own store; a quarter for each tenant
   */
  readonly maxSuspendedBytes?: number | KeptBound;
}

/** A limit on what is kept of suspended handlers. */
export interface KeptBound {
  /** For all tenants together, including calls without a tenant. */
  readonly total?: number;
  /** For each tenant (see `ExecuteOptions.tenant`); at most `total`. @default a quarter of `total` */
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
  /**
   * The locale of `Intl` and of every `toLocaleString` where a handler names none, as a BCP 47 tag: `'de-DE'`. `ExecuteOptions.locale` changes
   * it for one call. @default 'en-US', whatever the environment of the process says
   */
  readonly locale?: string;
  /**
   * The time zone of `Date`, and of `Intl` where a handler names none, by its IANA name: `'Europe/Berlin'`. `ExecuteOptions.timeZone` changes
   * it for one call. @default 'UTC', whatever the environment of the process says
   */
  readonly timeZone?: string;
  /**
   * Whether usage is added up by tenant and handler, for `getUsage()` and the metrics `usage_*`. It takes less than a microsecond for each
   * execution. @default true
   */
  readonly metering?: boolean | MeteringOptions;
  /**
   * What handlers and libraries have of Node: the globals `Buffer`, `process.env` with what is given here and nothing else, and `require` of
   * `libraries`. It is a library as the others: changing it changes the image, so that suspended handlers cannot be resumed.
   *
   * @default false
   */
  readonly node?: boolean | NodeCompatibilityOptions;
  /** What `fetch` of handlers may reach. They need capabilities `net:METHOD:HOST` as well. @default none: every request is refused */
  readonly network?: NetworkOptions;
  /** Asked before each call, and told after it what it used: `memoryQuota(…)`, or your own. @default none */
  readonly quota?: Quota;
  /**
   * Gives the handler of a name, as source or as an artifact, for runs that were started with `{ name }`: when the run begins, in whichever process
   * executes it. @default none: runs need their code
   */
  readonly resolveHandler?: (name: string) => string | Uint8Array | Promise<string | Uint8Array>;
  /**
   * Tells other processes what there is to do: {@link Dispatcher}, for example `bullmq(…)` of `nexus-runtime/bullmq`. `start`, `completeCall` and
   * `cancel` hand tasks to it, and `work` takes them from it. The processes share a `suspensionStore` and a `suspensionSecret` as well. Who made
   * it closes it, after `shutdown()`.
   *
   * @default none: who works looks into the store
   */
  readonly dispatcher?: Dispatcher;
  /** @default none */
  readonly observer?: RuntimeObserver;
  /** Receives traces of calls, for example `openTelemetry()` of `nexus-runtime/otel`. @default none */
  readonly tracing?: Tracing;
}
