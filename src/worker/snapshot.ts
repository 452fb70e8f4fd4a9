import type { MemoryLayout } from '../engine/binary-interface.js';
import { type Delta, deltaEnd, fitsLayout } from '../engine/image/delta.js';
import { decodeDelta, encodeDelta } from '../engine/image/delta-codec.js';
import { isFeatureSet } from '../engine/image/features.js';
import type { Image } from '../engine/image/image.js';
import { NexusError } from '../errors/nexus-error.js';
import type { ResumeRequest } from '../protocol/messages.js';
import { imageOfCheckpoint } from './checkpoints.js';
import type { TenantVms } from './tenant-vms.js';

/** The memory of a handler that waits. */
export interface WaitingMemory {
  /** Linear memory that it needs, in bytes. */
  readonly neededBytes: number;
  /** @param image from which the handler started */
  restore(vms: TenantVms, owner: string, image: Image): void;
}

/**
 * The memory of a handler that is resumed.
 *
 * @param imageHash the hash of the image from which it started
 * @param layout the layout of the VM
 * @throws NexusError SUSPENSION_INCOMPATIBLE
 */
export function waitingMemoryOf(request: ResumeRequest, imageHash: string, layout: MemoryLayout): WaitingMemory {
  const { checkpoint } = request;
  if (checkpoint !== undefined) {
    const image = imageOfCheckpoint(checkpoint, layout);
    return {
      neededBytes: image.heapEnd,
      restore: (vms, owner) => vms.restoreCheckpoint(owner, image, checkpoint.id),
    };
  }
  const delta = unpackSnapshot(request, imageHash, layout);
  requireRoom(deltaEnd(delta), request.limits.memoryLimitBytes);
  return {
    neededBytes: deltaEnd(delta),
    restore: (vms, owner, image) => vms.restore(owner, image, delta, true),
  };
}

/**
 * Encodes a suspended VM's difference from its image. Not compressed: see `support/compression.ts`.
 *
 * @param delta a delta of fine granularity
 */
export function packSnapshot(delta: Delta): Uint8Array {
  return encodeDelta(delta);
}

/**
 * @param known how many features the version has on whose image it waits
 * @throws NexusError SUSPENSION_INCOMPATIBLE if a feature is unknown, before an image is built
 */
export function requireKnownFeatures(features: number, known: number): void {
  if (isFeatureSet(features, known)) return;
  throw new NexusError(
    'SUSPENSION_INCOMPATIBLE',
    `The handler was suspended with features (${features}) that this version of the library does not have. Resume it with the version that suspended it.`,
    { context: { features } },
  );
}

/**
 * @param imageHash the hash of the image to which the snapshot is applied
 * @param layout the layout of the VM
 * @throws NexusError SUSPENSION_INCOMPATIBLE
 */
export function unpackSnapshot(request: ResumeRequest, imageHash: string, layout: MemoryLayout): Delta {
  if (request.imageHash !== imageHash) {
    throw new NexusError(
      'SUSPENSION_INCOMPATIBLE',
      `The handler was suspended on image ${request.imageHash.slice(0, 16)}…, this runtime has ${imageHash.slice(0, 16)}…: ` +
        'another engine, another version of this library or other libraries. It is kept; resume it where these are the same.',
      { context: { expected: request.imageHash, actual: imageHash } },
    );
  }
  try {
    const delta = decodeDelta(request.snapshot);
    if (!fitsLayout(delta, layout)) throw new RangeError('a run of it lies outside of data and heap');
    return delta;
  } catch (error) {
    // It was sealed by this library or never left the process: a bug, or a fault of the machine's memory.
    throw new NexusError('SUSPENSION_INCOMPATIBLE', `The snapshot of the handler cannot be read: ${String(error)}`, {
      context: { problem: 'content' },
    });
  }
}

/**
 * @param bytes the memory that the handler needs
 * @param memoryLimitBytes the limit of the VM in which it is resumed
 * @throws NexusError SUSPENSION_INCOMPATIBLE
 */
export function requireRoom(bytes: number, memoryLimitBytes: number): void {
  if (bytes <= memoryLimitBytes) return;
  throw new NexusError(
    'SUSPENSION_INCOMPATIBLE',
    `The handler was suspended with ${bytes} bytes of memory, more than memoryLimitBytes (${memoryLimitBytes}) of this runtime. Resume it where that is higher.`,
    { context: { limit: 'memoryLimitBytes', value: memoryLimitBytes, bytes } },
  );
}
