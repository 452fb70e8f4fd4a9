import type { Admission, CompileBackend } from '../protocol/compile.js';
import type { ExecutionReply, Request, ResumeRequest } from '../protocol/messages.js';
import type { RetirementReason } from '../protocol/retirement.js';
import type { JobEnd } from './job.js';

/** What came of an execution: the answer, or how it was stopped and after what time. */
export type Execution = { readonly executed: ExecutionReply } | Exclude<JobEnd, { reply: unknown }>;

/** How a caller wants an execution treated, apart from what is executed. */
export interface DispatchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly tenant?: string | undefined;
  readonly queueTimeoutMs?: number | undefined;
  /** Of the call, which is released when its execution is queued. Default: it is admitted then, or not */
  readonly admission?: Admission | undefined;
}

/** What a pool has at the moment. */
export interface PoolState {
  /** Instances that execute. */
  readonly busy: number;
  /** Instances that are up and have nothing to do. */
  readonly idle: number;
  /** Instances that are not up yet. */
  readonly starting: number;
  /** Requests that wait for one. */
  readonly queued: number;
  /** Linear memory of all VMs. */
  readonly memoryBytes: number;
}

/**
 * Where handlers are compiled and executed: in workers, or in the calling thread. All that the rest of the library knows of it.
 */
export interface HandlerPool extends CompileBackend {
  readonly maxInstances: number;
  readonly stats: PoolState;

  /**
   * Admits a call before anything is done for it.
   *
   * @throws NexusError POOL_SATURATED, RUNTIME_CLOSED
   */
  admit(tenant: string | undefined): Admission;

  /** An execution is being prepared. */
  prewake(): void;

  /**
   * Resolves when so many instances are ready, the fewest that are kept at least.
   *
   * @throws NexusError RUNTIME_CLOSED, INTERNAL_ERROR, INVALID_CONFIG with the reason why none can be started
   */
  ready(instances?: number): Promise<void>;

  /** Gives a handler an image in all instances that are up. */
  load(key: string, bytecode: Uint8Array): Promise<void>;

  /**
   * Runs a handler. Resolves with how it ended, whatever the handler did.
   *
   * @throws NexusError POOL_SATURATED, RUNTIME_CLOSED, INTERNAL_ERROR, or what is wrong with packed context
   */
  execute(request: Extract<Request, { kind: 'execute' }>, treatment?: DispatchOptions): Promise<Execution>;

  /**
   * Goes on with a handler that was suspended.
   *
   * @throws NexusError SUSPENSION_INCOMPATIBLE, and whatever {@link execute} throws
   */
  resume(request: ResumeRequest, treatment?: DispatchOptions): Promise<Execution>;

  /**
   * A snapshot that came of an execution is to be compressed. While there are too many of them, nothing of the tenant is begun.
   *
   * @returns what tells that it is, or never will be; it may be called again
   */
  noteUnsealed(tenant: string | undefined, bytes: number): () => void;

  /** Ends the instances. What is still under way or waiting rejects with RUNTIME_CLOSED. */
  close(): Promise<void>;
}

/** Makes the pool of a runtime. @param onRetired told why a worker, or a VM in one, was given up */
export type CreatePool = (onRetired: (reason: RetirementReason) => void) => HandlerPool;
