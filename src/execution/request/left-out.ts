import type { Detacher } from '../../codec/values/detach.js';
import { CONTEXT_ROOTS, encodeFieldsInSlices } from '../../protocol/context-encoding.js';

/**
 * Values of the state that did not enter the VM, as they were at the call. They are encoded when the handler reads one
 * of them, or is sealed while it waits.
 */
export class LeftOut {
  /** At least as many as they have encoded. */
  readonly countedBytes: number;
  #encodedBytes = 0;
  #copies: Readonly<Record<string, unknown>> | undefined;
  #detacher: Detacher | undefined;
  #encoded: Uint8Array | Promise<Uint8Array> | undefined;

  private constructor(countedBytes: number) {
    this.countedBytes = countedBytes;
  }

  /** @param copies by key, made by the detacher */
  static of(copies: Readonly<Record<string, unknown>>, detacher: Detacher): LeftOut {
    const leftOut = new LeftOut(detacher.countedBytes);
    leftOut.#copies = copies;
    leftOut.#detacher = detacher;
    return leftOut;
  }

  /** @param encoded what {@link encode} returned */
  static from(encoded: Uint8Array): LeftOut {
    const leftOut = new LeftOut(encoded.length);
    leftOut.#encoded = encoded;
    return leftOut;
  }

  /** Length of what {@link encode} returned; 0 before. */
  get encodedBytes(): number {
    return this.#encodedBytes;
  }

  /** It is kept for longer: holds on to nothing of the caller any more. */
  settle(): void {
    if (this.#copies !== undefined) this.#detacher?.join(this.#copies);
    this.#detacher = undefined;
  }

  /** A document whose only field is a record of the values. Large ones are encoded in slices. */
  async encode(): Promise<Uint8Array> {
    if (this.#encoded === undefined) {
      this.settle();
      this.#encoded = encodeFieldsInSlices([this.#copies], CONTEXT_ROOTS, { maxBytes: this.countedBytes });
      this.#copies = undefined;
    }
    const encoded = await this.#encoded;
    this.#encodedBytes = encoded.length;
    return encoded;
  }
}
