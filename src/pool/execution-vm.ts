import { createExecutionVm, type VmLimits } from '../engine/base-image.js';
import {
  captureImage,
  type Delta,
  deltaEnd,
  frameGapBytes,
  type Image,
  imageEnd,
  restoreImage,
} from '../engine/image.js';
import type { EngineModule } from '../engine/load-engine.js';
import { MIN_MEMORY_BYTES, type Vm } from '../engine/vm.js';
import type { VmRetirement } from './protocol.js';

/** An instance that grew by more than this beyond what its image needs is replaced; wasm memory never shrinks. */
const RETAINED_GROWTH_BYTES = 8 * 1024 * 1024;

/** Runs of one handler in a row after which its image is put together: copied in one piece, it saves a twentieth of a run. */
const REPEATED_RUNS = 64;

const NONE: readonly VmRetirement[] = [];

/** The VM of a worker: one after the other, each used until it is broken or too large. */
export class ExecutionVm {
  readonly #engine: EngineModule;
  readonly #limits: VmLimits;
  #current: Vm;
  /** Memory that every image so far needs. */
  #imageBytes = MIN_MEMORY_BYTES;
  #lastOwner: string | undefined;
  /** Of the functions that the last run could call beside those of the prelude; infinite when it is not known. */
  #lastCodeBytes = Number.POSITIVE_INFINITY;
  #lastDelta: Delta | undefined;
  #runsInARow = 0;
  /** Image and delta of the last run, as one; undefined while it has not been repeated often. */
  #whole: Image | undefined;
  #retired: VmRetirement[] = [];

  static async create(engine: EngineModule, limits: VmLimits): Promise<ExecutionVm> {
    return new ExecutionVm(engine, limits, await createExecutionVm(engine, limits));
  }

  private constructor(engine: EngineModule, limits: VmLimits, vm: Vm) {
    this.#engine = engine;
    this.#limits = limits;
    this.#current = vm;
  }

  get current(): Vm {
    return this.#current;
  }

  /** An image that every VM from now on has to have room for. */
  makeRoomFor(image: Image, delta?: Delta): void {
    const end = Math.max(imageEnd(this.#current, image), delta === undefined ? 0 : deltaEnd(delta));
    this.#imageBytes = Math.max(this.#imageBytes, end);
  }

  /**
   * Puts an image into the VM.
   *
   * @param owner whose handler it is: between runs of one, the quick way will do, since it could only read its own
   * @param codeBytes of its functions, and those of libraries. Default: not known
   */
  restore(owner: string, image: Image, delta?: Delta, codeBytes = Number.POSITIVE_INFINITY): void {
    const isAnother = owner !== this.#lastOwner;
    // Where it can be known how deep to look, it is looked each time: what a quick look left would be taken for clean by the next.
    const isKnown = Number.isFinite(this.#lastCodeBytes);
    const cleanBytes = isKnown || isAnother ? frameGapBytes(this.#lastCodeBytes) : undefined;
    this.#lastCodeBytes = cleanBytes === undefined ? Number.POSITIVE_INFINITY : codeBytes;
    if (isAnother || delta !== this.#lastDelta) this.#forgetRuns();
    this.#lastOwner = owner;
    this.#lastDelta = delta;
    if (this.#whole !== undefined) {
      restoreImage(this.#current, this.#whole, undefined, cleanBytes);
      return;
    }
    restoreImage(this.#current, image, delta, cleanBytes);
    if (delta !== undefined && ++this.#runsInARow === REPEATED_RUNS) this.#whole = captureImage(this.#current);
  }

  #forgetRuns(): void {
    this.#runsInARow = 0;
    this.#whole = undefined;
  }

  /**
   * Whether what comes next needs a VM of another size than this one.
   *
   * @param memoryLimitBytes of what comes next
   * @param neededBytes that its image takes
   */
  isMisfitFor(memoryLimitBytes: number, neededBytes: number): boolean {
    const { length } = this.#current.heap;
    const isTooLarge = length > Math.max(memoryLimitBytes, this.#imageBytes, neededBytes);
    return isTooLarge || length < neededBytes;
  }

  /** Why it must not be used again: nothing is that a handler broke, exhausted or blew up. */
  get wear(): VmRetirement | undefined {
    const vm = this.#current;
    if (vm.poison !== undefined) return 'poisoned';
    if (vm.heapExhausted) return 'out_of_memory';
    return vm.heap.length > this.#imageBytes + RETAINED_GROWTH_BYTES ? 'grown' : undefined;
  }

  /** Why VMs were replaced since it was asked last. */
  takeRetired(): readonly VmRetirement[] {
    return this.#retired.length === 0 ? NONE : this.#retired.splice(0);
  }

  async replace(reason: VmRetirement, neededBytes = 0): Promise<void> {
    this.#retired.push(reason);
    this.#forgetRuns();
    this.#current = await createExecutionVm(this.#engine, this.#limits, Math.max(this.#imageBytes, neededBytes));
  }
}
