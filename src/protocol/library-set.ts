import { packMessage, unpackMessage } from '../codec/message-pack.js';
import type { LibrarySource } from '../engine/library.js';
import { toShared } from '../support/bytes/shared-bytes.js';

/**
 * Libraries that the handlers of one build have besides those of the runtime. They are part of a base image of their own, which each
 * worker builds when it first executes one of these handlers.
 */
export interface LibrarySet {
  /** The same for the same libraries, everywhere. */
  readonly id: string;
  /** The sources, in shared memory: each request names them. */
  readonly packed: Uint8Array<SharedArrayBuffer>;
}

export function packLibraries(libraries: readonly LibrarySource[]): LibrarySet['packed'] {
  return toShared(packMessage(libraries));
}

export function unpackLibraries(packed: Uint8Array): LibrarySource[] {
  return unpackMessage(packed) as LibrarySource[];
}
