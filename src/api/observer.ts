import type { ResultCode } from '../errors/codes.js';
import type { ExecutionMetrics, ExecutionStatus } from './execution-metrics.js';

/** What events say of the call that they belong to. */
export interface EventOrigin {
  readonly handlerName?: string;
  readonly panelId?: string;
  readonly tenant?: string;
}

/** An execution gave a result: to its end, or to where the handler waits. */
export interface ExecutionEvent extends EventOrigin {
  readonly status: ExecutionStatus;
  /** Present when `status` is `'error'`. */
  readonly code?: ResultCode;
  readonly metrics: ExecutionMetrics;
}

/** A handler was compiled, because no tier of the cache had it. */
export interface CompileEvent {
  readonly filename: string;
  /** From the request until the bytecode was there, in microseconds. */
  readonly durationUs: number;
  /** Present when it compiled. */
  readonly bytecodeBytes?: number;
  /** Present when it did not. */
  readonly code?: ResultCode;
}

/** A handler waits, and is kept. */
export interface SuspensionEvent extends EventOrigin {
  readonly suspensionId: string;
  /** As it is kept, in bytes. */
  readonly bytes: number;
  readonly expiresAt: Date;
}

/** A suspended handler went on, and what came of it was recorded. */
export interface ResumeEvent extends EventOrigin {
  readonly suspensionId: string;
  readonly status: ExecutionStatus;
  /** From the call to the recorded outcome, in microseconds. */
  readonly durationUs: number;
}

/** Something happened to the compile cache. */
export interface CacheEvent {
  readonly kind: 'hit' | 'miss' | 'eviction' | 'rejection';
  /** Absent for a miss: no tier had it. */
  readonly tier?: 'memory' | 'disk';
  /** Absent for evictions from disk, which go by the directory. */
  readonly key?: string;
  /** Which check failed, of a rejection. */
  readonly reason?: string;
  /** How many were evicted. */
  readonly entries?: number;
}

export const KILL_LAYERS = ['interrupt', 'jobs', 'watchdog'] as const;
/**
 * The layers of time: the engine's interrupt, the slices of jobs, and the watchdog, which ends the worker.
 *
 * @useDeclaredType
 */
export type KillLayer = (typeof KILL_LAYERS)[number];

/** An execution was stopped because its time was over. */
export interface KillEvent extends EventOrigin {
  /** What stopped it. */
  readonly layer: KillLayer;
  readonly durationUs: number;
}

/** One capability that an execution used, or tried to use in vain. */
export interface AuditEvent {
  /**
   * A token of the exact name that was used: `'state:write:count'`. A name longer than 256 characters ends in `…`. Only an event
   * with `isAssumed` or `isCut` stands for more than one name.
   */
  readonly capability: string;
  readonly allowed: boolean;
  /** How often it was used. Reads of a state key count once in a segment, however many there were. */
  readonly uses: number;
  /**
   * The execution was stopped before it could tell which keys it read, or it did not tell: it may have read everything under this
   * token, which is one that was granted. `uses` is 0.
   */
  readonly isAssumed?: true;
  /** More than 1,000 names of this kind were used: `uses` counts the uses of those that have no event of their own. */
  readonly isCut?: true;
  readonly handlerName?: string;
  readonly panelId?: string;
}

/** A handler that nobody resumed in time. */
export interface ExpiryEvent {
  readonly suspensionId: string;
}

/** Something that an operator should know of, and no call is told. */
export interface WarningEvent {
  /** `'NEXUS_CACHE'`: the disk cache is off or cannot be written. `'NEXUS_WORKER'`: a worker died or did not come up. */
  readonly code: 'NEXUS_CACHE' | 'NEXUS_WORKER';
  readonly message: string;
}

/**
 * What an application is told while handlers run. A listener that throws harms nobody and is reported once. Each event is also published
 * on the channel `nexus-runtime:<name>` of `node:diagnostics_channel`, `nexus-runtime:onExecution`, say, for all runtimes of the process.
 * Without listeners nothing is done for an event.
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
  readonly onWarning?: (event: WarningEvent) => void;
  /** A suspended handler expired; told to one of the processes that share a store, up to a minute later. */
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
