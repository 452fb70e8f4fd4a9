import type { ResultCode } from '../../errors/codes.js';
import type { CacheTierName, ExecutionMetrics, ExecutionStatus } from './execution-metrics.js';
import type { UsageCounts } from './usage.js';

/** The call to which an event belongs. */
export interface EventOrigin {
  readonly handlerName?: string;
  readonly panelId?: string;
  readonly tenant?: string;
}

/** An execution returned a result: it ended, or the handler waits. */
export interface ExecutionEvent extends EventOrigin {
  readonly status: ExecutionStatus;
  /** Present when `status` is `'error'`. */
  readonly code?: ResultCode;
  readonly metrics: ExecutionMetrics;
}

/** A handler was compiled, because no tier of the cache had it. */
export interface CompileEvent {
  readonly filename: string;
  /** From the request until the bytecode was available, in microseconds. */
  readonly durationUs: number;
  /** Present if it compiled. */
  readonly bytecodeBytes?: number;
  /** Present if it did not compile. */
  readonly code?: ResultCode;
}

/** A handler was suspended and is kept. */
export interface SuspensionEvent extends EventOrigin {
  readonly suspensionId: string;
  /** The stored size, in bytes. */
  readonly bytes: number;
  readonly expiresAt: Date;
}

/** A suspended handler was resumed, and the outcome was recorded. */
export interface ResumeEvent extends EventOrigin {
  readonly suspensionId: string;
  readonly status: ExecutionStatus;
  /** From the call to the recorded outcome, in microseconds. */
  readonly durationUs: number;
}

/** An operation of the compile cache. */
export interface CacheEvent {
  readonly kind: 'hit' | 'miss' | 'eviction' | 'rejection';
  /** Absent for a miss. */
  readonly tier?: CacheTierName;
  /** Absent for evictions from disk. */
  readonly key?: string;
  /** The failed check, for a rejection. */
  readonly reason?: string;
  /** The number of evicted entries. */
  readonly entries?: number;
}

export const KILL_LAYERS = ['interrupt', 'jobs', 'watchdog'] as const;
/**
 * The layers that stop an execution: the engine's interrupt, the check between slices of jobs, and the
 * watchdog, which terminates the worker.
 *
 * @useDeclaredType
 */
export type KillLayer = (typeof KILL_LAYERS)[number];

/** An execution was stopped because it timed out. */
export interface KillEvent extends EventOrigin {
  /** The layer that stopped it. */
  readonly layer: KillLayer;
  readonly durationUs: number;
}

/** A capability that an execution used, or was denied. */
export interface AuditEvent extends EventOrigin {
  /** When the segment had ended: the same for all its events. */
  readonly time: Date;
  /**
   * The run, the same for all its segments: the first part of the ids of its suspensions, and of the keys of its calls. Absent, like
   * `argsHash`, if the segment began without a listener for this event.
   */
  readonly runId?: string;
  /** Identifies the compiled handler by source, file name and engine: a SHA-256 in hex. */
  readonly handler: string;
  /**
   * SHA-256, in hex, of the arguments as they are encoded for the VM; of the answers for a resumed segment. Equal values with keys in the same
   * order have the same. It does not hide values that can be guessed.
   */
  readonly argsHash?: string;
  /**
   * A token with the exact name that was used: `'state:write:count'`. A name longer than 256 characters ends
   * in `…`. Only an event with `isAssumed` or `isCut` stands for more than one name.
   */
  readonly capability: string;
  readonly allowed: boolean;
  /** The number of uses. Reads of a state key count once in a segment. */
  readonly uses: number;
  /**
   * The execution did not report which keys it read, for example because it was stopped: it may have read
   * everything under this granted token. `uses` is 0.
   */
  readonly isAssumed?: true;
  /**
   * More than 1,000 names of this kind were used: `uses` counts the uses of the names without their own
   * event.
   */
  readonly isCut?: true;
}

/**
 * The usage of one segment, or of one suspended handler that is no longer stored. The sum of all events is what `getUsage()` returns,
 * except that `getUsage` puts tenants and handlers beyond its bounds together.
 */
export interface UsageEvent extends EventOrigin, UsageCounts {
  readonly kind: 'segment' | 'storage';
  /** How the segment ended; absent for `'storage'`. */
  readonly status?: ExecutionStatus;
}

/** A handler that was not resumed in time. */
export interface ExpiryEvent {
  readonly suspensionId: string;
}

/** A problem that concerns the operator and that no call reports. */
export interface WarningEvent {
  /** `'NEXUS_CACHE'`: the disk cache is off or cannot be written, or the remote cache fails. `'NEXUS_QUEUE'`: the dispatcher takes no tasks, or brings none. `'NEXUS_WORKER'`: a worker died or did not come up. `'NEXUS_SCHEMA'`: an extension answered what its output schema does not allow; Node's warning comes once for each method. `'NEXUS_IMAGE'`: a base image cannot be kept in the store of suspended handlers, or one in it cannot be used. `'NEXUS_STORE'`: that store fails, and what was claimed cannot be given back to it. */
  readonly code:
    | 'NEXUS_CACHE'
    | 'NEXUS_QUEUE'
    | 'NEXUS_WORKER'
    | 'NEXUS_SUSPENDED'
    | 'NEXUS_SCHEMA'
    | 'NEXUS_IMAGE'
    | 'NEXUS_STORE';
  readonly message: string;
}

/**
 * Receives events while handlers run. If a listener throws, execution is not affected, and the error is
 * reported once. Each event is also published on the channel `nexus-runtime:<name>` of
 * `node:diagnostics_channel`, for example `nexus-runtime:onExecution`, for all runtimes of the process.
 * Without listeners, events are not created.
 */
export interface RuntimeObserver {
  readonly onExecution?: (event: ExecutionEvent) => void;
  readonly onCompile?: (event: CompileEvent) => void;
  readonly onSuspension?: (event: SuspensionEvent) => void;
  readonly onResume?: (event: ResumeEvent) => void;
  readonly onCache?: (event: CacheEvent) => void;
  readonly onKill?: (event: KillEvent) => void;
  /** Every use of a capability, allowed or denied: after each execution, once per capability. */
  readonly onAudit?: (event: AuditEvent) => void;
  /** What each segment used, and each suspended handler when it is no longer stored. */
  readonly onUsage?: (event: UsageEvent) => void;
  readonly onWarning?: (event: WarningEvent) => void;
  /** A suspended handler expired. Reported to one of the processes that share a store, up to a minute later. */
  readonly onExpired?: (event: ExpiryEvent) => void;
  /**
   * Every line that handlers log, once and in order: at each `await`, and while a handler computes, at least every 100 ms. All are in the
   * result, too.
   */
  readonly onLog?: (event: LogEvent) => void;
}

/** A line of log, while its handler runs or at its end. */
export interface LogEvent extends EventOrigin {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

export type EventName = keyof RuntimeObserver;
export type EventOf<Name extends EventName> = Parameters<NonNullable<RuntimeObserver[Name]>>[0];
