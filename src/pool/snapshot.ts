import { deflateRawSync, inflateRawSync } from 'node:zlib';

import { decodeDelta, encodeDelta } from '../engine/delta-codec.js';
import { type Delta, deltaEnd } from '../engine/image.js';
import { NexusError } from '../errors/nexus-error.js';
import type { ResumeRequest } from './protocol.js';

/** Of the levels, the fastest: the next ones save less than a tenth of the bytes, and take up to twice the time. */
const OPTIONS = { level: 1 };
/** To prepare the usual tables takes as long as to deflate this much. */
const SMALL_BYTES = 16 * 1024;
const SMALL_OPTIONS = { ...OPTIONS, windowBits: 13, memLevel: 6 };
/** No memory of a VM is larger. */
const MAX_SNAPSHOT_BYTES = 2 ** 31;

/**
 * What a suspended VM holds beyond its image, as few bytes. In this thread, which is a worker's: going to another one and back takes
 * longer.
 *
 * @param delta of fine grain
 */
export function packSnapshot(delta: Delta): Uint8Array {
  const encoded = encodeDelta(delta);
  return deflateRawSync(encoded, encoded.length <= SMALL_BYTES ? SMALL_OPTIONS : OPTIONS);
}

/**
 * @param imageHash of the image that the snapshot is put on
 * @throws NexusError SUSPENSION_INCOMPATIBLE
 */
export function unpackSnapshot(request: ResumeRequest, imageHash: string): Delta {
  if (request.imageHash !== imageHash) {
    throw new NexusError(
      'SUSPENSION_INCOMPATIBLE',
      `The handler was suspended on image ${request.imageHash.slice(0, 16)}…, this runtime has ${imageHash.slice(0, 16)}…: ` +
        'another engine, another version of this library or other libraries. Resume it where these are the same.',
      { context: { expected: request.imageHash, actual: imageHash } },
    );
  }
  try {
    return decodeDelta(inflateRawSync(request.snapshot, { maxOutputLength: MAX_SNAPSHOT_BYTES }));
  } catch (error) {
    // It was sealed by us, or never left the process: a fault of ours or of the machine's memory.
    throw new NexusError('SUSPENSION_INCOMPATIBLE', `The snapshot of the handler cannot be read: ${String(error)}`, {
      context: { problem: 'content' },
    });
  }
}

/**
 * @param memoryLimitBytes of the VM in which it is to go on
 * @throws NexusError SUSPENSION_INCOMPATIBLE
 */
export function requireRoom(delta: Delta, memoryLimitBytes: number): void {
  const bytes = deltaEnd(delta);
  if (bytes <= memoryLimitBytes) return;
  throw new NexusError(
    'SUSPENSION_INCOMPATIBLE',
    `The handler was suspended with ${bytes} bytes of memory, more than memoryLimitBytes (${memoryLimitBytes}) of this runtime. Resume it where that is higher.`,
    { context: { limit: 'memoryLimitBytes', value: memoryLimitBytes, bytes } },
  );
}
