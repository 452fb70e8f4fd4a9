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
  /** One per slot of the pool: when a worker began the work in it, in milliseconds after `epochMs`; 0 before. */
  readonly startTimes: Int32Array<SharedArrayBuffer>;
  /** Milliseconds since the Unix epoch. */
  readonly epochMs: number;
  /** Absent in the threads that were started before the engine was loaded: they get it as a task. */
  equipment?: Equipment;
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
