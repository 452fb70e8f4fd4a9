import type { Isolation } from '../api/options.js';
import type { LibrarySource } from '../engine/library.js';
import type { EngineModule } from '../engine/load-engine.js';
import type { WireError } from '../errors/wire.js';
import type { MailboxEnd } from './mailbox.js';

/** What a worker needs before it can do anything: all that its base image is made of. */
export interface WorkerInit {
  readonly engine: EngineModule;
  readonly libraries: readonly LibrarySource[];
  readonly memoryLimitBytes: number;
  readonly stackSizeBytes: number;
  readonly isolation: Isolation;
}

/** How a worker and the main thread know of each other. */
export interface WorkerSetup {
  /** Of the worker's `ControlBlock`. */
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly mailbox: MailboxEnd;
}

/** The one task of a worker, as tinypool has it. What comes after it comes through the mailbox. */
export interface InitTask {
  readonly init: WorkerInit;
  readonly setup: WorkerSetup;
}

/** The answer: memory of its VMs in bytes, or why there is no base image. */
export type InitReply = { readonly memoryBytes: number } | { readonly error: WireError };
