import type { LibrarySource } from '../engine/library.js';
import type { EngineModule } from '../engine/load-engine.js';
import type { WireError } from '../errors/wire.js';
import type { BatchMessage } from './batch-codec.js';

/** What a worker needs before it can do anything: all that its base image is made of. */
export interface Equipment {
  readonly engine: EngineModule;
  readonly libraries: readonly LibrarySource[];
  readonly memoryLimitBytes: number;
  readonly stackSizeBytes: number;
}

/** What a thread is born with. */
export interface WorkerSetup {
  /** Of its {@link ControlBlock}. */
  readonly control: Int32Array<SharedArrayBuffer>;
}

/** One task of a worker. */
export type Task =
  /** The first one. */
  { readonly kind: 'equip'; readonly equipment: Equipment } | ({ readonly kind: 'batch' } & BatchMessage);

/** The answer to `'equip'`: nothing, or why there is no base image. */
export interface EquipReply {
  readonly error?: WireError;
}
