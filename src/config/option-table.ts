import { availableParallelism } from 'node:os';

import type { RuntimeOptions } from '../api/options.js';
import { NO_LIMIT } from './defaults.js';
import { MAX_STACK_SIZE_BYTES, MAX_TIMER_MS, MIN_MEMORY_LIMIT_BYTES } from './limits.js';
import { DEFAULT_SETTINGS } from './locale.js';
import type { OptionDescriptor, OptionGroup } from './option-descriptor.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const DAY_MS = 24 * 60 * 60 * 1000;

const cache = {
  cacheDir: {
    kind: 'path',
    group: 'cache',
    // Beside the program, so that a checkout keeps its cache and a container can mount a volume there.
    fallback: '.nexus-cache',
    orFalse: true,
    doc: 'directory of the disk tier; `false` for none',
  },
  maxCacheSizeBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'cache',
    // Room for some ten thousand handlers of usual size.
    fallback: 64 * MIB,
    doc: 'limit of the memory tier',
  },
  maxDiskCacheSizeBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'cache',
    // Below the 128 MiB of the Kubernetes volume in our example: a volume over its limit evicts the pod.
    fallback: 96 * MIB,
    doc: 'limit of the disk tier',
  },
  cacheSecret: {
    kind: 'secrets',
    group: 'cache',
    doc: 'HMAC key of artifacts, at least 16 bytes; the first of several seals',
  },
  remoteCache: {
    kind: 'object',
    group: 'cache',
    doc: 'a cache that machines share, asked after memory and disk; it needs a `cacheSecret`',
  },
  maxSourceBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'cache',
    // The bundled TypeScript compiler has 9 MB; a handler is not larger by accident.
    fallback: 16 * MIB,
    min: 1,
    max: 128 * MIB,
    doc: 'longest source, in UTF-8',
  },
  wrap: {
    kind: 'object',
    group: 'cache',
    doc: 'code around each handler: `{ prologue, epilogue }`',
  },
  source: {
    kind: 'switch',
    group: 'cache',
    // Errors without the lines of their author help nobody.
    fallback: true,
    doc: 'whether sources and source maps are kept with the bytecode, for errors',
  },
  modules: {
    kind: 'object',
    group: 'cache',
    doc: 'what handlers may import: `{ from, files, packages, hoist, lock }`',
  },
} satisfies Readonly<Record<string, OptionDescriptor>>;

const pool = {
  maxInstances: {
    kind: 'number',
    unit: 'count',
    group: 'pool',
    // Execution is CPU-bound: more workers than cores only add memory.
    fallback: availableParallelism(),
    byDefault: 'available cores',
    min: 1,
    max: 1024,
    doc: 'most workers',
  },
  minInstances: {
    kind: 'number',
    unit: 'count',
    group: 'pool',
    // One, so that the first execution does not wait for a thread to start.
    fallback: 1,
    min: 1,
    max: 1024,
    doc: 'fewest workers, at most `maxInstances`',
  },
  idleTimeoutMs: {
    kind: 'number',
    unit: 'ms',
    group: 'pool',
    // Long enough to bridge gaps in a normal load, short enough to release memory.
    fallback: 30_000,
    max: MAX_TIMER_MS,
    doc: 'how long a worker above `minInstances` may idle',
  },
  maxQueue: {
    kind: 'number',
    unit: 'count',
    group: 'pool',
    // At 50 µs each, a full queue is 50 ms of work per core.
    fallback: 1_000,
    doc: 'executions that may wait for a worker',
  },
  maxQueuePerTenant: {
    kind: 'number',
    unit: 'count',
    group: 'pool',
    byDefault: 'half of `maxQueue`',
    doc: 'executions of one tenant that may wait',
  },
  maxInstancesPerTenant: {
    kind: 'number',
    unit: 'count',
    group: 'pool',
    byDefault: 'all but one, at least one',
    min: 1,
    max: 1024,
    doc: 'workers that one tenant may use at the same time',
  },
  queueTimeoutMs: {
    kind: 'number',
    unit: 'ms',
    group: 'pool',
    // A caller may have its own deadline, and a batch job has none.
    fallback: Number.POSITIVE_INFINITY,
    byDefault: 'no limit',
    min: 1,
    max: MAX_TIMER_MS,
    doc: 'how long an execution may wait for a worker',
  },
  killGraceMs: {
    kind: 'number',
    unit: 'ms',
    group: 'pool',
    // For a handler in a native loop, which the interrupt cannot stop.
    fallback: 250,
    max: MAX_TIMER_MS,
    doc: 'additional time after `timeoutMs` before the worker is terminated',
  },
  retryOnCrash: {
    kind: 'switch',
    group: 'pool',
    // A handler that killed one worker is likely to kill the next.
    fallback: false,
    doc: 'whether an execution whose worker dies is repeated once',
  },
  compileTimeoutMs: {
    kind: 'number',
    unit: 'ms',
    group: 'pool',
    // The 9 MB TypeScript compiler takes less than one second.
    fallback: 10_000,
    min: 1,
    max: MAX_TIMER_MS,
    doc: 'how long a compilation may take',
  },
  isolation: {
    kind: 'choice',
    values: ['handler', 'shared'],
    group: 'pool',
    // A caller that names no tenant has not said that its handlers may see each other's data.
    fallback: 'handler',
    doc: 'whether memory is wiped between handlers that have no tenant',
  },
  memoryLimitBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'pool',
    // Some fifty times the initial memory of an execution.
    fallback: 32 * MIB,
    min: MIN_MEMORY_LIMIT_BYTES,
    max: 2 * GIB,
    multipleOf: 64 * KIB,
    doc: "a VM's linear memory",
  },
  stackSizeBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'pool',
    // Some 3,000 frames of plain recursion.
    fallback: 512 * KIB,
    min: 64 * KIB,
    max: MAX_STACK_SIZE_BYTES,
    doc: "a handler's stack",
  },
  maxPreparedBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'pool',
    // A value takes some four to eight times its encoded size in an image: ten of 1 MB.
    fallback: 64 * MIB,
    max: 2 * GIB,
    doc: 'prepared values: encoded on the main thread, and as images in each worker',
  },
  maxLiveBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'pool',
    // A hundred and twenty-eight VMs of usual size.
    fallback: 64 * MIB,
    max: GIB,
    doc: 'shared memory for the VMs of runs that wait; 0 for none',
  },
  libraries: {
    kind: 'object',
    group: 'pool',
    doc: 'libraries for all handlers, as `$lib.<name>`: packages, files or texts',
  },
} satisfies Readonly<Record<string, OptionDescriptor>>;

const limits = {
  timeoutMs: {
    kind: 'number',
    unit: 'ms',
    group: 'limits',
    fallback: 5_000,
    min: 1,
    max: MAX_TIMER_MS,
    doc: 'time in the VM',
  },
  maxHostCalls: { kind: 'number', unit: 'count', group: 'limits', fallback: 10_000, doc: 'effects of any kind' },
  maxStateMutations: { kind: 'number', unit: 'count', group: 'limits', fallback: 1_000, doc: 'changes of the state' },
  maxEvents: { kind: 'number', unit: 'count', group: 'limits', fallback: 100, doc: 'events' },
  maxViewCommands: { kind: 'number', unit: 'count', group: 'limits', fallback: 1_000, doc: 'view commands' },
  maxLogBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'limits',
    fallback: 64 * KIB,
    doc: 'all log messages together, in UTF-16 code units',
  },
  maxContextBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'limits',
    fallback: 8 * MIB,
    max: GIB,
    doc: 'state, arguments and scope together, encoded',
  },
  maxResultBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'limits',
    fallback: 8 * MIB,
    max: GIB,
    doc: 'everything that an execution returns, encoded',
  },
  maxResultPaths: {
    kind: 'number',
    unit: 'count',
    group: 'limits',
    // Walking so many values takes some 100 ms, and their JSON is as large as results may be.
    fallback: 1_000_000,
    doc: 'additional values that a walk over a result with shared objects visits',
  },
  maxInstructions: {
    kind: 'number',
    unit: 'count',
    group: 'limits',
    fallback: NO_LIMIT,
    byDefault: 'no limit',
    doc: 'instructions of a handler, all its segments together',
  },
  maxCpuMs: {
    kind: 'number',
    unit: 'ms',
    group: 'limits',
    fallback: NO_LIMIT,
    byDefault: 'no limit',
    min: 1,
    doc: 'time in the VM of a handler, all its segments together',
  },
  maxTimers: {
    kind: 'number',
    unit: 'count',
    group: 'limits',
    fallback: 100,
    // A suspended handler carries them all.
    max: 10_000,
    doc: 'timers that are set at the same time',
  },
  maxSleepMs: {
    kind: 'number',
    unit: 'ms',
    group: 'limits',
    fallback: 30 * DAY_MS,
    // Ten years.
    max: 3652 * DAY_MS,
    doc: 'longest timer',
  },
} satisfies Readonly<Record<string, OptionDescriptor>>;

const suspension = {
  suspensionDir: {
    kind: 'path',
    group: 'suspension',
    byDefault: 'none: in memory',
    doc: 'directory of suspended handlers',
  },
  suspensionStore: { kind: 'object', group: 'suspension', doc: 'your own store, in place of `suspensionDir`' },
  suspensionSecret: {
    kind: 'secrets',
    group: 'suspension',
    doc: 'encrypts suspended handlers, at least 16 bytes; the first of several seals',
  },
  suspensionTtlMs: {
    kind: 'number',
    unit: 'ms',
    group: 'suspension',
    // A week: any answer, also that of a person, has arrived by then or will not.
    fallback: 7 * DAY_MS,
    min: 1,
    // Ten years.
    max: 3652 * DAY_MS,
    doc: 'how long a handler may stay suspended',
  },
  leaseMs: {
    kind: 'number',
    unit: 'ms',
    group: 'suspension',
    // Renewed three times as often. Longer than a pause of the garbage collector, or of a machine that is moved.
    fallback: 30_000,
    min: 100,
    max: DAY_MS,
    doc: 'how long a process that resumes a handler may be silent before others may resume it',
  },
  outcomeRetentionMs: {
    kind: 'number',
    unit: 'ms',
    group: 'suspension',
    fallback: DAY_MS,
    // Ten years.
    max: 3652 * DAY_MS,
    doc: 'how long the outcome of a resume can be asked for again',
  },
  suspensionSweepMs: {
    kind: 'number',
    unit: 'ms',
    group: 'suspension',
    fallback: 60_000,
    min: 100,
    max: DAY_MS,
    doc: 'how often expired handlers and old outcomes are looked for, at the least',
  },
  maxSuspensionBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'suspension',
    // The default memory of a VM: compressed, any handler with that limit fits.
    fallback: 32 * MIB,
    max: GIB,
    doc: 'largest suspended handler, compressed',
  },
  maxSuspensions: {
    kind: 'number',
    unit: 'count',
    group: 'suspension',
    byDefault: '50,000 in memory, 1,000,000 in a store; a quarter for each tenant',
    doc: 'handlers that wait, or `{ total, perTenant }`',
  },
  maxSuspendedBytes: {
    kind: 'number',
    unit: 'bytes',
    group: 'suspension',
    byDefault: '256 MiB in memory, 16 GiB in a store; a quarter for each tenant',
    doc: 'suspended handlers and recorded outcomes together, or `{ total, perTenant }`',
  },
} satisfies Readonly<Record<string, OptionDescriptor>>;

const runtime = {
  metrics: {
    kind: 'object',
    onOrOff: true,
    group: 'runtime',
    byDefault: '`true`',
    doc: 'Prometheus metrics, on or off, or their options',
  },
  metering: {
    kind: 'object',
    onOrOff: true,
    group: 'runtime',
    byDefault: '`true`',
    doc: 'whether usage is added up by tenant and handler, or how much of it is kept',
  },
  resolveHandler: {
    kind: 'object',
    group: 'runtime',
    doc: 'gives the handler of a name, for runs that were started with `{ name }`',
  },
  dispatcher: {
    kind: 'object',
    group: 'runtime',
    doc: 'tells other processes what there is to do, for example `bullmq(…)`',
  },
  quota: { kind: 'object', group: 'runtime', doc: 'asked before each call, for example `memoryQuota(…)`' },
  node: {
    kind: 'object',
    group: 'runtime',
    onOrOff: true,
    // npm sets NODE to the path of Node.
    isPrefixed: true,
    byDefault: '`false`',
    doc: 'what handlers have of Node',
  },
  network: { kind: 'object', group: 'runtime', doc: 'what `fetch` of handlers may reach' },
  limitCeilings: {
    kind: 'object',
    group: 'runtime',
    byDefault: "the runtime's own limits",
    doc: 'how far a single execution may raise limits',
  },
  onLogOverflow: {
    kind: 'choice',
    values: ['cut', 'error'],
    group: 'runtime',
    fallback: 'cut',
    doc: 'whether a log over `maxLogBytes` is cut or an error',
  },
  locale: {
    kind: 'name',
    group: 'runtime',
    fallback: DEFAULT_SETTINGS.locale,
    doc: 'locale of handlers that name none',
  },
  timeZone: {
    kind: 'name',
    group: 'runtime',
    fallback: DEFAULT_SETTINGS.timeZone,
    doc: 'time zone of `Date`, and of handlers that name none',
  },
  observer: { kind: 'object', group: 'runtime', doc: 'listeners for events' },
  tracing: { kind: 'object', group: 'runtime', doc: 'receives traces of calls' },
} satisfies Readonly<Record<string, OptionDescriptor>>;

/**
 * Every option of `createRuntime`. What is known of an option is said here, once: `createRuntime` reads its
 * options by this table, `configFromEnv` its variables, and `docs/configuration.md` is made from it.
 */
export const OPTION_TABLE = {
  ...cache,
  ...pool,
  ...limits,
  ...suspension,
  ...runtime,
} satisfies { readonly [Name in keyof Required<RuntimeOptions>]: OptionDescriptor };

type Table = typeof OPTION_TABLE;
type NamesOf<Kind extends OptionDescriptor['kind']> = {
  [Name in keyof Table]: Table[Name] extends { readonly kind: Kind } ? Name : never;
}[keyof Table];

export type NumberName = NamesOf<'number'>;
export type SwitchName = NamesOf<'switch'>;
export type ChoiceName = NamesOf<'choice'>;

/** The names of the options of these groups, of all without any. */
export function optionNames(...groups: readonly OptionGroup[]): (keyof Table)[] {
  const names = Object.keys(OPTION_TABLE) as (keyof Table)[];
  return groups.length === 0 ? names : names.filter((name) => groups.includes(OPTION_TABLE[name].group));
}

/** The variable of an option, without the prefix `NEXUS_`. */
export function variableOf(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
