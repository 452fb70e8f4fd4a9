import {
  type BytesPointer,
  bytesAt,
  type ContextPointer,
  type RuntimePointer,
  type ValuePointer,
} from '../pointers.js';
import type { EngineFunctions, QuickJsInstance } from '../quickjs-module.js';
import type { MarkedMemory } from './marked-memory.js';
import { GuestException, VmPoisonedError } from './vm-errors.js';

export const VALUE_BYTES = 8;
/** What was copied out is left to the next restore up to this size: freeing it takes longer. */
export const KEPT_BYTES = 64 * 1024;

/**
 * The one way into an instance of the engine. What comes out of it is checked: for guest exceptions, for traps, and for places that are
 * not in its memory.
 */
export class EngineAccess {
  readonly functions: EngineFunctions;
  readonly context: ContextPointer;
  readonly runtime: RuntimePointer;
  readonly memory: MarkedMemory;
  /** The heap reached its limit. The guest may have caught the error. */
  heapExhausted = false;
  #poison: VmPoisonedError | undefined;

  constructor({ functions, contextPointer, runtimePointer }: QuickJsInstance, memory: MarkedMemory) {
    this.functions = functions;
    this.context = contextPointer;
    this.runtime = runtimePointer;
    this.memory = memory;
  }

  /** Set once something other than a guest exception came out of wasm. */
  get poison(): VmPoisonedError | undefined {
    return this.#poison;
  }

  /** Every way into wasm goes through here: what is thrown out of it is no guest exception and poisons the instance. */
  enter<T>(run: () => T): T {
    if (this.#poison !== undefined) throw this.#poison;
    try {
      return run();
    } catch (error) {
      this.#poison = new VmPoisonedError(error);
      throw this.#poison;
    }
  }

  /** @throws GuestException when the value is one that was thrown */
  checked(value: ValuePointer): ValuePointer {
    const error = this.enter(() => this.functions.QTS_ResolveException(this.context, value));
    if (error !== 0) throw new GuestException(error);
    return value;
  }

  allocate(bytes: number): BytesPointer {
    const pointer = bytesAt(this.enter(() => this.functions.malloc(bytes)) >>> 0);
    if (pointer === 0) throw this.outOfMemory();
    // The allocator's lists are the guest's to change.
    this.#requireWithin(pointer, bytes);
    return pointer;
  }

  outOfMemory(): VmPoisonedError {
    this.heapExhausted = true;
    return new VmPoisonedError('out of memory on the way in');
  }

  /** Runs no guest code. */
  release(value: ValuePointer): void {
    this.enter(() => this.functions.QTS_FreeValuePointer(this.context, value));
  }

  /** Memory, to look at a cell in it. Where it is says the engine, whose word is worth nothing once a guest broke it. */
  cell(at: ValuePointer): DataView {
    this.#requireWithin(at, VALUE_BYTES);
    return this.memory.numbers;
  }

  /** An ArrayBuffer of bytes that are in memory, which it does not own. */
  newArrayBuffer(bytes: BytesPointer, length: number): ValuePointer {
    return this.checked(this.enter(() => this.functions.QTS_NewArrayBuffer(this.context, bytes, length)));
  }

  /** Hands bytes to a function of the engine in an ArrayBuffer that is made for them. */
  withArrayBuffer(bytes: Uint8Array, read: (buffer: ValuePointer) => ValuePointer): ValuePointer {
    const copy = this.allocate(Math.max(1, bytes.length));
    this.memory.bytes.set(bytes, copy);
    const buffer = this.newArrayBuffer(copy, bytes.length);
    const value = this.enter(() => read(buffer));
    this.release(buffer);
    return this.checked(value);
  }

  /** Copies the bytes of an ArrayBuffer out. */
  takeBytes(buffer: ValuePointer): Uint8Array {
    this.checked(buffer);
    const start = this.enter(() => this.functions.QTS_GetArrayBuffer(this.context, buffer)) >>> 0;
    const length = this.enter(() => this.functions.QTS_GetArrayBufferLength(this.context, buffer)) >>> 0;
    this.#requireWithin(start, length);
    // From Node's pool: a small ArrayBuffer of its own costs more than what it holds.
    const bytes = Buffer.allocUnsafe(length);
    bytes.set(this.memory.bytes.subarray(start, start + length));
    if (length > KEPT_BYTES) this.release(buffer);
    return bytes;
  }

  /** @throws VmPoisonedError when what the engine says of a place is not in memory */
  #requireWithin(start: number, length: number): void {
    const { length: end } = this.memory.bytes;
    if (start >= 0 && length >= 0 && start + length <= end) return;
    this.#poison ??= new VmPoisonedError(`${length} bytes at ${start} are not in its memory of ${end}`);
    throw this.#poison;
  }
}
