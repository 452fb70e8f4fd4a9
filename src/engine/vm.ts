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
 * Memory of a VM in which images are built. What it is more than others' holds bytecode while that is read, at the same place in every
 * VM: the address remains in the image.
 */
export const BUILDER_MEMORY_BYTES = 16 * 1024 * 1024;

/** Steps between two polls of the interrupt handler (JS_INTERRUPT_COUNTER_INIT of the engine). */
export const STEPS_PER_POLL = 10_000;

const COMPILE_ONLY = 1 << 5;
const STRIP_SOURCE = 1 << 0;
const VALUE_BYTES = 8;
/** Values up to this size enter through a buffer that is part of the image instead of one made for them. */
const INLET_BYTES = 4096;
const MAX_ARGUMENTS = 4;
/** What was copied out is left to the next restore up to this size: freeing it takes longer. */
const KEPT_BYTES = 64 * 1024;
/** Heap that loaded bytecode takes at most, in multiples of its size. */
const LOADED_PER_BYTECODE = 64;
/** What an execution may allocate before its first collection, which costs more than most executions. */
const GC_HEADROOM_BYTES = 2 * 1024 * 1024;

/** A clock that stands still while images are built, so that the same bytes come out everywhere. */
const BUILD_CLOCK_MS = 1_700_000_000_000;

const NEVER = () => false;

export interface VmOptions {
  /** Bound on linear memory, in bytes; at least {@link MIN_MEMORY_LIMIT_BYTES}. */
  readonly memoryLimitBytes: number;
  /** At most {@link MAX_STACK_SIZE_BYTES}: the native stack is as large. */
  readonly stackSizeBytes: number;
  /** Linear memory to begin with, for images that need more than {@link MIN_MEMORY_LIMIT_BYTES}. */
  readonly initialBytes?: number;
  /** `'compilation'` has the parser and nothing else; `'execution'` has everything but the parser. */
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
 * By how much the allocator grows the heap for something small. When not even that is left the run ends; something large that finds no
 * room is an error that the guest can catch.
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

/**
 * One QuickJS context in a WebAssembly instance of its own.
 *
 * All its state is linear memory, so an {@link Image} puts it back whole. Values are {@link Pointer}s; those made during
 * an execution are never freed one by one, the next restore discards them together.
 */
export class Vm {
  /** What `Date.now()` shows the guest. Frozen until an execution sets it. */
  clock: () => number = () => BUILD_CLOCK_MS;
  /** Polled every {@link STEPS_PER_POLL} steps; true throws "interrupted" into the guest, which only async code can catch. */
  shouldInterrupt: () => boolean = NEVER;
  /** Linear memory does not grow beyond it; its own maximum is `memoryLimitBytes`. */
  memoryCeilingBytes = Number.POSITIVE_INFINITY;
  /** Polls since the last {@link beginRun}. */
  interruptPolls = 0;
  /** The heap reached its limit since the last {@link beginRun}. The guest may have caught the error. */
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
  /** Scratch for the arguments of a call and for out-parameters, part of every image. */
  readonly #argv: Pointer;
  readonly #randomStateAddress: Pointer;
  readonly #gcThresholdAddress: Pointer;
  /** An ArrayBuffer that no guest code can reach, and where its bytes lie. */
  readonly #inputBuffer: { readonly value: Pointer; readonly bytes: Pointer };
  /** Kept by VMs that execute handlers. */
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
    // Bytecode keeps its line table and leaves its source text behind: artifacts and images shrink by it.
    this.heap[this.#rt + engine.table.stripFlagsOffset] = STRIP_SOURCE;
    if (options.purpose === 'execution') this.#rejections = this.#trackRejections();
  }

  /** Linear memory. Do not keep it: growth detaches it. */
  get heap(): Uint8Array {
    return this.#memory.bytes;
  }

  /** Set once something other than a guest exception came out of wasm. */
  get poison(): VmPoisonedError | undefined {
    return this.#poison;
  }

  /**
   * End of what the heap has used since the last {@link resetMarks}, in bytes: an engine that works as it should has written nothing above.
   * Kept by the engine in a place that nothing in linear memory leads to.
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

  /** Zeroes all of memory. Nothing can be called before an image is restored. */
  clear(): void {
    this.heap.fill(0);
    this.resetMarks(this.layout.heapBase);
  }

  /** The stack is clean, and the heap is used up to `heapEnd`. */
  resetMarks(heapEnd: number): void {
    this.#marks.stackLow.value = this.layout.heapBase;
    this.#marks.heapHigh.value = heapEnd;
  }

  /** Start and end of the buffer through which values enter. Once they are read nobody looks at it. */
  get inputBuffer(): readonly [start: number, end: number] {
    return [this.#inputBuffer.bytes, this.#inputBuffer.bytes + INLET_BYTES];
  }

  /** What nobody has handled up to now. A promise may still be handled while there are pending jobs. */
  get unhandledRejections(): UnhandledRejections {
    return this.#rejections?.read() ?? { count: 0, firstReason: undefined };
  }

  private noteHeapExhausted(wantedEnd: number): void {
    this.heapExhausted = true;
    if (this.#isWriting) throw new Error('out of memory while a value was written');
    // The engine has many places that allocate little, and not all of them are right when they get nothing. Nor is its compiler.
    const isSmall = wantedEnd - this.heapEnd <= SMALL_GROWTH_BYTES;
    if (isSmall || this.#purpose === 'compilation') throw new Error('out of memory');
  }

  /** Forgets what the last execution left on the host side. */
  beginRun(): void {
    this.shouldInterrupt = NEVER;
    this.stopClock();
    this.interruptPolls = 0;
    this.heapExhausted = false;
    this.memoryCeilingBytes = Number.POSITIVE_INFINITY;
  }

  /**
   * The guest's stack limit is part of the image: one that was made with another limit is given this VM's own.
   *
   * @param bytes a lower one
   */
  applyStackSize(bytes = this.#stackSizeBytes): void {
    this.#enter(() => this.#functions.QTS_RuntimeSetMaxStackSize(this.#rt, Math.min(bytes, this.#stackSizeBytes)));
  }

  /** For an image to start executions from: what is in it already does not count as theirs to be collected. */
  deferCollection(): void {
    const threshold = this.heapEnd - this.layout.heapBase + GC_HEADROOM_BYTES;
    this.#memory.numbers.setUint32(this.#gcThresholdAddress, threshold, true);
  }

  /** The clock of all images: it stands still. */
  stopClock(): void {
    this.clock = () => BUILD_CLOCK_MS;
  }

  /** Makes an ArrayBuffer of zeros that the host can find: its value, and where its bytes lie. */
  createBuffer(length: number): { readonly value: Pointer; readonly bytes: Pointer } {
    const bytes = this.#allocate(length);
    this.heap.fill(0, bytes, bytes + length);
    const value = this.#checked(this.#enter(() => this.#functions.QTS_NewArrayBuffer(this.#ctx, bytes, length)));
    return { value, bytes };
  }

  writeFloat64(address: Pointer, value: number): void {
    this.#memory.numbers.setFloat64(address, value, true);
  }

  /** Gives `Math.random` 64 bits of state of its own. Zero is a state the generator cannot leave. */
  seedRandom(low: number, high: number): void {
    this.#memory.numbers.setUint32(this.#randomStateAddress, low === 0 && high === 0 ? 1 : low, true);
    this.#memory.numbers.setUint32(this.#randomStateAddress + 4, high, true);
  }

  /** Where `throw` notes a value that is no error, and its stack: an object at the same address in every image. */
  noteThrowsIn(holder: Pointer): void {
    this.#functions.noteThrowsIn?.(holder);
  }

  /** What the compiler came across since it was last asked, as bits: see `mends/notes.ts`. */
  takeNotes(): number {
    return this.#functions.takeNotes?.() ?? 0;
  }

  /** What the compiler could not go on with since it was last asked, see `mends/counts.ts`. 0 for nothing. */
  takeExceededCount(): number {
    return this.#functions.takeExceededCount?.() ?? 0;
  }

  /**
   * From now on places in what is compiled are told as those in another text.
   *
   * @param table see `source-places.ts`; it is given the address where the text begins
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
   * Parses a script and returns the function it compiled to, not yet evaluated.
   *
   * @param isHidden whether its functions are left out of the stacks of errors
   * @throws GuestException with a SyntaxError
   */
  compile(source: string, filename: string, isHidden = false): Pointer {
    const bytes = Buffer.from(source, 'utf8');
    const text = this.#allocate(bytes.length + 1);
    this.heap.set(bytes, text);
    this.heap[text + bytes.length] = 0;
    this.#functions.hideFunctions?.(isHidden ? 1 : 0);
    const compiled = this.#enter(() =>
      this.#functions.QTS_Eval(this.#ctx, text, bytes.length, filename, 0, COMPILE_ONLY),
    );
    this.#enter(() => this.#functions.free(text));
    return this.#checked(compiled);
  }

  /** Serialises a compiled function. */
  writeBytecode(compiled: Pointer): Uint8Array {
    const buffer = this.#enter(() => this.#functions.writeBytecode(this.#ctx, compiled));
    const bytes = this.#takeBytes(buffer);
    if (bytes.length <= KEPT_BYTES) this.release(buffer);
    return bytes;
  }

  /**
   * Loads bytecode and evaluates its top level.
   *
   * QuickJS does not verify bytecode: the caller vouches for every byte.
   */
  evaluateBytecode(bytecode: Uint8Array): Pointer {
    return this.#evaluateFunction(this.#read(bytecode, this.#functions.readBytecode));
  }

  /**
   * {@link evaluateBytecode} for what becomes part of an image: the bytes do not lie in the heap meanwhile, where they would leave a
   * hole of their size to be copied with every execution.
   */
  evaluateIntoImage(bytecode: Uint8Array): Pointer {
    // The same place in every VM: it remains in the image.
    const start = Math.floor((BUILDER_MEMORY_BYTES - bytecode.length) / VALUE_BYTES) * VALUE_BYTES;
    const hasRoom = this.heap.length >= BUILDER_MEMORY_BYTES;
    if (!hasRoom || start - this.heapEnd < bytecode.length * LOADED_PER_BYTECODE)
      return this.evaluateBytecode(bytecode);
    this.heap.set(bytecode, start);
    let fn: Pointer;
    try {
      // Never freed, as its bytes are not the allocator's.
      const buffer = this.#checked(
        this.#enter(() => this.#functions.QTS_NewArrayBuffer(this.#ctx, start, bytecode.length)),
      );
      fn = this.#checked(this.#enter(() => this.#functions.readBytecode(this.#ctx, buffer)));
    } finally {
      // The marks know nothing of it.
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

  /** Makes a value of the engine's binary object format (see `codec/values/`). */
  readValue(encoded: Uint8Array): Pointer {
    return this.#read(encoded, this.#functions.readValue);
  }

  #read(bytes: Uint8Array, read: (ctx: Pointer, arrayBuffer: Pointer) => Pointer): Pointer {
    if (bytes.length > INLET_BYTES) return this.#withArrayBuffer(bytes, (buffer) => read(this.#ctx, buffer));
    this.heap.set(bytes, this.#inputBuffer.bytes);
    return this.#checked(this.#enter(() => read(this.#ctx, this.#inputBuffer.value)));
  }

  /**
   * Copies a value out in the engine's binary object format. Runs no guest code.
   *
   * @throws GuestException when the value is none that the engine writes; VmPoisonedError when there is no memory for its bytes
   */
  writeValue(value: Pointer): Uint8Array {
    // The engine's writer goes on after an allocation that failed, for as many items as an array says it has: it is left at once.
    this.#isWriting = true;
    try {
      return this.#takeBytes(this.#enter(() => this.#functions.QTS_bjson_encode(this.#ctx, value)));
    } finally {
      this.#isWriting = false;
    }
  }

  /** Calls a guest function with `undefined` as this, where `undefined` is a cell of the image. */
  call(fn: Pointer, thisArg: Pointer, ...args: Pointer[]): Pointer {
    for (let i = 0; i < args.length; i++) this.#memory.numbers.setUint32(this.#argv + i * 4, args[i] ?? 0, true);
    return this.#checked(this.#enter(() => this.#functions.QTS_Call(this.#ctx, fn, thisArg, args.length, this.#argv)));
  }

  /**
   * Runs up to `limit` pending jobs.
   *
   * @throws GuestException when a job failed in a way that no promise took
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

  /** What is no promise counts as one that is pending. */
  promiseState(promise: Pointer): PromiseState {
    return PROMISE_STATES[this.#enter(() => this.#functions.QTS_PromiseState(this.#ctx, promise))] ?? 'pending';
  }

  /** Why a promise is rejected, or what it is fulfilled with. */
  promiseResult(promise: Pointer): Pointer {
    const result = this.#enter(() => this.#functions.QTS_PromiseResult(this.#ctx, promise));
    if (result === 0) throw this.#outOfMemory();
    return result;
  }

  element(array: Pointer, index: number): Pointer {
    return this.#checked(this.#enter(() => this.#functions.QTS_GetPropNumber(this.#ctx, array, index)));
  }

  /** Lets go of a value before the next restore does: what is to be kept is better without it. Runs no guest code. */
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

  /** The engine's own rendering of a value as JSON. May run guest code; only for values of a VM that ran none. */
  dump(value: Pointer): unknown {
    const text = this.#enter(() => this.#functions.dump(this.#ctx, value));
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  /** Memory, to look at a cell in it. Where it is says the engine, whose word is worth nothing once a guest broke it. */
  #cell(at: Pointer): DataView {
    this.#requireWithin(at, VALUE_BYTES);
    return this.#memory.numbers;
  }

  /** @throws VmPoisonedError when what the engine says of a place is not in memory */
  #requireWithin(start: number, length: number): void {
    const { length: end } = this.heap;
    if (start >= 0 && length >= 0 && start + length <= end) return;
    this.#poison ??= new VmPoisonedError(`${length} bytes at ${start} are not in its memory of ${end}`);
    throw this.#poison;
  }

  /** Every way into wasm goes through here: what is thrown out of it is no guest exception and poisons the instance. */
  #enter<T>(run: () => T): T {
    if (this.#poison !== undefined) throw this.#poison;
    try {
      return run();
    } catch (error) {
      this.#poison = new VmPoisonedError(error);
      throw this.#poison;
    }
  }

  #checked(value: Pointer): Pointer {
    const error = this.#enter(() => this.#functions.QTS_ResolveException(this.#ctx, value));
    if (error !== 0) throw new GuestException(error);
    return value;
  }

  #allocate(bytes: number): Pointer {
    const pointer = this.#enter(() => this.#functions.malloc(bytes)) >>> 0;
    if (pointer === 0) throw this.#outOfMemory();
    // The allocator's lists are the guest's to change.
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
    const buffer = this.#checked(this.#enter(() => this.#functions.QTS_NewArrayBuffer(this.#ctx, copy, bytes.length)));
    const value = this.#enter(() => read(buffer));
    this.release(buffer);
    return this.#checked(value);
  }

  #takeBytes(buffer: Pointer): Uint8Array {
    this.#checked(buffer);
    const start = this.#enter(() => this.#functions.QTS_GetArrayBuffer(this.#ctx, buffer)) >>> 0;
    const length = this.#enter(() => this.#functions.QTS_GetArrayBufferLength(this.#ctx, buffer)) >>> 0;
    this.#requireWithin(start, length);
    // From Node's pool: a small ArrayBuffer of its own costs more than what it holds.
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
