import type { ScriptOutcome } from '../contract/compile.js';
import { type BaseImage, buildBaseImage, createExecutionVm, type VmLimits } from '../engine/base-image.js';
import { type FeatureSet, featureSet, NO_FEATURES } from '../engine/features.js';
import { ENTROPY_BYTES, writeEntropy, writeStart } from '../engine/host-cells.js';
import { captureDelta, deltaEnd, type Image, imageEnd, restoreImage } from '../engine/image.js';
import { type ImageVariant, ImageVariants } from '../engine/image-variants.js';
import type { LibrarySource } from '../engine/library.js';
import type { EngineModule } from '../engine/load-engine.js';
import type { PreludeImage } from '../engine/prelude-image.js';
import type { Pointer } from '../engine/quickjs-module.js';
import { SourceCompiler } from '../engine/source-compiler.js';
import { GuestException, MIN_MEMORY_BYTES, STEPS_PER_POLL, type Vm, VmPoisonedError } from '../engine/vm.js';
import { SeededEntropy, SystemEntropy } from './entropy.js';
import { HandlerImages } from './handler-images.js';
import { encodeInput } from './packed-context.js';
import type { Executed, ExecuteRequest } from './protocol.js';
import { Run } from './run.js';

/** An instance that grew by more than this beyond what its image needs is replaced; wasm memory never shrinks. */
const RETAINED_GROWTH_BYTES = 8 * 1024 * 1024;
const CRYPTO = featureSet('crypto');

export interface ExecutorOptions extends VmLimits {
  readonly engine: EngineModule;
  readonly prelude: PreludeImage;
  readonly libraries: readonly LibrarySource[];
}

/**
 * Runs handlers in one VM, each from a pristine image, and compiles them in another. Works in any thread; the worker
 * entry is a thin shell around it.
 */
export class Executor {
  readonly #options: ExecutorOptions;
  readonly #base: BaseImage;
  readonly #variants: ImageVariants;
  readonly #handlers = new HandlerImages();
  /** Memory that every image so far needs. */
  #imageBytes: number;
  readonly #entropy = new SystemEntropy();
  #vm: Vm;
  #lastKey: string | undefined;
  readonly #getCompiler: () => Promise<SourceCompiler>;

  /** @throws NexusError INVALID_CONFIG when a library cannot be initialised */
  static async create(options: ExecutorOptions): Promise<Executor> {
    const vm = await createExecutionVm(options.engine, options);
    let compiler: Promise<SourceCompiler> | undefined;
    const getCompiler = () => {
      compiler ??= SourceCompiler.create(options.engine, options.stackSizeBytes);
      return compiler;
    };
    const base = await buildBaseImage(vm, options.prelude, options.libraries, getCompiler);
    return new Executor(options, vm, base, getCompiler);
  }

  private constructor(options: ExecutorOptions, vm: Vm, base: BaseImage, getCompiler: () => Promise<SourceCompiler>) {
    this.#options = options;
    this.#vm = vm;
    this.#base = base;
    this.#variants = new ImageVariants(base, options.prelude);
    this.#getCompiler = getCompiler;
    this.#imageBytes = Math.max(MIN_MEMORY_BYTES, imageEnd(vm, base.image));
  }

  /** Names the base image with these features, hex SHA-256. */
  hashImage(features: FeatureSet = NO_FEATURES): string {
    return this.#variants.hash(this.#vm, features);
  }

  async compileScript(source: string, filename: string): Promise<ScriptOutcome> {
    return (await this.#getCompiler()).compile(source, filename);
  }

  /** @throws NexusError when packed context does not decode */
  async execute(request: ExecuteRequest, bytecode: Uint8Array): Promise<Executed> {
    const input = encodeInput(request);
    const startedAt = performance.now();
    let attempt = await this.#attempt(request, bytecode, input, {});
    let polls = attempt.interruptPolls;
    if (attempt.run.lackedFeature) {
      // Nothing of it was delivered: from the start, with all there is, under what is left of its time.
      this.#handlers.needsAllFeatures(request.key);
      attempt = await this.#attempt(request, bytecode, input, { deadline: attempt.run.deadline });
      polls += attempt.interruptPolls;
    }
    if (attempt.run.changedInVain) {
      // Again, to throw at the line that changes what may not be changed: watching for it is too slow for every execution.
      attempt = await this.#attempt(request, bytecode, input, { deadline: attempt.run.deadline, guarded: true });
      polls += attempt.interruptPolls;
    }
    const { run, outcome } = attempt;
    const vm = this.#vm;
    const executed: Executed = {
      outcome,
      failure: run.failure,
      startedAtMs: performance.timeOrigin + startedAt,
      durationUs: (performance.now() - startedAt) * 1000,
      memoryUsedBytes: Math.max(0, vm.heapBreak - imageEnd(vm, attempt.image)),
      memoryPeakBytes: vm.heap.length,
      instructionCount: polls * STEPS_PER_POLL,
      heapExhausted: vm.heapExhausted,
    };
    await this.#retireVm();
    return executed;
  }

  async #attempt(
    request: ExecuteRequest,
    bytecode: Uint8Array,
    input: Uint8Array,
    { deadline, guarded = false }: AttemptOptions,
  ): Promise<Attempt> {
    const { limits } = request;
    // What an attempt before it left behind, or an execution that was allowed more.
    if (deadline !== undefined) await this.#retireVm();
    if (this.#vm.heap.length > Math.max(limits.memoryLimitBytes, this.#imageBytes)) await this.#replaceVm();
    const vm = this.#vm;
    const run = new Run(vm, this.#base, limits, deadline);
    let image = this.#base.image;
    try {
      const loaded = this.#load(request.key, bytecode);
      image = loaded.variant.image;
      this.#prepare(request, loaded.variant);
      if (guarded) vm.call(this.#base.roots.guardState, this.#base.roots.undefined);
      run.start(loaded.handler, input);
    } catch (error) {
      if (!(error instanceof GuestException || error instanceof VmPoisonedError)) {
        // Not the guest's doing. The VM is in no known state.
        await this.#replaceVm();
        throw error;
      }
      run.stop(error);
    }
    return { run, image, outcome: run.finish(input), interruptPolls: vm.interruptPolls };
  }

  /** Puts the VM into the state just before the handler runs and returns the handler. */
  #load(key: string, bytecode: Uint8Array): { readonly handler: Pointer; readonly variant: ImageVariant } {
    const vm = this.#vm;
    vm.beginRun();
    // Between runs of one handler the quick way will do: it could only read its own.
    const isAnother = key !== this.#lastKey;
    this.#lastKey = key;
    const image = this.#handlers.get(key);
    if (image !== undefined) {
      restoreImage(vm, image.variant.image, image.delta, isAnother);
      return image;
    }
    const variant = this.#variants.get(vm, this.#handlers.featuresFor(key, bytecode));
    this.#imageBytes = Math.max(this.#imageBytes, imageEnd(vm, variant.image));
    restoreImage(vm, variant.image, undefined, isAnother);
    const handler = vm.evaluateBytecode(bytecode);
    if (this.#handlers.isWorthAnImage(key, bytecode.length)) {
      const delta = captureDelta(vm, variant.image);
      this.#imageBytes = Math.max(this.#imageBytes, deltaEnd(delta));
      this.#handlers.put(key, { delta, handler, variant });
    }
    return { handler, variant };
  }

  /** Bounds, time and chance of this execution alone. */
  #prepare({ limits, seed, now }: ExecuteRequest, { features }: ImageVariant): void {
    const vm = this.#vm;
    vm.memoryCeilingBytes = limits.memoryLimitBytes;
    if (limits.stackSizeBytes < this.#options.stackSizeBytes) vm.applyStackSize(limits.stackSizeBytes);
    const { cells } = this.#base.roots;
    vm.clock = now === undefined ? Date.now : () => now;
    writeStart(vm, cells, vm.clock());
    const entropy = seed === undefined ? this.#entropy : new SeededEntropy(seed);
    vm.seedRandom(entropy.uint32(), entropy.uint32());
    if ((features & CRYPTO) !== 0) writeEntropy(vm, cells, entropy.bytes(ENTROPY_BYTES));
  }

  /** Nothing that a handler broke or blew up is used again. */
  async #retireVm(): Promise<void> {
    const vm = this.#vm;
    if (vm.poison !== undefined || vm.heap.length > this.#imageBytes + RETAINED_GROWTH_BYTES) await this.#replaceVm();
  }

  async #replaceVm(): Promise<void> {
    this.#vm = await createExecutionVm(this.#options.engine, this.#options, this.#imageBytes);
  }
}

interface AttemptOptions {
  /** Of the attempt before it, whose time it shares. */
  readonly deadline?: number | undefined;
  /** Whether state that may not be changed is handed out read-only. */
  readonly guarded?: boolean;
}

/** One run of a handler. */
interface Attempt {
  readonly run: Run;
  /** What it started from. */
  readonly image: Image;
  readonly outcome: Uint8Array | undefined;
  readonly interruptPolls: number;
}
