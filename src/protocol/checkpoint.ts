/**
 * A place in shared memory for a waiting VM: its memory as it is, which takes a tenth of the time of a difference from its
 * image. All threads of a pool see it.
 */
export interface CheckpointArea {
  /** Of this use of the place: another one has another id. */
  readonly id: number;
  /** The number of the block of shared memory, and where the area begins in it. */
  readonly block: number;
  readonly start: number;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** In the thread that owns it: a worker reads or writes it until {@link drop}. */
  hold?(): void;
  drop?(): void;
}

/** A written area, of which `bytes` are the content. */
export interface Checkpoint extends CheckpointArea {
  /** It is not needed. The area is used again when no worker has it. Can be called more than once. */
  release(): void;
}

/** The blocks that a worker knows, by their numbers: each is passed to it once. */
export type KnownBlocks = Map<number, Uint8Array<SharedArrayBuffer>>;

/** The whole block of an area. */
export function blockOf({ bytes }: CheckpointArea): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(bytes.buffer);
}
