import { MAX_STACK_SIZE_BYTES } from '../config/limits.js';
import type { MemoryLayout } from './binary-interface.js';
import type { EngineModule } from './load-engine.js';
import { type BytesPointer, bytesAt, type ContextPointer, NO_VALUE, type ValuePointer } from './pointers.js';
import { instantiateQuickJs, type QuickJsInstance } from './quickjs-module.js';
import { REJECTION_BLOCK_BYTES, RejectionList, type UnhandledRejections } from './rejection-list.js';
import { EngineAccess, VALUE_BYTES } from './vm/engine-access.js';
import { HostCall, type HostFunctionName, hostFunctionNumber } from './vm/host-call.js';
import { MarkedMemory } from './vm/marked-memory.js';
import { Scripts } from './vm/scripts.js';
import { BUILD_CLOCK_MS, VmControls } from './vm/vm-controls.js';
import type { VmPoisonedError } from './vm/vm-errors.js';
import { instanceOptionsOf, type VmOptions } from './vm/vm-options.js';

const STRIP_SOURCE = 1 << 0;
/** Values up to this size enter through a buffer that is part of the image instead of one made for them. */
const INLET_BYTES = 4096;
const MAX_ARGUMENTS = 4;

export type PromiseState = 'pending' | 'fulfilled' | 'rejected';
/** In the order of JSPromiseStateEnum. */
const PROMISE_STATES: readonly PromiseState[] = ['pending', 'fulfilled', 'rejected'];

/**
 * One QuickJS context in its own WebAssembly instance.
 *
 * All its state is in linear memory, so an {@link Image} restores it completely. Values are {@link Pointer}s;
 * those created during an execution are never freed one by one, because the next restore discards them
 * together.
 */
export class Vm extends VmControls {
  readonly #memory: MarkedMemory;
  readonly #scripts: Scripts;
  readonly #hostCall: HostCall;
  /** Scratch for the arguments of a call and for out-parameters, part of every image. */
  readonly #argv: BytesPointer;
  /** An ArrayBuffer that no guest code can reach, and where its bytes lie. */
  readonly #inputBuffer: { readonly value: ValuePointer; readonly bytes: BytesPointer };
  /** Kept by VMs that execute handlers. */
  readonly #rejections: RejectionList | undefined;

  static async create(engine: EngineModule, options: VmOptions): Promise<Vm> {
    if (options.stackSizeBytes > MAX_STACK_SIZE_BYTES) throw new RangeError('the native stack is smaller');
    const holder: { vm?: Vm } = {};
    const instance = await instantiateQuickJs(engine, instanceOptionsOf(options), {
      now: () => (holder.vm === undefined ? BUILD_CLOCK_MS : holder.vm.clock()),
      get zone() {
        return holder.vm?.zone;
      },
      answer: (number, argc, argv) => holder.vm?.answer(number, argc, bytesAt(argv)) ?? NO_VALUE,
      memoryCeiling: () => holder.vm?.memoryCeilingBytes ?? Number.POSITIVE_INFINITY,
      onHeapExhausted: (wantedEnd) => {
        holder.vm?.noteHeapExhausted(wantedEnd);
      },
    });
    holder.vm = new Vm(engine, instance, options);
    return holder.vm;
  }

  private constructor(module: EngineModule, instance: QuickJsInstance, options: VmOptions) {
    const memory = new MarkedMemory(instance.memory, module.layout, instance.marks);
    super(new EngineAccess(instance, memory), instance.runtime, options);
    this.#memory = memory;
    this.#scripts = new Scripts(this.engine);
    this.#hostCall = new HostCall(this.engine, (encoded) => this.readValue(encoded));
    this.#argv = this.engine.allocate(MAX_ARGUMENTS * 4 + VALUE_BYTES);
    this.#inputBuffer = this.createBuffer(INLET_BYTES);
    this.engine.learnArrayBuffers(this.#inputBuffer.value, this.#inputBuffer.bytes, INLET_BYTES);
    // Bytecode keeps its line table and leaves its source text behind: artifacts and images shrink by it.
    this.heap[this.engine.runtime + module.table.stripFlagsOffset] = STRIP_SOURCE;
    if (options.purpose === 'execution') this.#rejections = this.#trackRejections(module);
  }

  /** Addresses of what the host allocates in each VM: part of every image, and the same in all VMs for which an image can be used. */
  get places(): readonly number[] {
    return [this.#argv, this.#inputBuffer.value, this.#inputBuffer.bytes, this.#rejections?.place ?? 0];
  }

  get layout(): MemoryLayout {
    return this.#memory.layout;
  }

  /** Linear memory. Do not keep it: growth detaches it. */
  get heap(): Uint8Array {
    return this.#memory.bytes;
  }

  /** Set once WebAssembly threw something other than a guest exception. */
  get poison(): VmPoisonedError | undefined {
    return this.engine.poison;
  }

  /**
   * The end of the used heap since the last {@link resetMarks}, in bytes: a correct engine has written
   * nothing above it. The engine keeps it in a global that cannot be reached through linear memory.
   */
  get heapEnd(): number {
    return this.#memory.heapEnd;
  }

  get stackLow(): number {
    return this.#memory.stackLow;
  }

  /** Zeroes all memory. Nothing can be called before an image is restored. */
  clear(): void {
    this.heap.fill(0);
    this.resetMarks(this.layout.heapBase);
  }

  /** Resets the marks: the stack is clean, and the heap is used up to `heapEnd`. */
  resetMarks(heapEnd: number): void {
    this.#memory.resetMarks(heapEnd);
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

  /** Makes an ArrayBuffer of zeros that the host can find: its value, and where its bytes lie. */
  createBuffer(length: number): { readonly value: ValuePointer; readonly bytes: BytesPointer } {
    const bytes = this.engine.allocate(length);
    this.heap.fill(0, bytes, bytes + length);
    return { value: this.engine.newArrayBuffer(bytes, length), bytes };
  }

  writeFloat64(address: BytesPointer, value: number): void {
    this.#memory.numbers.setFloat64(address, value, true);
  }

  /** Where `throw` stores a value that is not an error, and its stack: an object at the same address in every image. */
  noteThrowsIn(holder: ValuePointer): void {
    this.engine.functions.noteThrowsIn?.(holder);
  }

  /** What the compiler came across since it was last asked, as bits: see `mends/notes.ts`. */
  takeNotes(): number {
    return this.engine.functions.takeNotes?.() ?? 0;
  }

  /** The count that the compiler exceeded since the last call, see `mends/counts.ts`; 0 for none. */
  takeExceededCount(): number {
    return this.engine.functions.takeExceededCount?.() ?? 0;
  }

  /**
   * From now on, places in compiled code are reported as places in another text.
   *
   * @param table see `source-places.ts`; the address of the text is filled in
   */
  usePlaces(table: Uint8Array, text: Uint8Array): void {
    this.#scripts.usePlaces(table, text);
  }

  /** Ends what {@link usePlaces} began. */
  useOwnPlaces(): void {
    this.#scripts.useOwnPlaces();
  }

  /**
   * Parses a script and returns the compiled function without evaluating it.
   *
   * @param isHidden whether its functions are left out of the stacks of errors
   * @throws GuestException with a SyntaxError
   */
  compile(source: string, filename: string, isHidden = false): ValuePointer {
    return this.#scripts.compile(source, filename, isHidden);
  }

  /** Serialises a compiled function. */
  writeBytecode(compiled: ValuePointer): Uint8Array {
    return this.#scripts.write(compiled);
  }

  /**
   * Loads bytecode and evaluates its top level.
   *
   * QuickJS does not verify bytecode: the caller must have verified its origin.
   */
  evaluateBytecode(bytecode: Uint8Array): ValuePointer {
    return this.#scripts.evaluate(this.#read(bytecode, this.engine.functions.readBytecode));
  }

  /**
   * {@link evaluateBytecode} for code that becomes part of an image: the bytes are not in the heap, where
   * they would leave a hole of their size that is copied with every execution.
   */
  evaluateIntoImage(bytecode: Uint8Array): ValuePointer {
    return this.#scripts.evaluateBeyondHeap(bytecode) ?? this.evaluateBytecode(bytecode);
  }

  /** Makes a value of the engine's binary object format (see `codec/values/`). */
  readValue(encoded: Uint8Array): ValuePointer {
    return this.#read(encoded, this.engine.functions.readValue);
  }

  #read(bytes: Uint8Array, read: (ctx: ContextPointer, arrayBuffer: ValuePointer) => ValuePointer): ValuePointer {
    const { engine } = this;
    if (bytes.length > INLET_BYTES) return engine.withArrayBuffer(bytes, (buffer) => read(engine.context, buffer));
    this.heap.set(bytes, this.#inputBuffer.bytes);
    return engine.enterChecked(() => read(engine.context, this.#inputBuffer.value));
  }

  /**
   * Copies a value out in the engine's binary object format. Runs no guest code.
   *
   * @throws GuestException if the engine cannot write the value; VmPoisonedError if there is no memory for
   *   its bytes
   */
  writeValue(value: ValuePointer): Uint8Array {
    const { engine } = this;
    // The engine's writer goes on after an allocation that failed, for as many items as an array says it has: it is left at once.
    this.isWriting = true;
    try {
      return engine.takeBytes(engine.enterChecked(() => engine.functions.QTS_bjson_encode(engine.context, value)));
    } finally {
      this.isWriting = false;
    }
  }

  /** A function that asks the host, see `vm/host-call.ts`. */
  newHostFunction(name: HostFunctionName): ValuePointer {
    const { engine } = this;
    const number = hostFunctionNumber(name);
    return engine.enterChecked(() => engine.functions.QTS_NewFunction(engine.context, '', 0, false, number));
  }

  /** Called by the engine. */
  protected answer(number: number, argc: number, argv: BytesPointer): ValuePointer {
    const answer = this.#hostCall.answer(number, argc, argv, this.localeSettings);
    this.chargeHostCall(this.#hostCall.bytesRead);
    return answer;
  }

  /** Calls a guest function with `undefined` as this, where `undefined` is a cell of the image. */
  call(fn: ValuePointer, thisArg: ValuePointer, ...args: ValuePointer[]): ValuePointer {
    const { engine } = this;
    for (let i = 0; i < args.length; i++) this.#memory.numbers.setUint32(this.#argv + i * 4, args[i] ?? 0, true);
    return engine.enterChecked(() => engine.functions.QTS_Call(engine.context, fn, thisArg, args.length, this.#argv));
  }

  /**
   * Runs up to `limit` pending jobs.
   *
   * @throws GuestException if a job failed outside of any promise
   */
  runJobs(limit: number): void {
    const { engine } = this;
    const lastContext = bytesAt(this.#argv, MAX_ARGUMENTS * 4);
    const executed = engine.enter(() => engine.functions.QTS_ExecutePendingJob(engine.runtime, limit, lastContext));
    engine.checked(executed);
    this.release(executed);
  }

  get hasPendingJobs(): boolean {
    const { engine } = this;
    return engine.enter(() => engine.functions.QTS_IsJobPending(engine.runtime)) !== 0;
  }

  /** What is no promise counts as one that is pending. */
  promiseState(promise: ValuePointer): PromiseState {
    const { engine } = this;
    const state = engine.enter(() => engine.functions.QTS_PromiseState(engine.context, promise));
    return PROMISE_STATES[state] ?? 'pending';
  }

  /** Why a promise is rejected, or what it is fulfilled with. */
  promiseResult(promise: ValuePointer): ValuePointer {
    const { engine } = this;
    const result = engine.enter(() => engine.functions.QTS_PromiseResult(engine.context, promise));
    if (result === 0) throw engine.outOfMemory();
    return result;
  }

  element(array: ValuePointer, index: number): ValuePointer {
    const { engine } = this;
    return engine.enterChecked(() => engine.functions.QTS_GetPropNumber(engine.context, array, index));
  }

  /** Lets go of a value before the next restore does: what is to be kept is better without it. Runs no guest code. */
  release(value: ValuePointer): void {
    this.engine.release(value);
  }

  /** Whether two cells hold the same object, or the same undefined, null or boolean. */
  isSame(a: ValuePointer, b: ValuePointer): boolean {
    const one = this.engine.cell(a);
    const other = this.engine.cell(b);
    return (
      one.getUint32(a, true) === other.getUint32(b, true) && one.getUint32(a + 4, true) === other.getUint32(b + 4, true)
    );
  }

  /** The engine's own rendering of a value as JSON. May run guest code; only for values of a VM that ran none. */
  dump(value: ValuePointer): unknown {
    const { engine } = this;
    const text = engine.enter(() => engine.functions.dump(engine.context, value));
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  /** Does what JS_SetHostPromiseRejectionTracker would do. */
  #trackRejections({ table, rejectionTracker }: EngineModule): RejectionList {
    const block = this.engine.allocate(REJECTION_BLOCK_BYTES);
    const list = new RejectionList(this.#memory, block);
    const field = this.engine.runtime + table.rejectionTrackerOffset;
    this.#memory.numbers.setUint32(field, rejectionTracker, true);
    this.#memory.numbers.setUint32(field + 4, block, true);
    return list;
  }
}
