import { randomFillSync } from 'node:crypto';

import type { ScriptOutcome } from '../contract/compile.js';
import { type BaseImage, buildBaseImage, createExecutionVm, type VmLimits } from '../engine/base-image.js';
import { captureDelta, deltaEnd, hashImage, imageEnd, restoreImage } from '../engine/image.js';
import type { LibrarySource } from '../engine/library.js';
import type { EngineModule } from '../engine/load-engine.js';
import type { PreludeImage } from '../engine/prelude-image.js';
import type { Pointer } from '../engine/quickjs-module.js';
import { SourceCompiler } from '../engine/source-compiler.js';
import { GuestException, MIN_MEMORY_BYTES, STEPS_PER_POLL, type Vm, VmPoisonedError } from '../engine/vm.js';
import { HandlerImages } from './handler-images.js';
import { encodeInput } from './packed-context.js';
import type { Executed, ExecuteRequest } from './protocol.js';
import { Run } from './run.js';

/** An instance that grew by more than this beyond what its image needs is replaced; wasm memory never shrinks. */
const RETAINED_GROWTH_BYTES = 8 * 1024 * 1024;
const SEED_POOL_BYTES = 4096;

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
  readonly #handlerImages = new HandlerImages();
  /** Memory that the base image and every handler image so far need. */
  #imageBytes: number;
  readonly #seeds = new Uint32Array(SEED_POOL_BYTES / 4);
  #nextSeed = this.#seeds.length;
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
    this.#getCompiler = getCompiler;
    this.#imageBytes = Math.max(MIN_MEMORY_BYTES, imageEnd(vm, base.image));
  }

  /** Names the base image, hex SHA-256. */
  hashBaseImage(): string {
    return hashImage(this.#base.image);
  }

  async compileScript(source: string, filename: string): Promise<ScriptOutcome> {
    return (await this.#getCompiler()).compile(source, filename);
  }

  /** @throws NexusError when packed context does not decode */
  async execute(request: ExecuteRequest, bytecode: Uint8Array): Promise<Executed> {
    const input = encodeInput(request);
    const startedAt = performance.now();
    const vm = this.#vm;
    const run = new Run(vm, this.#base, request.limits);
    try {
      const handler = this.#load(request.key, bytecode);
      this.#seed(request.seed);
      vm.clock = request.now === undefined ? Date.now : () => request.now ?? 0;
      run.start(handler, input);
    } catch (error) {
      if (!(error instanceof GuestException || error instanceof VmPoisonedError)) {
        // Not the guest's doing. The VM is in no known state.
        await this.#replaceVm();
        throw error;
      }
      run.stop(error);
    }
    const outcome = run.finish(input);
    const executed: Executed = {
      outcome,
      failure: run.failure,
      startedAtMs: performance.timeOrigin + startedAt,
      durationUs: (performance.now() - startedAt) * 1000,
      memoryUsedBytes: Math.max(0, vm.heapBreak - imageEnd(vm, this.#base.image)),
      memoryPeakBytes: vm.heap.length,
      instructionCount: vm.interruptPolls * STEPS_PER_POLL,
      heapExhausted: vm.heapExhausted,
    };
    if (vm.poison !== undefined || vm.heap.length > this.#imageBytes + RETAINED_GROWTH_BYTES) await this.#replaceVm();
    return executed;
  }

  /** Puts the VM into the state just before the handler runs and returns the handler. */
  #load(key: string, bytecode: Uint8Array): Pointer {
    this.#vm.beginRun();
    // Between runs of one handler the quick way will do: it could only read its own.
    const isAnother = key !== this.#lastKey;
    this.#lastKey = key;
    const image = this.#handlerImages.get(key);
    if (image !== undefined) {
      restoreImage(this.#vm, this.#base.image, image.delta, isAnother);
      return image.handler;
    }
    restoreImage(this.#vm, this.#base.image, undefined, isAnother);
    const handler = this.#vm.evaluateBytecode(bytecode);
    if (this.#handlerImages.isWorthAnImage(key, bytecode.length)) {
      const delta = captureDelta(this.#vm, this.#base.image);
      this.#imageBytes = Math.max(this.#imageBytes, deltaEnd(delta));
      this.#handlerImages.put(key, { delta, handler });
    }
    return handler;
  }

  #seed(seed: number | undefined): void {
    if (seed !== undefined) {
      const state = expandSeed(seed);
      this.#vm.seedRandom(Number(state & 0xffff_ffffn), Number(state >> 32n));
      return;
    }
    if (this.#nextSeed === this.#seeds.length) {
      randomFillSync(this.#seeds);
      this.#nextSeed = 0;
    }
    this.#vm.seedRandom(this.#seeds[this.#nextSeed++] ?? 0, this.#seeds[this.#nextSeed++] ?? 0);
  }

  /** Nothing that a handler broke or blew up is used again. */
  async #replaceVm(): Promise<void> {
    this.#vm = await createExecutionVm(this.#options.engine, this.#options, this.#imageBytes);
  }
}

/** SplitMix64: neighbouring seeds give unrelated states. */
function expandSeed(seed: number): bigint {
  let z = BigInt.asUintN(64, BigInt(Math.trunc(seed)) + 0x9e3779b97f4a7c15n);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}
