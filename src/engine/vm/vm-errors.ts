import type { ValuePointer } from '../pointers.js';

/** A guest exception that reached the host; `error` is the address of the thrown value. */
export class GuestException extends Error {
  readonly error: ValuePointer;

  constructor(error: ValuePointer) {
    super('guest exception');
    this.error = error;
  }
}

/** Something other than a guest exception came out of wasm: the instance is in an unknown state and must be dropped. */
export class VmPoisonedError extends Error {
  constructor(cause: unknown) {
    super(`The VM failed and was retired: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }

  /** The native stack ended before the guest's did: the thread's is too small for `stackSizeBytes`. */
  get isStackOverflow(): boolean {
    return this.cause instanceof RangeError;
  }
}
