import type { LibrarySource } from '../engine/library.js';
import type { EngineModule } from '../engine/load-engine.js';
import type { WireError } from '../errors/wire.js';

/** What a worker needs before it can do anything: all that its base image is made of. */
export interface Equipment {
  readonly engine: EngineModule;
  readonly libraries: readonly LibrarySource[];
  readonly memoryLimitBytes: number;
  readonly stackSizeBytes: number;
}

/** What a thread is born with. */
export interface WorkerSetup {
  /** One per slot of the pool: when a worker began the work in it, see {@link startStamp}; 0 before. */
  readonly startTimes: Int32Array<SharedArrayBuffer>;
  /** Absent in the threads that were started before the engine was loaded: they get it as a task. */
  equipment?: Equipment;
}

/**
 * The time in milliseconds, the same in all threads and never 0. A clock that nobody sets: with that of the day a change of it
 * would look like work that took hours. It wraps around, so only differences mean something: see {@link elapsedMs}.
 */
export function startStamp(): number {
  return monotonicMs() || 1;
}

/** @param stamp a {@link startStamp} of less than 24 days ago */
export function elapsedMs(stamp: number): number {
  return (monotonicMs() - stamp) | 0;
}

function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return (seconds * 1000 + Math.floor(nanoseconds / 1e6)) | 0;
}

/** One task of the thread pool. */
export type Task =
  | { readonly kind: 'equip'; readonly slot: number; readonly equipment: Equipment }
  | {
      readonly kind: 'request';
      readonly slot: number;
      /** MessagePack, see `protocol.ts`. */
      readonly message: Uint8Array;
      /** Of the handler to execute; shared, not copied. */
      readonly bytecode?: Uint8Array<SharedArrayBuffer>;
    };

/** The answer to `'equip'`: nothing, or why there is no base image. */
export interface EquipReply {
  readonly error?: WireError;
}
