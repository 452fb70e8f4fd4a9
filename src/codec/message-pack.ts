import { pack, unpack } from 'msgpackr/pack';

/**
 * Encodes plain data as MessagePack, in a separate buffer: a view of the packer's buffer would keep the rest
 * alive.
 */
export function packMessage(data: unknown): Uint8Array {
  return Uint8Array.prototype.slice.call(pack(data));
}

/** @throws Error if the bytes are not MessagePack, or some are left over */
export function unpackMessage(bytes: Uint8Array): unknown {
  return unpack(bytes);
}
