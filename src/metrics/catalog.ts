import { KILL_LAYERS } from '../api/observer.js';
import { REJECTION_REASONS } from '../cache/file-tier.js';
import { REJECTION_CODES, RESULT_CODES } from '../errors/codes.js';
import { RETIREMENT_REASONS } from '../protocol/retirement.js';

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Names of its labels, and which values they have; empty for those that are found out as they come. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds, in the unit of its name. */
  readonly buckets?: readonly number[];
  /** How values of several processes, or of several runtimes in one, make one. Default: they are added. */
  readonly aggregator?: 'average';
  /** For the operations page: what to do when it moves. */
  readonly advice: string;
}

/** From 50 µs, a warm handler, to 10 s, beyond the default timeout. Seconds. */
const DURATIONS = [50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3, 0.1, 0.5, 1, 2.5, 5, 10];
const KIB = 1024;
const MIB = 1024 * KIB;
/** From the least that a VM takes to the most that it may. Bytes. */
const MEMORY_SIZES = [2, 4, 8, 16, 24, 32, 64, 128, 256, 512, 1024, 2048].map((size) => size * MIB);
const SUSPENSION_SIZES = [KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB, 32 * MIB];

const STATUSES = ['success', 'suspended', 'error'];
const CODES = [...new Set([...Object.keys(RESULT_CODES), ...Object.keys(REJECTION_CODES)])];
const TIERS = ['memory', 'disk'] as const;
const KEPT_STATES = ['waiting', 'outcome'] as const;

/**
 * Every metric, without its prefix. The exposition, its tests and docs/metrics.md are made from this table.
 *
 * With `metrics.handlerLabel`, those whose name begins with `handler_executions` or `handler_duration` have a label `handler`, too.
 */
export const METRICS = {
  handler_executions_total: {
    type: 'counter',
    help: 'Executions that gave a result, by its status; each segment of a handler that waits is one.',
    labels: { status: STATUSES },
    advice:
      'A drop to nothing while calls come: look at `pool_instances` and `handler_errors_total`. A rising share of `error`: by code.',
  },
  handler_duration_seconds: {
    type: 'histogram',
    help: 'Time in the VM, of executions that a worker began.',
    labels: {},
    buckets: DURATIONS,
    advice: 'It moves with the handlers. When all of it moves, the workers have fewer cores than `maxInstances`.',
  },
  handler_queue_seconds: {
    type: 'histogram',
    help: 'Time from the call to its start on a worker, compilation excluded.',
    labels: {},
    buckets: DURATIONS,
    advice:
      'Above some milliseconds: more work than workers. Raise `maxInstances` up to the cores, or run more processes.',
  },
  handler_errors_total: {
    type: 'counter',
    help: 'Calls that ended with an error, a result or a rejection, by its code.',
    labels: { code: CODES },
    advice:
      "Each code says whose fault it is: the handler's, the caller's or the host's. INTERNAL_ERROR is always worth a look.",
  },
  handler_kills_total: {
    type: 'counter',
    help: 'Executions whose time was over, by what stopped them.',
    labels: { layer: KILL_LAYERS },
    advice:
      '`watchdog` costs a worker each: find the handler in `onKill`. Many of all: `timeoutMs` is short, or there are too few cores.',
  },
  cache_hits_total: {
    type: 'counter',
    help: 'Lookups of compiled handlers, and of artifacts of the application, that a tier answered.',
    labels: { tier: TIERS },
    advice: 'Many of `disk` in a process that is long up: `maxCacheSizeBytes` is too small for the handlers in use.',
  },
  cache_misses_total: {
    type: 'counter',
    help: 'Lookups of compiled handlers, and of artifacts of the application, that no tier could answer.',
    labels: {},
    advice:
      'It should stop rising once all handlers were seen. If not: sources that change at every call, or both tiers are too small.',
  },
  cache_hit_rate: {
    type: 'gauge',
    help: 'Hits over lookups since the start, 0 to 1; 0 before the first.',
    labels: {},
    aggregator: 'average',
    advice: 'For alerts, take the rate of hits and misses over a window; this one remembers the start.',
  },
  cache_evictions_total: {
    type: 'counter',
    help: 'Entries that made room for others.',
    labels: { tier: TIERS },
    advice: "Rising together with misses: raise the tier's size.",
  },
  cache_rejections_total: {
    type: 'counter',
    help: 'Files of the disk cache that were not let in, by the check that failed.',
    labels: { reason: REJECTION_REASONS },
    advice:
      '`mac` means another secret, damage or forgery, `file` that somebody else can write there: look at who does. Others: damage.',
  },
  cache_size_bytes: {
    type: 'gauge',
    help: 'Size of what a tier holds.',
    labels: { tier: TIERS },
    advice: 'At its bound it is full, which is fine by itself.',
  },
  compile_duration_seconds: {
    type: 'histogram',
    help: 'Time of a compilation that no tier could spare, waiting for a worker included.',
    labels: {},
    buckets: DURATIONS,
    advice: 'Long ones are large sources, or compilations that wait: precompile them in the build.',
  },
  pool_instances: {
    type: 'gauge',
    help: 'Workers by what they do.',
    labels: { state: ['busy', 'idle', 'starting'] },
    advice:
      '`busy` at `maxInstances` for long: saturation. `starting` that does not go away: workers that do not come up.',
  },
  pool_queue_depth: {
    type: 'gauge',
    help: 'Executions that wait for a worker.',
    labels: {},
    advice: 'Standing above 0: saturation. Near `maxQueue`: calls are about to be rejected.',
  },
  pool_instances_retired_total: {
    type: 'counter',
    help: 'Workers, and VMs in them, that were given up, by the reason.',
    labels: { reason: RETIREMENT_REASONS },
    advice:
      "`crashed` and `start` are the host's: look at memory and logs. `grown`, `out_of_memory`: handlers that take much memory.",
  },
  pool_memory_bytes: {
    type: 'gauge',
    help: 'Linear memory of all VMs in the workers, those included that compile.',
    labels: {},
    advice:
      'Part of RSS, not of the heap that process.memoryUsage() shows. It grows with the workers, and where large sources are compiled.',
  },
  memory_peak_bytes: {
    type: 'histogram',
    help: 'Size of the VM after an execution.',
    labels: {},
    buckets: MEMORY_SIZES,
    advice: 'Executions in the bucket of `memoryLimitBytes` are near their limit.',
  },
  suspensions_active: {
    type: 'gauge',
    help: 'Handlers that this process suspended and that have not ended, as far as it knows.',
    labels: {},
    advice:
      'Rising for ever: nobody resumes them, or other processes that share the store do. See which in `listSuspensions()`.',
  },
  suspension_size_bytes: {
    type: 'histogram',
    help: 'Size of a suspended handler as it is kept.',
    labels: {},
    buckets: SUSPENSION_SIZES,
    advice: 'Large ones hold much data while they wait: let them keep ids and fetch the rest again.',
  },
  suspension_store_handlers: {
    type: 'gauge',
    help: 'What the store keeps, as far as this process knows: handlers that wait, and recorded outcomes.',
    labels: { state: KEPT_STATES },
    advice:
      '`waiting` near `maxSuspensions`: handlers are about to be refused. Processes that share a store all show the same: do not add them.',
  },
  suspension_store_bytes: {
    type: 'gauge',
    help: 'Bytes of what the store keeps, as far as this process knows.',
    labels: { state: KEPT_STATES },
    advice:
      'Both near `maxSuspendedBytes` is fine as long as `outcome` is a part of it: outcomes make room. `waiting` alone near it: handlers are about to be refused.',
  },
  suspension_rejections_total: {
    type: 'counter',
    help: 'Handlers that ended with RESOURCE_LIMIT because there was no room to keep them, by the bound that was reached.',
    labels: { reason: ['total', 'tenant'] },
    advice:
      '`tenant`: one tenant keeps too many, and harms no other. `total`: resume or cancel some, or raise `maxSuspensions` or `maxSuspendedBytes`.',
  },
  suspension_outcome_evictions_total: {
    type: 'counter',
    help: 'Recorded outcomes that were forgotten before their time, to make room.',
    labels: {},
    advice: 'Callers that ask again later than that get SUSPENSION_NOT_FOUND. Raise `maxSuspendedBytes` if they do.',
  },
  suspensions_expired_total: {
    type: 'counter',
    help: 'Suspended handlers that nobody resumed in time.',
    labels: {},
    advice: 'Answers get lost, or `suspensionTtlMs` is shorter than what people take.',
  },
  resume_duration_seconds: {
    type: 'histogram',
    help: 'Time of resumeHandler from the call to the recorded outcome.',
    labels: {},
    buckets: DURATIONS,
    advice: 'Beyond `handler_duration_seconds` it is the store: its directory, its disk.',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

/** Names of all labels: nobody else's must be among them. */
export const LABEL_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(METRICS).flatMap(({ labels }) => Object.keys(labels)),
  'handler',
  'le',
]);
