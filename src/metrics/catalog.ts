import { CACHE_TIERS } from '../api/observing/execution-metrics.js';
import { KILL_LAYERS } from '../api/observing/observer.js';
import { REJECTION_REASONS } from '../cache/file-tier.js';
import { REJECTION_CODES, RESULT_CODES } from '../errors/codes.js';
import { RETIREMENT_REASONS } from '../protocol/retirement.js';

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** The names of its labels with their values; empty for values that are not known in advance. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds, in the unit of the metric's name. */
  readonly buckets?: readonly number[];
  /**
   * How values of several processes, or of several runtimes in one process, are combined. Default: they are
   * added.
   */
  readonly aggregator?: 'average';
  /** For the operations page: what to do when the value changes. */
  readonly advice: string;
}

/** From 50 µs, a warm handler, to 10 s, more than the default timeout. Seconds. */
const DURATIONS = [50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3, 0.1, 0.5, 1, 2.5, 5, 10];
const KIB = 1024;
const MIB = 1024 * KIB;
/** From the least to the most memory of a VM. Bytes. */
const MEMORY_SIZES = [2, 4, 8, 16, 24, 32, 64, 128, 256, 512, 1024, 2048].map((size) => size * MIB);
const SUSPENSION_SIZES = [KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB, 16 * MIB, 32 * MIB];

const STATUSES = ['success', 'suspended', 'error'];
const CODES = [...new Set([...Object.keys(RESULT_CODES), ...Object.keys(REJECTION_CODES)])];
const TIERS = CACHE_TIERS;
const OWN_TIERS = ['memory', 'disk'] as const;
export const RUN_OUTCOMES = ['completed', 'failed', 'cancelled'] as const;
export const TASK_KINDS = ['run', 'call'] as const;
const KEPT_STATES = ['waiting', 'outcome'] as const;

const DIRECTIONS = ['in', 'out'] as const;

/**
 * All metrics, without their prefix. The exposition, its tests and docs/metrics.md are generated from this
 * table.
 *
 * With `metrics.handlerLabel`, those whose names start with `handler_executions` or `handler_duration` also
 * have a label `handler`. With `metrics.tenantLabel`, those whose names start with `usage_` also have a label `tenant`.
 */
export const METRICS = {
  handler_executions_total: {
    type: 'counter',
    help: 'Executions that returned a result, by status; each segment of a suspended handler counts as one.',
    labels: { status: STATUSES },
    advice:
      'If it drops to 0 while calls arrive, look at `pool_instances` and `handler_errors_total`. If the share of `error` rises, look at the codes.',
  },
  handler_duration_seconds: {
    type: 'histogram',
    help: 'Time in the VM of executions that a worker started.',
    labels: {},
    buckets: DURATIONS,
    advice: 'It depends on the handlers. If all buckets move, there are fewer cores than `maxInstances`.',
  },
  handler_queue_seconds: {
    type: 'histogram',
    help: 'Time from the call to its start on a worker, without compilation.',
    labels: {},
    buckets: DURATIONS,
    advice:
      'More than some milliseconds means that there is more work than workers. Raise `maxInstances` up to the number of cores, or run more processes.',
  },
  handler_errors_total: {
    type: 'counter',
    help: 'Calls that ended with an error, in a result or as a rejection, by code.',
    labels: { code: CODES },
    advice:
      'Each code says whose fault it is: that of the handler, the caller or the host. Always investigate INTERNAL_ERROR.',
  },
  handler_kills_total: {
    type: 'counter',
    help: 'Executions that timed out, by the layer that stopped them.',
    labels: { layer: KILL_LAYERS },
    advice:
      'Each `watchdog` costs a worker: find the handler in `onKill`. If many handlers are stopped, `timeoutMs` is too short or there are too few cores.',
  },
  cache_hits_total: {
    type: 'counter',
    help: 'Lookups of compiled handlers and of application artifacts that a tier answered.',
    labels: { tier: TIERS },
    advice:
      'Many `disk` hits in a long-running process mean that `maxCacheSizeBytes` is too small for the handlers in use.',
  },
  cache_misses_total: {
    type: 'counter',
    help: 'Lookups of compiled handlers and of application artifacts that no tier answered.',
    labels: {},
    advice:
      'It should stop rising when all handlers have been used. Otherwise sources change at every call, or both tiers are too small.',
  },
  cache_hit_rate: {
    type: 'gauge',
    help: 'Hits divided by lookups since the start, 0 to 1; 0 before the first lookup.',
    labels: {},
    aggregator: 'average',
    advice:
      'For alerts, use the rates of hits and misses over a window instead, because this value includes the start.',
  },
  cache_evictions_total: {
    type: 'counter',
    help: 'Entries that were removed to make room.',
    labels: { tier: OWN_TIERS },
    advice: 'If it rises together with misses, raise the size of the tier.',
  },
  cache_rejections_total: {
    type: 'counter',
    help: 'Entries of the disk cache and of the remote one that were refused, by the failed check.',
    labels: { reason: REJECTION_REASONS },
    advice:
      '`mac` means another secret, damage or forgery. `file` means that others can write to the directory: find out who does. `engine` is expected after an update. All other reasons mean damage.',
  },
  cache_remote_failures_total: {
    type: 'counter',
    help: 'Lookups and writes of the remote cache that failed, or had no answer in time.',
    labels: { operation: ['read', 'write'] },
    advice:
      'Handlers are compiled instead. After five in a row it is off for ten seconds. If it stays so, look at the server and at the network to it.',
  },
  cache_size_bytes: {
    type: 'gauge',
    help: 'Size of the entries in a tier of this machine.',
    labels: { tier: OWN_TIERS },
    advice: 'A tier at its limit is full, which is harmless by itself.',
  },
  compile_duration_seconds: {
    type: 'histogram',
    help: 'Time of compilations, including the wait for a worker.',
    labels: {},
    buckets: DURATIONS,
    advice: 'High values come from large sources or from waiting for a worker: precompile handlers in the build.',
  },
  pool_instances: {
    type: 'gauge',
    help: 'Workers by state.',
    labels: { state: ['busy', 'idle', 'starting'] },
    advice: '`busy` at `maxInstances` for long is saturation. If `starting` stays above 0, workers fail to start.',
  },
  pool_queue_depth: {
    type: 'gauge',
    help: 'Executions waiting for a worker.',
    labels: {},
    advice: 'A value that stays above 0 is saturation. Near `maxQueue`, calls will soon be rejected.',
  },
  pool_instances_retired_total: {
    type: 'counter',
    help: 'Workers, and VMs in them, that were given up, by reason.',
    labels: { reason: RETIREMENT_REASONS },
    advice:
      '`crashed` and `start` are problems of the host: look at memory and logs. `grown` and `out_of_memory` come from handlers that use much memory.',
  },
  pool_memory_bytes: {
    type: 'gauge',
    help: 'Linear memory of all VMs in the workers, including those for compiling, and shared memory of runs that wait.',
    labels: {},
    advice:
      'Part of RSS, but not of the heap that process.memoryUsage() reports. It grows with the number of workers, and when large sources are compiled.',
  },
  memory_peak_bytes: {
    type: 'histogram',
    help: 'Size of the VM after an execution.',
    labels: {},
    buckets: MEMORY_SIZES,
    advice: 'Executions in the `memoryLimitBytes` bucket are close to the limit.',
  },
  suspensions_active: {
    type: 'gauge',
    help: 'Waiting handlers that this process suspended, as far as it knows.',
    labels: {},
    advice:
      'If it keeps rising, the handlers are not resumed. What other processes resume is noticed when the store is counted: with every sweep of a directory, every ten minutes in a store of your own.',
  },
  suspension_size_bytes: {
    type: 'histogram',
    help: 'Stored size of a suspended handler.',
    labels: {},
    buckets: SUSPENSION_SIZES,
    advice: 'Large handlers hold much data while they wait: let them keep ids and fetch the data again.',
  },
  suspension_store_handlers: {
    type: 'gauge',
    help: 'Waiting handlers and recorded outcomes in the store, as far as this process knows.',
    labels: { state: KEPT_STATES },
    advice:
      'If `waiting` is near `maxSuspensions`, handlers will soon be refused. All processes that share a store show the same value: do not add them up.',
  },
  suspension_store_bytes: {
    type: 'gauge',
    help: 'Bytes in the store, as far as this process knows.',
    labels: { state: KEPT_STATES },
    advice:
      'A sum near `maxSuspendedBytes` is fine as long as it includes `outcome`, because outcomes make room. If `waiting` alone is near it, handlers will soon be refused.',
  },
  suspension_rejections_total: {
    type: 'counter',
    help: 'Handlers that ended with RESOURCE_LIMIT because there was no room to keep them, by the bound that was reached.',
    labels: { reason: ['total', 'tenant'] },
    advice:
      '`tenant`: one tenant keeps too many handlers; others are not affected. `total`: resume or cancel some, or raise `maxSuspensions` or `maxSuspendedBytes`.',
  },
  suspension_outcome_evictions_total: {
    type: 'counter',
    help: 'Recorded outcomes that were deleted early to make room.',
    labels: {},
    advice:
      'Callers that ask for a deleted outcome get SUSPENSION_NOT_FOUND. Raise `maxSuspendedBytes` if this happens.',
  },
  suspensions_expired_total: {
    type: 'counter',
    help: 'Suspended handlers that were not resumed in time.',
    labels: {},
    advice: 'Answers get lost, or `suspensionTtlMs` is shorter than the time that answers take.',
  },
  runs_started_total: {
    type: 'counter',
    help: 'Runs that were started in this process: stored, and not begun by anybody before.',
    labels: {},
    advice:
      'If it rises faster than `runs_ended_total` of all processes, runs pile up: add workers, or see what they wait for.',
  },
  runs_ended_total: {
    type: 'counter',
    help: 'Runs that ended in this process, by outcome.',
    labels: { outcome: RUN_OUTCOMES },
    advice: 'If the share of `failed` rises, `onEnd` has the errors.',
  },
  runs_working: {
    type: 'gauge',
    help: 'Runs that this process is executing, or makes calls for.',
    labels: {},
    advice: 'At `concurrency` of `work`, further runs wait: raise it, or add workers.',
  },
  runs_due: {
    type: 'gauge',
    help: 'Runs of a deployment that are due and that no process has, up to 1,000; counted when metrics are read, where there is a dispatcher or a worker.',
    labels: { deployment: [] },
    aggregator: 'average',
    advice:
      'Scale executors by it. All processes of a deployment show the same value: take `max`, do not add them up. If it does not fall, there are too few executors, or none of that deployment.',
  },
  runs_due_lag_seconds: {
    type: 'gauge',
    help: 'For how long this process has seen a run of the deployment due that no process takes.',
    labels: { deployment: [] },
    aggregator: 'average',
    advice:
      'More than a few seconds with idle executors means that the queue loses tasks; with busy ones, that there are too few.',
  },
  runs_postponed_total: {
    type: 'counter',
    help: 'Times that a run could not go on, and was given back to be tried again.',
    labels: {},
    advice: '`onEffects` or `onEnd` throw, the store fails, or a run is damaged: `handler_errors_total` has the codes.',
  },
  releases_failed_total: {
    type: 'counter',
    help: 'Claims on suspended handlers and runs that the store did not take back in half a second.',
    labels: {},
    advice: 'The store fails: the warning `NEXUS_STORE` says how. They wait until it answers.',
  },
  tasks_total: {
    type: 'counter',
    help: 'Tasks of the dispatcher that this process handled, those included that were done already.',
    labels: { kind: TASK_KINDS },
    advice: 'If it stops while `runs_found_total` rises, the queue is empty or away: look at its server.',
  },
  tasks_unsent_total: {
    type: 'counter',
    help: 'Tasks that the dispatcher did not take, or not in time.',
    labels: {},
    advice: 'Nothing is lost: runs are found in the store, seconds later. Look at the server of the queue.',
  },
  runs_found_total: {
    type: 'counter',
    help: 'Runs that were due and that no task came for: this process found them in the store.',
    labels: {},
    advice:
      'A few are timers of more than ten minutes, and what died processes had. If it rises with every run, the queue loses tasks, or nothing hands them over: give `createRuntime` the dispatcher.',
  },
  usage_executions_total: {
    type: 'counter',
    help: 'Calls whose handler began in a worker.',
    labels: {},
    advice: 'With `metrics.tenantLabel` it shows who causes the load.',
  },
  usage_instructions_total: {
    type: 'counter',
    help: 'Instructions of handlers, as `maxInstructions` counts them.',
    labels: {},
    advice:
      'It measures work and is independent of the machine. Bound a handler with `maxInstructions`, a tenant with a `quota`.',
  },
  usage_cpu_seconds_total: {
    type: 'counter',
    help: 'Time of handlers in the VM.',
    labels: {},
    advice:
      'If it rises faster than the instructions, there are fewer cores than `maxInstances`, or handlers spend their time in native code.',
  },
  usage_bytes_total: {
    type: 'counter',
    help: 'Encoded bytes that handlers got, and that left their VMs.',
    labels: { direction: DIRECTIONS },
    advice:
      'Copying and checking bytes takes time on the main thread: pass less state, or bound it with `maxContextBytes` and `maxResultBytes`.',
  },
  usage_calls_total: {
    type: 'counter',
    help: 'Calls of extensions by handlers.',
    labels: {},
    advice: 'Each one is work of the application. Bound a run with `maxCalls`.',
  },
  usage_stored_byte_hours_total: {
    type: 'counter',
    help: 'Bytes of suspended handlers multiplied by the hours in the store, counted when they leave it.',
    labels: {},
    advice: 'Handlers wait long, or hold much data while they wait.',
  },
  resume_duration_seconds: {
    type: 'histogram',
    help: 'Time of resumeHandler from the call to the recorded outcome.',
    labels: {},
    buckets: DURATIONS,
    advice: 'The time beyond `handler_duration_seconds` is spent in the store: its directory, its disk.',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

/** Names of all labels, which default labels must not use. */
export const LABEL_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(METRICS).flatMap(({ labels }) => Object.keys(labels)),
  'handler',
  'tenant',
  'le',
]);
