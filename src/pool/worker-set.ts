import { availableParallelism } from 'node:os';

import type { WorkerStatus } from '../api/observing/worker-status.js';
import type { PoolConfig } from '../config/resolve-pool.js';
import { NexusError } from '../errors/nexus-error.js';
import type { WorkerRetirement } from '../protocol/retirement.js';
import { debug } from '../support/debug.js';
import { runtimeClosed } from '../support/in-flight.js';
import { clearTimeout, performance, setImmediate, setTimeout } from '../support/timers.js';
import type { CheckpointAreas } from './checkpoints/areas.js';
import type { ThreadStarter } from './thread-starter.js';
import { WorkerGone } from './tinypool-thread.js';
import { WorkerHandle } from './worker-handle.js';

/** After this many workers fail to start in a row, waiting calls get the reason. */
const MAX_START_FAILURES = 3;
/** Starting more at a time is not faster, and leaves no core for the main thread. */
const STARTS_AT_ONCE = availableParallelism();
/**
 * Booting takes 0.1 s, and libraries rarely more than one second; a worker that takes this long will not
 * start.
 */
const START_TIMEOUT_MS = 60_000;

export interface InstancesListener {
  /** A worker can take work. */
  onReady(): void;
  /** A worker that had work is lost, and another one is started. */
  onLost(instance: WorkerHandle, reason: WorkerGone): void;
  /** No worker can be started; the next call may try again. */
  onStartFailure(error: NexusError): void;
  onRetired(reason: WorkerRetirement): void;
}

/**
 * The workers: as many as needed, between `minInstances` and `maxInstances`, each until it breaks or was idle
 * too long.
 */
export class WorkerSet {
  readonly #threads: ThreadStarter;
  readonly #config: PoolConfig;
  readonly #listener: InstancesListener;
  readonly #areas: CheckpointAreas;
  readonly #all = new Set<WorkerHandle>();
  /** The most recently used is last and is taken first, so that surplus workers become idle. */
  readonly #idle: WorkerHandle[] = [];
  #starting = 0;
  /** Workers to be started, one per turn of the event loop, because each takes some milliseconds. */
  #planned = 0;
  #startFailures = 0;
  #awaiting: { readonly instances: number; resolve(): void; reject(error: unknown): void }[] = [];
  #idleTimer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(threads: ThreadStarter, config: PoolConfig, areas: CheckpointAreas, listener: InstancesListener) {
    this.#threads = threads;
    this.#config = config;
    this.#areas = areas;
    this.#listener = listener;
  }

  /** Including those that are about to start. */
  get size(): number {
    return this.#all.size + this.#planned;
  }

  get starting(): number {
    return this.#starting + this.#planned;
  }

  get idle(): number {
    return this.#idle.length;
  }

  get busy(): number {
    return this.#all.size - this.#starting - this.#idle.length;
  }

  /** Resolves when this many are started, or the maximum. */
  ready(instances: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.growTo(instances);
      this.#awaiting.push({ instances: Math.min(instances, this.#config.maxInstances), resolve, reject });
      this.#notifyReady();
    });
  }

  /** Whether a caller waits for {@link ready}. */
  get isAwaited(): boolean {
    return this.#awaiting.length > 0;
  }

  /** Memory of the VMs in all workers. */
  get memoryBytes(): number {
    let bytes = 0;
    for (const instance of this.#all) bytes += instance.memoryBytes;
    return bytes;
  }

  /** Workers that are idle or busy. */
  allUp(): WorkerHandle[] {
    return [...this.#all].filter(({ phase }) => phase === 'idle' || phase === 'busy');
  }

  describe(): readonly WorkerStatus[] {
    return [...this.#all].map((instance) => instance.describe());
  }

  allBusy(): WorkerHandle[] {
    return [...this.#all].filter(({ phase }) => phase === 'busy');
  }

  /** Starts workers until there are this many, but at most `maxInstances`. */
  growTo(size: number): void {
    const missing = Math.min(size, this.#config.maxInstances) - this.size;
    if (missing <= 0 || this.#isClosed) return;
    this.#planned += missing;
    this.#startNext();
  }

  /** The worker that is taken next. */
  get nextIdle(): WorkerHandle | undefined {
    return this.#idle.at(-1);
  }

  takeIdle(): WorkerHandle | undefined {
    return this.#idle.pop();
  }

  /** Takes this idle worker. */
  take(instance: WorkerHandle): void {
    const place = this.#idle.indexOf(instance);
    if (place >= 0) this.#idle.splice(place, 1);
  }

  giveBack(instance: WorkerHandle): void {
    if (instance.phase === 'ended') return;
    instance.phase = 'idle';
    instance.batch = undefined;
    instance.idleSince = performance.now();
    if (instance.hasReplied) this.#startFailures = 0;
    this.#idle.push(instance);
    this.#watchIdle();
  }

  /** Ends a worker for good and starts another one in its place. */
  retire(instance: WorkerHandle, reason: WorkerRetirement): void {
    this.#forget(instance);
    void instance.end();
    this.#listener.onRetired(reason);
    this.growTo(this.size + 1);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#planned = 0;
    clearTimeout(this.#idleTimer);
    for (const { reject } of this.#awaiting.splice(0)) reject(runtimeClosed());
    const all = [...this.#all];
    this.#all.clear();
    this.#idle.length = 0;
    this.#starting = 0;
    await Promise.all([...all.map((instance) => instance.end()), this.#threads.end()]);
  }

  #startNext(): void {
    if (this.#planned === 0 || this.#starting >= STARTS_AT_ONCE) return;
    this.#planned--;
    this.#start();
    if (this.#planned > 0) setImmediate(() => this.#startNext());
  }

  #start(): void {
    let taken: ReturnType<ThreadStarter['take']>;
    try {
      taken = this.#threads.take();
    } catch (error) {
      // The thread cannot be created. Waiting calls are notified later, not within the current call.
      setImmediate(() => this.#noteStartFailure(new WorkerGone(String(error), { cause: error })));
      return;
    }
    const { thread, ready } = taken;
    const instance = new WorkerHandle(thread, this.#areas);
    if (debug.pool.hasSubscribers) debug.pool.publish({ step: 'starting', worker: instance.id });
    this.#all.add(instance);
    this.#starting++;
    const timeout = setTimeout(() => {
      this.#startFailed(instance, new NexusError('INTERNAL_ERROR', `it was not ready in ${START_TIMEOUT_MS / 1000} s`));
    }, START_TIMEOUT_MS).unref();
    ready
      .then(
        (memoryBytes) => {
          instance.memoryBytes = memoryBytes;
          if (instance.phase !== 'starting') return;
          this.#starting--;
          this.#startNext();
          instance.onGone = (reason) => this.#lost(instance, reason);
          if (debug.pool.hasSubscribers) debug.pool.publish({ step: 'ready', worker: instance.id, memoryBytes });
          this.giveBack(instance);
          this.#notifyReady();
          this.#listener.onReady();
        },
        (error: unknown) => this.#startFailed(instance, error),
      )
      .finally(() => clearTimeout(timeout));
  }

  #startFailed(instance: WorkerHandle, error: unknown): void {
    if (instance.phase !== 'starting' || this.#isClosed) return;
    this.#forget(instance);
    void instance.end();
    this.#noteStartFailure(error);
  }

  #noteStartFailure(error: unknown): void {
    if (this.#isClosed) return;
    this.#listener.onRetired('start');
    // A worker that died may have been unlucky. One that reports an error will report it again.
    if (error instanceof WorkerGone && ++this.#startFailures < MAX_START_FAILURES) {
      this.growTo(this.size + 1);
      return;
    }
    this.#giveUpStarting(error);
  }

  #giveUpStarting(error: unknown): void {
    this.#startFailures = 0;
    this.#planned = 0;
    const failure = startFailure(error);
    for (const { reject } of this.#awaiting.splice(0)) reject(failure);
    this.#listener.onStartFailure(failure);
  }

  #notifyReady(): void {
    const up = this.#all.size - this.#starting;
    const isEnough = ({ instances }: { readonly instances: number }) => up >= instances;
    for (const { resolve } of this.#awaiting.filter(isEnough)) resolve();
    this.#awaiting = this.#awaiting.filter((waiting) => !isEnough(waiting));
    this.#watchIdle();
  }

  #lost(instance: WorkerHandle, reason: WorkerGone): void {
    if (instance.phase === 'ended' || this.#isClosed) return;
    const wasBusy = instance.phase === 'busy';
    this.#forget(instance);
    instance.phase = 'ended';
    this.#listener.onRetired('crashed');
    // A worker that dies by itself and has never replied may be unable to work.
    const isHopeless = !wasBusy && !instance.hasReplied && ++this.#startFailures >= MAX_START_FAILURES;
    if (isHopeless) this.#giveUpStarting(reason);
    else this.growTo(this.size + 1);
    if (wasBusy) this.#listener.onLost(instance, reason);
  }

  #forget(instance: WorkerHandle): void {
    if (!this.#all.delete(instance)) return;
    if (instance.phase === 'starting') this.#starting--;
    this.take(instance);
  }

  /** This many are kept, however long they are idle. */
  get #needed(): number {
    return Math.max(this.#config.minInstances, ...this.#awaiting.map(({ instances }) => instances));
  }

  /** One timer for all: the worker that has been idle longest is the first. */
  #watchIdle(): void {
    if (this.#idleTimer !== undefined || this.size <= this.#needed) return;
    const [oldest] = this.#idle;
    if (oldest === undefined) return;
    const dueMs = Math.max(0, oldest.idleSince + this.#config.idleTimeoutMs - performance.now());
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      this.#endIdle();
      this.#watchIdle();
    }, Math.ceil(dueMs)).unref();
  }

  #endIdle(): void {
    const before = performance.now() - this.#config.idleTimeoutMs;
    for (const instance of [...this.#idle]) {
      if (instance.idleSince > before || this.size <= this.#needed) return;
      this.#forget(instance);
      void instance.end();
      this.#listener.onRetired('idle');
    }
  }
}

function startFailure(error: unknown): NexusError {
  if (error instanceof NexusError && error.code !== 'INTERNAL_ERROR') return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new NexusError('INTERNAL_ERROR', `No worker can be started: ${reason}.`, { cause: error });
}
