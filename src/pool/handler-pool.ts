import type { WorkerStatus } from '../api/observing/worker-status.js';
import type { Admission, CompileBackend } from '../protocol/compile.js';
import type { ExecutionReply, ImageDescription, ImageRequest, Request } from '../protocol/messages.js';
import type { RetirementReason } from '../protocol/retirement.js';
import type { JobEnd } from './job.js';

/** The outcome of an execution: the reply, or how it was stopped and after what time. */
export type Execution = { readonly executed: ExecutionReply } | Exclude<JobEnd, { reply: unknown }>;

/** How an execution is dispatched. */
export interface DispatchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly tenant?: string | undefined;
  /** The caller's name for the handler, which `getWorkers` shows. */
  readonly handlerName?: string | undefined;
  readonly queueTimeoutMs?: number | undefined;
  /** The admission of the call, which is released when its execution is queued. Default: it is requested then */
  readonly admission?: Admission | undefined;
  /**
   * Whether it goes on in this process, so that its VM may be kept as a checkpoint while it waits: the caller releases the
   * one of the reply. @default false
   */
  readonly isLive?: boolean | undefined;
}

/** A handler whose image is created before it is executed. */
export type LoadableHandler = Omit<Extract<Request, { kind: 'load' }>, 'kind'>;

/** The present state of a pool. */
export interface PoolState {
  /** Workers that execute. */
  readonly busy: number;
  /** Workers that are started and idle. */
  readonly idle: number;
  /** Workers that are starting. */
  readonly starting: number;
  /** Requests that wait for a worker. */
  readonly queued: number;
  /** Linear memory of all VMs, and shared memory of runs that wait. */
  readonly memoryBytes: number;
}

/**
 * Compiles and executes handlers, in workers or in the calling thread. The rest of the library uses only this
 * interface.
 */
export interface HandlerPool extends CompileBackend {
  readonly maxInstances: number;
  readonly stats: PoolState;
  /** What each worker does. */
  readonly workers: readonly WorkerStatus[];

  /**
   * Admits a call before any work is done for it.
   *
   * @throws NexusError POOL_SATURATED, RUNTIME_CLOSED
   */
  admit(tenant: string | undefined): Admission;

  /** Announces that an execution is being prepared. */
  prewake(): void;

  /**
   * Resolves when this many workers are ready, but at least `minInstances`.
   *
   * @throws NexusError RUNTIME_CLOSED, INTERNAL_ERROR, INVALID_CONFIG with the reason why none can be started
   */
  ready(instances?: number): Promise<void>;

  /** Creates an image for a handler in all started workers. */
  load(handler: LoadableHandler): Promise<void>;

  /**
   * Executes a handler. Resolves with its outcome, whatever the handler did.
   *
   * @throws NexusError POOL_SATURATED, RUNTIME_CLOSED, INTERNAL_ERROR, or an error of packed context
   */
  execute(request: Extract<Request, { kind: 'execute' }>, options?: DispatchOptions): Promise<Execution>;

  /**
   * Resumes a suspended handler.
   *
   * @throws NexusError SUSPENSION_INCOMPATIBLE, and the errors of {@link execute}
   */
  resume(request: Extract<Request, { kind: 'resume' }>, options?: DispatchOptions): Promise<Execution>;

  /**
   * Asks a worker for a base image.
   *
   * @throws NexusError SUSPENSION_INCOMPATIBLE if the image of the request is none for these workers, RUNTIME_CLOSED, INTERNAL_ERROR
   */
  describeImage(request: ImageRequest): Promise<ImageDescription>;

  /**
   * Counts a snapshot that waits to be compressed. While there are too many of them, no execution of the
   * tenant is started.
   *
   * @returns a function to call when it is compressed or dropped; it may be called more than once
   */
  noteUnsealed(tenant: string | undefined, bytes: number): () => void;

  /** Ends the workers. Pending requests reject with RUNTIME_CLOSED. */
  close(): Promise<void>;
}

/**
 * Creates the pool of a runtime. @param onRetired called with the reason when a worker, or a VM in one, is
 * given up
 */
export type CreatePool = (onRetired: (reason: RetirementReason) => void) => HandlerPool;
