import {
  type BytesPointer,
  bytesAt,
  type ContextPointer,
  type RuntimePointer,
  type ValuePointer,
} from '../pointers.js';
import type { EngineFunctions, QuickJsInstance } from '../quickjs-module.js';
import { type ArrayBufferFields, CLASS_ID_OFFSET, findArrayBufferFields } from '../runtime-fields.js';
import type { MarkedMemory } from './marked-memory.js';
import { GuestException, VmPoisonedError } from './vm-errors.js';

export const VALUE_BYTES = 8;
/** The type of a JSValue that is an object, as the engine numbers them. */
export const OBJECT_TAG = -1;
/** perf: copied bytes up to this size are left to the next restore, because freeing them takes longer. */
export const KEPT_BYTES = 64 * 1024;

const NOWHERE = { start: 0, length: 0 };
/** No object has this class. */
const NO_FIELDS: ArrayBufferFields = { classId: 0, recordOffset: 0, dataOffset: 0 };

/**
 * The only way into an instance of the engine. Everything that comes out is checked for guest exceptions, for traps,
 * and for places outside its memory.
 */
export class EngineAccess {
  readonly functions: EngineFunctions;
  readonly context: ContextPointer;
  readonly runtime: RuntimePointer;
  readonly memory: MarkedMemory;
  /** The heap reached its limit. The guest may have caught the error. */
  heapExhausted = false;
  #poison: VmPoisonedError | undefined;
  #buffers: ArrayBufferFields | undefined;

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

  /** Every call into wasm goes through here: an error other than a guest exception poisons the instance. */
  enter<T>(run: () => T): T {
    if (this.#poison !== undefined) throw this.#poison;
    try {
      return run();
    } catch (error) {
      this.#poison = new VmPoisonedError(error);
      throw this.#poison;
    }
  }

  /**
   * perf: {@link enter} for calls that give a value. The value is checked within the same entry, because most calls of
   * an execution are of this kind.
   *
   * @throws GuestException if the guest threw the value
   */
  enterChecked(run: () => ValuePointer): ValuePointer {
    if (this.#poison !== undefined) throw this.#poison;
    let value: ValuePointer;
    let thrown: ValuePointer;
    try {
      value = run();
      thrown = this.functions.QTS_ResolveException(this.context, value);
    } catch (error) {
      this.#poison = new VmPoisonedError(error);
      throw this.#poison;
    }
    if (thrown !== 0) throw new GuestException(thrown);
    return value;
  }

  /** @throws GuestException if the guest threw the value */
  checked(value: ValuePointer): ValuePointer {
    const error = this.enter(() => this.functions.QTS_ResolveException(this.context, value));
    if (error !== 0) throw new GuestException(error);
    return value;
  }

  allocate(bytes: number): BytesPointer {
    const pointer = bytesAt(this.enter(() => this.functions.malloc(bytes)) >>> 0);
    if (pointer === 0) throw this.outOfMemory();
    // The guest can change the allocator's lists.
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

  /** Memory at a cell. The engine supplies the address, which cannot be trusted if a guest broke the engine. */
  cell(at: ValuePointer): DataView {
    this.#requireWithin(at, VALUE_BYTES);
    return this.memory.numbers;
  }

  /** An ArrayBuffer of bytes that are in memory, which it does not own. */
  newArrayBuffer(bytes: BytesPointer, length: number): ValuePointer {
    return this.enterChecked(() => this.functions.QTS_NewArrayBuffer(this.context, bytes, length));
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

  /** Learns from a buffer of which all is known where others say what they are. */
  learnArrayBuffers(buffer: ValuePointer, bytes: BytesPointer, length: number): void {
    this.#buffers = findArrayBufferFields(this.memory.numbers, buffer, bytes, length);
  }

  /**
   * Where the bytes of an ArrayBuffer lie, until the engine is entered again. Reads memory only: the engine is not entered.
   *
   * @returns a start of 0 for any other value, and for a buffer that was detached
   */
  placeOf(buffer: ValuePointer): { readonly start: number; readonly length: number } {
    const { numbers } = this.memory;
    const { classId, recordOffset, dataOffset } = this.#buffers ?? NO_FIELDS;
    const cell = this.cell(buffer);
    if (cell.getInt32(buffer + 4, true) !== OBJECT_TAG) return NOWHERE;
    const object = cell.getUint32(buffer, true);
    this.#requireWithin(object, recordOffset + 4);
    if (numbers.getUint16(object + CLASS_ID_OFFSET, true) !== classId) return NOWHERE;
    const record = numbers.getUint32(object + recordOffset, true);
    this.#requireWithin(record, dataOffset + 4);
    const start = numbers.getUint32(record + dataOffset, true);
    if (start === 0) return NOWHERE;
    const length = numbers.getUint32(record, true);
    this.#requireWithin(start, length);
    return { start, length };
  }

  /** Copies the bytes of a checked ArrayBuffer out. */
  takeBytes(buffer: ValuePointer): Uint8Array {
    const { start, length } = this.placeOf(buffer);
    // perf: from Node's pool, because a small ArrayBuffer costs more than its content.
    const bytes = Buffer.allocUnsafe(length);
    bytes.set(this.memory.bytes.subarray(start, start + length));
    if (length > KEPT_BYTES) this.release(buffer);
    return bytes;
  }

  /** @throws VmPoisonedError if a place that the engine reports is not in memory */
  #requireWithin(start: number, length: number): void {
    const { length: end } = this.memory.bytes;
    if (start >= 0 && length >= 0 && start + length <= end) return;
    this.#poison ??= new VmPoisonedError(`${length} bytes at ${start} are not in its memory of ${end}`);
    throw this.#poison;
  }
}
