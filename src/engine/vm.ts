import { MAX_STACK_SIZE_BYTES, MIN_MEMORY_LIMIT_BYTES } from '../config/limits.js';
import { type MemoryLayout, PlaceTable, WASM_PAGE_BYTES } from './binary-interface.js';
import { LinearMemory } from './linear-memory.js';
import type { EngineModule } from './load-engine.js';
import {
  type EngineFunctions,
  type InstanceOptions,
  instantiateQuickJs,
  type Pointer,
  type QuickJsInstance,
  type WaterMarks,
} from './quickjs-module.js';
import { REJECTION_BLOCK_BYTES, RejectionList, type UnhandledRejections } from './rejection-list.js';
import { findGcThreshold, findRandomState } from './runtime-fields.js';

/**
 * Memory of a VM in which images are built. The part that other VMs lack holds bytecode while it is read, at
 * the same address in every VM, because the address stays in the image.
 */
export const BUILDER_MEMORY_BYTES = 16 * 1024 * 1024;

/** Steps between two polls of the interrupt handler (JS_INTERRUPT_COUNTER_INIT of the engine). */
export const STEPS_PER_POLL = 10_000;

const COMPILE_ONLY = 1 << 5;
const STRIP_SOURCE = 1 << 0;
const VALUE_BYTES = 8;
/** Values up to this size are passed through a buffer of the image; larger ones get their own. */
const INLET_BYTES = 4096;
const MAX_ARGUMENTS = 4;
/** Copied-out values up to this size are left to the next restore: freeing them takes longer. */
const KEPT_BYTES = 64 * 1024;
/** The most heap that loaded bytecode takes, as a multiple of its size. */
const LOADED_PER_BYTECODE = 64;
/** How much an execution may allocate before its first collection, which costs more than most executions. */
const GC_HEADROOM_BYTES = 2 * 1024 * 1024;

/** A clock that is frozen while images are built, so that all machines create the same bytes. */
const BUILD_CLOCK_MS = 1_700_000_000_000;

const NEVER = () => false;

export interface VmOptions {
  /** Limit of linear memory, in bytes; at least {@link MIN_MEMORY_LIMIT_BYTES}. */
  readonly memoryLimitBytes: number;
  /** At most {@link MAX_STACK_SIZE_BYTES}, the size of the native stack. */
  readonly stackSizeBytes: number;
  /** Initial linear memory, for images that need more than {@link MIN_MEMORY_LIMIT_BYTES}. */
  readonly initialBytes?: number;
  /** `'compilation'` has the parser and nothing else; `'execution'` has everything except the parser. */
  readonly purpose: 'compilation' | 'execution';
}

const INTRINSICS: Record<VmOptions['purpose'], InstanceOptions['intrinsics']> = {
  compilation: { BaseObjects: true, Eval: true, RegExpCompiler: true, RegExp: true, JSON: true },
  execution: {
    BaseObjects: true,
    Date: true,
    Eval: false,
    StringNormalize: true,
    RegExp: true,
    RegExpCompiler: true,
    JSON: true,
    Proxy: true,
    MapSet: true,
    TypedArrays: true,
    Promise: true,
  },
};

/**
 * By how much the allocator grows the heap for a small allocation. If not even that is available, the run
 * ends; a large allocation that does not fit is an error that the guest can catch.
 */
const SMALL_GROWTH_BYTES = WASM_PAGE_BYTES;

export type PromiseState = 'pending' | 'fulfilled' | 'rejected';
/** In the order of JSPromiseStateEnum. */
const PROMISE_STATES: readonly PromiseState[] = ['pending', 'fulfilled', 'rejected'];

/** A guest exception that reached the host; `error` is the address of the thrown value. */
export class GuestException extends Error {
  readonly error: Pointer;

  constructor(error: Pointer) {
    super('guest exception');
    this.error = error;
  }
}

/**
 * WebAssembly threw something other than a guest exception: the state of the instance is unknown, and it must
 * be dropped.
 */
export class VmPoisonedError extends Error {
  constructor(cause: unknown) {
    super(`The VM failed and was retired: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }

  /** The native stack overflowed before the guest's: the thread's stack is too small for `stackSizeBytes`. */
  get isStackOverflow(): boolean {
    return this.cause instanceof RangeError;
  }
}

/**
 * One QuickJS context in its own WebAssembly instance.
 *
 * All its state is in linear memory, so an {@link Image} restores it completely. Values are {@link Pointer}s;
 * those created during an execution are never freed one by one, because the next restore discards them
 * together.
 */
export class Vm {
  /** The guest's `Date.now()`. Frozen until an execution sets it. */
  clock: () => number = () => BUILD_CLOCK_MS;
  /** Polled every {@link STEPS_PER_POLL} steps; true throws "interrupted" into the guest, which only async code can catch. */
  shouldInterrupt: () => boolean = NEVER;
  /** The limit to which linear memory may grow; its maximum is `memoryLimitBytes`. */
  memoryCeilingBytes = Number.POSITIVE_INFINITY;
  /** Polls since the last {@link beginRun}. */
  interruptPolls = 0;
  /** Whether the heap reached its limit since the last {@link beginRun}. The guest may have caught the error. */
  heapExhausted = false;

  readonly layout: MemoryLayout;
  readonly #purpose: VmOptions['purpose'];
  readonly #stackSizeBytes: number;
  readonly #engine: EngineModule;
  readonly #memory: LinearMemory;
  readonly #marks: WaterMarks;
  readonly #functions: EngineFunctions;
  readonly #ctx: Pointer;
  readonly #rt: Pointer;
  /** Scratch space for the arguments of a call and for out-parameters, part of every image. */
  readonly #argv: Pointer;
  readonly #randomStateAddress: Pointer;
  readonly #gcThresholdAddress: Pointer;
  /** An ArrayBuffer that no guest code can reach, and the address of its bytes. */
  readonly #inputBuffer: { readonly value: Pointer; readonly bytes: Pointer };
  /** Present in VMs that execute handlers. */
  readonly #rejections: RejectionList | undefined;
  #poison: VmPoisonedError | undefined;
  #isWriting = false;

  static async create(engine: EngineModule, options: VmOptions): Promise<Vm> {
    if (options.stackSizeBytes > MAX_STACK_SIZE_BYTES) throw new RangeError('the native stack is smaller');
    const holder: { vm?: Vm } = {};
    const instance = await instantiateQuickJs(
      engine,
      {
        initialPages: Math.ceil(Math.max(MIN_MEMORY_LIMIT_BYTES, options.initialBytes ?? 0) / WASM_PAGE_BYTES),
        maximumPages: Math.ceil(
          Math.max(MIN_MEMORY_LIMIT_BYTES, options.initialBytes ?? 0, options.memoryLimitBytes) / WASM_PAGE_BYTES,
        ),
        intrinsics: INTRINSICS[options.purpose],
      },
      {
        now: () => (holder.vm === undefined ? BUILD_CLOCK_MS : holder.vm.clock()),
        memoryCeiling: () => holder.vm?.memoryCeilingBytes ?? Number.POSITIVE_INFINITY,
        onHeapExhausted: (wantedEnd) => {
          holder.vm?.noteHeapExhausted(wantedEnd);
        },
      },
    );
    holder.vm = new Vm(engine, instance, options);
    return holder.vm;
  }

  private constructor(engine: EngineModule, instance: QuickJsInstance, options: VmOptions) {
    this.#engine = engine;
    this.layout = engine.layout;
    this.#functions = instance.functions;
    this.#ctx = instance.contextPointer;
    this.#rt = instance.runtimePointer;
    this.#memory = new LinearMemory(instance.memory);
    this.#marks = instance.marks;
    this.#randomStateAddress = findRandomState(this.#memory.numbers, this.#ctx, BUILD_CLOCK_MS);
    this.#gcThresholdAddress = findGcThreshold(this.#memory.numbers, this.#rt);
    this.#purpose = options.purpose;
    this.#stackSizeBytes = options.stackSizeBytes;
    this.applyStackSize();
    instance.runtime.setInterruptHandler(() => {
      this.interruptPolls++;
      return this.shouldInterrupt();
    });
    this.#argv = this.#allocate(MAX_ARGUMENTS * 4 + VALUE_BYTES);
    this.#inputBuffer = this.createBuffer(INLET_BYTES);
    // Bytecode keeps its line table and omits the source text, which makes artifacts and images smaller.
    this.heap[this.#rt + engine.table.stripFlagsOffset] = STRIP_SOURCE;
    if (options.purpose === 'execution') this.#rejections = this.#trackRejections();
  }

  /** Linear memory. Do not keep it: growth detaches it. */
  get heap(): Uint8Array {
    return this.#memory.bytes;
  }

  /** Set once WebAssembly threw something other than a guest exception. */
  get poison(): VmPoisonedError | undefined {
    return this.#poison;
  }

  /**
   * The end of the used heap since the last {@link resetMarks}, in bytes: a correct engine has written
   * nothing above it. The engine keeps it in a global that cannot be reached through linear memory.
   */
  get heapEnd(): number {
    const { heapBase } = this.layout;
    return Math.min(Math.max(heapBase, this.#marks.heapHigh.value >>> 0), this.heap.length);
  }

  /** The same for the stack: nothing below it was written. */
  get stackLow(): number {
    const { dataEnd, heapBase, stackSlackBytes } = this.layout;
    return Math.min(Math.max(dataEnd, (this.#marks.stackLow.value >>> 0) - stackSlackBytes), heapBase);
  }

  /** Zeroes all memory. Nothing can be called before an image is restored. */
  clear(): void {
    this.heap.fill(0);
    this.resetMarks(this.layout.heapBase);
  }

  /** Resets the marks: the stack is clean, and the heap is used up to `heapEnd`. */
  resetMarks(heapEnd: number): void {
    this.#marks.stackLow.value = this.layout.heapBase;
    this.#marks.heapHigh.value = heapEnd;
  }

  /**
   * Start and end of the buffer through which values are passed in. Its content is not needed after they are
   * read.
   */
  get inputBuffer(): readonly [start: number, end: number] {
    return [this.#inputBuffer.bytes, this.#inputBuffer.bytes + INLET_BYTES];
  }

  /** The promises that are unhandled so far. They may still be handled while there are pending jobs. */
  get unhandledRejections(): UnhandledRejections {
    return this.#rejections?.read() ?? { count: 0, firstReason: undefined };
  }

  private noteHeapExhausted(wantedEnd: number): void {
    this.heapExhausted = true;
    if (this.#isWriting) throw new Error('out of memory while a value was written');
    // The engine has many small allocations, and not all of these places, nor those of its compiler, handle a
    // failure correctly.
    const isSmall = wantedEnd - this.heapEnd <= SMALL_GROWTH_BYTES;
    if (isSmall || this.#purpose === 'compilation') throw new Error('out of memory');
  }

  /** Clears the host-side state of the last execution. */
  beginRun(): void {
    this.shouldInterrupt = NEVER;
    this.stopClock();
    this.interruptPolls = 0;
    this.heapExhausted = false;
    this.memoryCeilingBytes = Number.POSITIVE_INFINITY;
  }

  /**
   * Sets this VM's stack limit, because an image contains the limit with which it was created.
   *
   * @param bytes a lower limit
   */
  applyStackSize(bytes = this.#stackSizeBytes): void {
    this.#enter(() => this.#functions.QTS_RuntimeSetMaxStackSize(this.#rt, Math.min(bytes, this.#stackSizeBytes)));
  }

  /**
   * For an image from which executions start: its existing heap does not count towards their first
   * collection.
   */
  deferCollection(): void {
    const threshold = this.heapEnd - this.layout.heapBase + GC_HEADROOM_BYTES;
    this.#memory.numbers.setUint32(this.#gcThresholdAddress, threshold, true);
  }

  /** Freezes the clock, as in all images. */
  stopClock(): void {
    this.clock = () => BUILD_CLOCK_MS;
  }

  /** Creates a zeroed ArrayBuffer and returns its value and the address of its bytes. */
  createBuffer(length: number): { readonly value: Pointer; readonly bytes: Pointer } {
    const bytes = this.#allocate(length);
    this.heap.fill(0, bytes, bytes + length);
    const value = this.#enterChecked(() => this.#functions.QTS_NewArrayBuffer(this.#ctx, bytes, length));
    return { value, bytes };
  }

  writeFloat64(address: Pointer, value: number): void {
    this.#memory.numbers.setFloat64(address, value, true);
  }

  /** Sets the 64-bit state of `Math.random`. The generator could not leave a state of zero. */
  seedRandom(low: number, high: number): void {
    this.#memory.numbers.setUint32(this.#randomStateAddress, low === 0 && high === 0 ? 1 : low, true);
    this.#memory.numbers.setUint32(this.#randomStateAddress + 4, high, true);
  }

  /** The constructs that the compiler met since the last call, as bits: see `mends/notes.ts`. */
  takeNotes(): number {
    return this.#functions.takeNotes?.() ?? 0;
  }

  /** The count that the compiler exceeded since the last call, see `mends/counts.ts`; 0 for none. */
  takeExceededCount(): number {
    return this.#functions.takeExceededCount?.() ?? 0;
  }

  /**
   * From now on, places in compiled code are reported as places in another text.
   *
   * @param table see `source-places.ts`; the address of the text is filled in
   */
  usePlaces(table: Uint8Array, text: Uint8Array): void {
    const start = this.#allocate(table.length + text.length);
    this.heap.set(table, start);
    this.heap.set(text, start + table.length);
    for (const field of [PlaceTable.position, PlaceTable.textStart]) {
      this.#memory.numbers.setUint32(start + field, start + table.length, true);
    }
    this.#functions.usePlaces?.(start);
  }

  /** Ends what {@link usePlaces} began. */
  useOwnPlaces(): void {
    this.#functions.usePlaces?.(0);
  }

  /**
   * Parses a script and returns the compiled function without evaluating it.
   *
   * @throws GuestException with a SyntaxError
   */
  compile(source: string, filename: string): Pointer {
    const bytes = Buffer.from(source, 'utf8');
    const text = this.#allocate(bytes.length + 1);
    this.heap.set(bytes, text);
    this.heap[text + bytes.length] = 0;
    const compiled = this.#enter(() =>
      this.#functions.QTS_Eval(this.#ctx, text, bytes.length, filename, 0, COMPILE_ONLY),
    );
    this.#enter(() => this.#functions.free(text));
    return this.#checked(compiled);
  }

  /** Serialises a compiled function. */
  writeBytecode(compiled: Pointer): Uint8Array {
    const buffer = this.#enterChecked(() => this.#functions.writeBytecode(this.#ctx, compiled));
    const bytes = this.#takeBytes(buffer);
    if (bytes.length <= KEPT_BYTES) this.release(buffer);
    return bytes;
  }

  /**
   * Loads bytecode and evaluates its top level.
   *
   * QuickJS does not verify bytecode: the caller must have verified its origin.
   */
  evaluateBytecode(bytecode: Uint8Array): Pointer {
    return this.#evaluateFunction(this.#read(bytecode, this.#functions.readBytecode));
  }

  /**
   * {@link evaluateBytecode} for code that becomes part of an image: the bytes are not in the heap, where
   * they would leave a hole of their size that is copied with every execution.
   */
  evaluateIntoImage(bytecode: Uint8Array): Pointer {
    // The same address in every VM, because it stays in the image.
    const start = Math.floor((BUILDER_MEMORY_BYTES - bytecode.length) / VALUE_BYTES) * VALUE_BYTES;
    const hasRoom = this.heap.length >= BUILDER_MEMORY_BYTES;
    if (!hasRoom || start - this.heapEnd < bytecode.length * LOADED_PER_BYTECODE)
      return this.evaluateBytecode(bytecode);
    this.heap.set(bytecode, start);
    let fn: Pointer;
    try {
      // Never freed, as its bytes are not the allocator's.
      const buffer = this.#enterChecked(() => this.#functions.QTS_NewArrayBuffer(this.#ctx, start, bytecode.length));
      fn = this.#enterChecked(() => this.#functions.readBytecode(this.#ctx, buffer));
    } finally {
      // The marks do not cover it.
      if (this.heapEnd <= start) this.heap.fill(0, start, start + bytecode.length);
    }
    if (this.heapEnd > start) throw new VmPoisonedError('bytecode was overwritten while it was read');
    return this.#evaluateFunction(fn);
  }

  #evaluateFunction(fn: Pointer): Pointer {
    const unevaluated = this.#cell(fn).getBigUint64(fn, true);
    const result = this.#enter(() => this.#functions.evalFunction(this.#ctx, unevaluated));
    // The call consumed the function; its cell now holds the result.
    this.#cell(fn).setBigUint64(fn, BigInt.asUintN(64, result), true);
    return this.#checked(fn);
  }

  /** Creates a value from the engine's binary object format (see `codec/values/`). */
  readValue(encoded: Uint8Array): Pointer {
    return this.#read(encoded, this.#functions.readValue);
  }

  #read(bytes: Uint8Array, read: (ctx: Pointer, arrayBuffer: Pointer) => Pointer): Pointer {
    if (bytes.length > INLET_BYTES) return this.#withArrayBuffer(bytes, (buffer) => read(this.#ctx, buffer));
    this.heap.set(bytes, this.#inputBuffer.bytes);
    return this.#enterChecked(() => read(this.#ctx, this.#inputBuffer.value));
  }

  /**
   * Copies a value out in the engine's binary object format. Runs no guest code.
   *
   * @throws GuestException if the engine cannot write the value; VmPoisonedError if there is no memory for
   *   its bytes
   */
  writeValue(value: Pointer): Uint8Array {
    // After a failed allocation, the engine's writer would continue for the claimed length of an array, so it
    // is left at once.
    this.#isWriting = true;
    try {
      return this.#takeBytes(this.#enterChecked(() => this.#functions.QTS_bjson_encode(this.#ctx, value)));
    } finally {
      this.#isWriting = false;
    }
  }

  /** Calls a guest function with `undefined` as this, where `undefined` is a cell of the image. */
  call(fn: Pointer, thisArg: Pointer, ...args: Pointer[]): Pointer {
    for (let i = 0; i < args.length; i++) this.#memory.numbers.setUint32(this.#argv + i * 4, args[i] ?? 0, true);
    return this.#enterChecked(() => this.#functions.QTS_Call(this.#ctx, fn, thisArg, args.length, this.#argv));
  }

  /**
   * Runs up to `limit` pending jobs.
   *
   * @throws GuestException if a job failed outside of any promise
   */
  runJobs(limit: number): void {
    const lastContext = this.#argv + MAX_ARGUMENTS * 4;
    const executed = this.#enter(() => this.#functions.QTS_ExecutePendingJob(this.#rt, limit, lastContext));
    this.#checked(executed);
    this.release(executed);
  }

  get hasPendingJobs(): boolean {
    return this.#enter(() => this.#functions.QTS_IsJobPending(this.#rt)) !== 0;
  }

  /** A value that is not a promise counts as pending. */
  promiseState(promise: Pointer): PromiseState {
    return PROMISE_STATES[this.#enter(() => this.#functions.QTS_PromiseState(this.#ctx, promise))] ?? 'pending';
  }

  /** The reason of a rejected promise, or the value of a fulfilled one. */
  promiseResult(promise: Pointer): Pointer {
    const result = this.#enter(() => this.#functions.QTS_PromiseResult(this.#ctx, promise));
    if (result === 0) throw this.#outOfMemory();
    return result;
  }

  element(array: Pointer, index: number): Pointer {
    return this.#enterChecked(() => this.#functions.QTS_GetPropNumber(this.#ctx, array, index));
  }

  /** Releases a value before the next restore, so that it is not part of a snapshot. Runs no guest code. */
  release(value: Pointer): void {
    this.#enter(() => this.#functions.QTS_FreeValuePointer(this.#ctx, value));
  }

  /** Whether two cells hold the same object, or the same undefined, null or boolean. */
  isSame(a: Pointer, b: Pointer): boolean {
    const one = this.#cell(a);
    const other = this.#cell(b);
    return (
      one.getUint32(a, true) === other.getUint32(b, true) && one.getUint32(a + 4, true) === other.getUint32(b + 4, true)
    );
  }

  /**
   * The engine's rendering of a value as JSON. May run guest code, so use it only for values of a VM that ran
   * none.
   */
  dump(value: Pointer): unknown {
    const text = this.#enter(() => this.#functions.dump(this.#ctx, value));
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  /** Memory at a cell. The engine supplies the address, which cannot be trusted if a guest broke the engine. */
  #cell(at: Pointer): DataView {
    this.#requireWithin(at, VALUE_BYTES);
    return this.#memory.numbers;
  }

  /** @throws VmPoisonedError if a place that the engine reports is not in memory */
  #requireWithin(start: number, length: number): void {
    const { length: end } = this.heap;
    if (start >= 0 && length >= 0 && start + length <= end) return;
    this.#poison ??= new VmPoisonedError(`${length} bytes at ${start} are not in its memory of ${end}`);
    throw this.#poison;
  }

  /** Every call into wasm goes through here: an error other than a guest exception poisons the instance. */
  #enter<T>(run: () => T): T {
    if (this.#poison !== undefined) throw this.#poison;
    try {
      return run();
    } catch (error) {
      this.#poison = new VmPoisonedError(error);
      throw this.#poison;
    }
  }

  /**
   * {@link #enter} for what gives a value, which is checked on the same way in: most calls of an execution are of this kind.
   *
   * @throws GuestException when the value is one that the guest threw
   */
  #enterChecked(run: () => Pointer): Pointer {
    if (this.#poison !== undefined) throw this.#poison;
    let value: Pointer;
    let thrown: Pointer;
    try {
      value = run();
      thrown = this.#functions.QTS_ResolveException(this.#ctx, value);
    } catch (error) {
      this.#poison = new VmPoisonedError(error);
      throw this.#poison;
    }
    if (thrown !== 0) throw new GuestException(thrown);
    return value;
  }

  #checked(value: Pointer): Pointer {
    const error = this.#enter(() => this.#functions.QTS_ResolveException(this.#ctx, value));
    if (error !== 0) throw new GuestException(error);
    return value;
  }

  #allocate(bytes: number): Pointer {
    const pointer = this.#enter(() => this.#functions.malloc(bytes)) >>> 0;
    if (pointer === 0) throw this.#outOfMemory();
    // The guest can change the allocator's lists.
    this.#requireWithin(pointer, bytes);
    return pointer;
  }

  #outOfMemory(): VmPoisonedError {
    this.heapExhausted = true;
    return new VmPoisonedError('out of memory on the way in');
  }

  #withArrayBuffer(bytes: Uint8Array, read: (buffer: Pointer) => Pointer): Pointer {
    const copy = this.#allocate(Math.max(1, bytes.length));
    this.heap.set(bytes, copy);
    const buffer = this.#enterChecked(() => this.#functions.QTS_NewArrayBuffer(this.#ctx, copy, bytes.length));
    const value = this.#enter(() => read(buffer));
    this.release(buffer);
    return this.#checked(value);
  }

  #takeBytes(buffer: Pointer): Uint8Array {
    let start = 0;
    let length = 0;
    this.#enter(() => {
      start = this.#functions.QTS_GetArrayBuffer(this.#ctx, buffer) >>> 0;
      length = this.#functions.QTS_GetArrayBufferLength(this.#ctx, buffer) >>> 0;
    });
    this.#requireWithin(start, length);
    // perf: from Node's pool, because a small ArrayBuffer costs more than its content.
    const bytes = Buffer.allocUnsafe(length);
    bytes.set(this.heap.subarray(start, start + length));
    if (length > KEPT_BYTES) this.release(buffer);
    return bytes;
  }

  /** Does what JS_SetHostPromiseRejectionTracker would do. */
  #trackRejections(): RejectionList {
    const block = this.#allocate(REJECTION_BLOCK_BYTES);
    const list = new RejectionList(this.#memory, block);
    const field = this.#rt + this.#engine.table.rejectionTrackerOffset;
    this.#memory.numbers.setUint32(field, this.#engine.rejectionTracker, true);
    this.#memory.numbers.setUint32(field + 4, block, true);
    return list;
  }
}
