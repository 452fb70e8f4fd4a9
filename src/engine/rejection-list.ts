import { RejectionBlock } from './binary-interface.js';
import type { LinearMemory } from './linear-memory.js';
import { type BytesPointer, type ValuePointer, valueAt } from './pointers.js';

/** Rejected promises that are not handled. */
export interface UnhandledRejections {
  readonly count: number;
  /**
   * The cell with the reason of the first of them. Absent if there is none, or if it was rejected while the
   * list was full.
   */
  readonly firstReason: ValuePointer | undefined;
}

/** Further promises are only counted. */
const CAPACITY = 64;

/** The size of a list's block, in bytes. */
export const REJECTION_BLOCK_BYTES = RejectionBlock.pairs + CAPACITY * RejectionBlock.pairBytes;

/** The engine's list in linear memory, see `wasm/rejection-tracker.ts`; part of every image. */
export class RejectionList {
  readonly #memory: LinearMemory;
  readonly #block: BytesPointer;

  /** @param block {@link REJECTION_BLOCK_BYTES} bytes, aligned to 8 */
  constructor(memory: LinearMemory, block: BytesPointer) {
    this.#memory = memory;
    this.#block = block;
    memory.bytes.fill(0, block, block + REJECTION_BLOCK_BYTES);
    memory.numbers.setUint32(block + RejectionBlock.capacity, CAPACITY, true);
  }

  /** The address of its block. */
  get place(): BytesPointer {
    return this.#block;
  }

  read(): UnhandledRejections {
    const numbers = this.#memory.numbers;
    const listed = numbers.getUint32(this.#block + RejectionBlock.count, true);
    const overflow = numbers.getUint32(this.#block + RejectionBlock.overflow, true);
    const firstReason = listed === 0 ? undefined : valueAt(this.#block, RejectionBlock.pairs + RejectionBlock.reason);
    return { count: listed + overflow, firstReason };
  }
}
