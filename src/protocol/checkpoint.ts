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

/** Areas begin at multiples of this, so that a block has a cell for each place where one may begin. */
export const UNIT_BYTES = 512 * 1024;

/** The memory of a block with this many units: behind them, for each the id of the area that begins there, or 0. */
export function createBlock(units: number): SharedArrayBuffer {
  return new SharedArrayBuffer(units * (UNIT_BYTES + Int32Array.BYTES_PER_ELEMENT));
}

/** Says in the block which area begins at this unit, before anything is written to it. */
export function markArea(memory: SharedArrayBuffer, unit: number, id: number): void {
  Atomics.store(idsOf(memory), unit, id);
}

/** Whether the area has not been released and given away since: what was read of it until now is its content. */
export function isStill({ id, start, bytes }: CheckpointArea): boolean {
  const marked = Atomics.load(idsOf(bytes.buffer), start / UNIT_BYTES);
  // A cell has 32 bits of an id: at 12,000 awaits a second they are used up within days.
  return marked !== 0 && marked === (id | 0);
}

function idsOf(memory: SharedArrayBuffer): Int32Array<SharedArrayBuffer> {
  const units = Math.floor(memory.byteLength / (UNIT_BYTES + Int32Array.BYTES_PER_ELEMENT));
  return new Int32Array(memory, units * UNIT_BYTES, units);
}

/** The whole block of an area. */
export function blockOf({ bytes }: CheckpointArea): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(bytes.buffer);
}
