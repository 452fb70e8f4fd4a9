import { RejectionBlock } from './binary-interface.js';
import type { LinearMemory } from './linear-memory.js';
import { type BytesPointer, type ValuePointer, valueAt } from './pointers.js';

/** Promises that are rejected and handled by nobody. */
export interface UnhandledRejections {
  readonly count: number;
  /**
   * The cell that holds why the first of them was rejected. Absent when there is none, and when it came while the list
   * was full.
   */
  readonly firstReason: ValuePointer | undefined;
}

/** Promises beyond these are only counted. */
const CAPACITY = 64;

/** Size of the block that a list lives in, in bytes. */
export const REJECTION_BLOCK_BYTES = RejectionBlock.pairs + CAPACITY * RejectionBlock.pairBytes;

/** The list that the engine keeps in linear memory, see `wasm/rejection-tracker.ts`: part of every image. */
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

  read(): UnhandledRejections {
    const numbers = this.#memory.numbers;
    const listed = numbers.getUint32(this.#block + RejectionBlock.count, true);
    const overflow = numbers.getUint32(this.#block + RejectionBlock.overflow, true);
    const firstReason = listed === 0 ? undefined : valueAt(this.#block, RejectionBlock.pairs + RejectionBlock.reason);
    return { count: listed + overflow, firstReason };
  }
}
