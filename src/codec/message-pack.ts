import { pack, unpack } from 'msgpackr/pack';

/** Encodes plain data as MessagePack, in bytes of its own: a view of the packer's buffer would drag the rest along. */
export function packMessage(data: unknown): Uint8Array {
  return Uint8Array.prototype.slice.call(pack(data));
}

/** @throws Error when the bytes are no MessagePack, or have some left over */
export function unpackMessage(bytes: Uint8Array): unknown {
  return unpack(bytes);
}
