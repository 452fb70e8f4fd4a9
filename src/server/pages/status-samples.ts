import type { RecentError } from '../../api/observing/recent-error.js';
import type { WorkerStatus } from '../../api/observing/worker-status.js';
import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import type { StatusErrors, StatusFrame, StatusNow, StatusTenants, TenantNow } from './contract.js';

const MAX_WORKERS = 64;
const MAX_TENANTS = 200;
const MAX_NAME = 200;

export type ServerFigures = StatusNow['server'];

/** What a sample is made of. */
export interface SampleParts {
  readonly stats: ReturnType<NexusRuntime['getStats']>;
  readonly frame: StatusFrame;
  readonly workers: readonly WorkerStatus[];
  readonly server: ServerFigures;
  readonly uptimeMs: number;
  readonly due: number | undefined;
  readonly mostDue: number;
}

export function statusNow({ stats, frame, workers, server, uptimeMs, due, mostDue }: SampleParts): StatusNow {
  const { memory, disk, remote, misses, compilations, hitRate } = stats.cache;
  const { activeInstances: busy, availableInstances: idle, startingInstances: starting } = stats;
  return {
    frame,
    uptimeMs: Math.round(uptimeMs),
    executions: stats.totalExecutions,
    errors: stats.errors as StatusNow['errors'],
    kills: stats.kills,
    retirements: stats.retirements,
    pool: { busy, idle, starting },
    workers: workers.slice(0, MAX_WORKERS).map(({ id, state, handlerName, tenant, runningMs, memoryBytes }) => ({
      ...{ id, state, memoryBytes },
      ...(handlerName !== undefined && { handler: cut(handlerName) }),
      ...(tenant !== undefined && { tenant: cut(tenant) }),
      ...(runningMs !== undefined && { runningMs: Math.round(runningMs * 100) / 100 }),
    })),
    vmBytes: stats.totalMemoryBytes,
    cache: {
      ...{ hitRate, misses, compilations },
      tiers: [
        {
          name: 'memory',
          entries: memory.entries,
          bytes: memory.bytes,
          hits: memory.hits,
          evictions: memory.evictions,
        },
        {
          ...{ name: 'disk', entries: disk.entries, bytes: disk.bytes, hits: disk.hits, evictions: disk.evictions },
          rejections: total(disk.rejections),
        },
        { name: 'remote', hits: remote.hits, rejections: total(remote.rejections) },
      ],
    },
    suspended: {
      here: stats.suspendedExecutions,
      waiting: stats.suspensionStore.waiting,
      bytes: stats.suspensionStore.waitingBytes,
    },
    runs: { ...stats.runs, ended: stats.runs.ended as StatusNow['runs']['ended'], ...(due !== undefined && { due }) },
    mostDue,
    server,
  };
}

/** The tenants that used most. Without metering there are none. */
export function tenantsNow(runtime: NexusRuntime): StatusTenants {
  let usage: ReturnType<NexusRuntime['getUsage']>;
  try {
    usage = runtime.getUsage();
  } catch {
    return { tenants: [], total: 0 };
  }
  const tenants = usage.tenants.map(
    ({ tenant, isOthers, executions, errors, instructions, cpuUs, handlers }): TenantNow => ({
      ...(tenant !== undefined && { tenant: cut(tenant) }),
      ...(isOthers && { isOthers }),
      ...{ executions, errors, instructions, cpuUs, handlers: handlers.length },
    }),
  );
  tenants.sort((a, b) => b.cpuUs - a.cpuUs);
  return { tenants: tenants.slice(0, MAX_TENANTS), total: tenants.length };
}

/**
 * Errors that a reader has not been told of.
 *
 * @param told by id, how often each had happened; it is brought up to date
 * @returns undefined if there are none
 */
export function errorsNow(errors: readonly RecentError[], told: Map<number, number>): StatusErrors | undefined {
  const changed = errors.filter(({ id, count }) => told.get(id) !== count);
  if (changed.length === 0) return undefined;
  told.clear();
  for (const { id, count } of errors) told.set(id, count);
  return {
    errors: changed.map(({ id, code, message, count, firstAt, lastAt, handlerName, tenant, location, snippet }) => ({
      ...{ id, code, message, count, firstAt: firstAt.getTime(), lastAt: lastAt.getTime() },
      ...(handlerName !== undefined && { handler: handlerName }),
      ...(tenant !== undefined && { tenant }),
      ...(location && { line: location.line, column: location.column }),
      ...(location?.file !== undefined && { file: location.file }),
      ...(snippet !== undefined && { snippet }),
    })),
  };
}

export function total(counts: Readonly<Record<string, number | undefined>>): number {
  return Object.values(counts).reduce<number>((sum, count = 0) => sum + count, 0);
}

function cut(name: string): string {
  return name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME - 1)}…`;
}
