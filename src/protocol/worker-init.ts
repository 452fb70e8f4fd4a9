import type { Isolation } from '../api/options.js';
import type { LibrarySource } from '../engine/library.js';
import type { EngineModule } from '../engine/load-engine.js';
import type { WireError } from '../errors/wire.js';
import type { MailboxEnd } from './mailbox.js';

/** The data that a worker needs at its start: everything of which its base image consists. */
export interface WorkerInit {
  readonly engine: EngineModule;
  readonly libraries: readonly LibrarySource[];
  readonly memoryLimitBytes: number;
  readonly stackSizeBytes: number;
  readonly isolation: Isolation;
  readonly maxPreparedBytes: number;
}

/** The connection between a worker and the main thread. */
export interface WorkerSetup {
  /** The cells of the worker's `ControlBlock`. */
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly mailbox: MailboxEnd;
}

/** The only task that tinypool gives a worker. Everything later goes through the mailbox. */
export interface InitTask {
  readonly init: WorkerInit;
  readonly setup: WorkerSetup;
}

/** The reply: the memory of its VMs in bytes, or the reason why there is no base image. */
export type InitReply = { readonly memoryBytes: number } | { readonly error: WireError };
