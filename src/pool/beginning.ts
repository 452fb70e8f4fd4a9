import { addFeaturesLate } from '../engine/add-features.js';
import { ALL_FEATURES, NO_FEATURES } from '../engine/features.js';
import { captureDelta, type Delta, deltaEnd } from '../engine/image.js';
import type { ImageVariant, ImageVariants } from '../engine/image-variants.js';
import type { PreludeImage } from '../engine/prelude-image.js';
import type { Pointer } from '../engine/quickjs-module.js';
import type { ExecutionVm } from './execution-vm.js';
import type { HandlerImages } from './handler-images.js';
import type { Run } from './run.js';

/** How an execution gets going: from its call, or from where it was suspended. It may have to begin more than once. */
export interface Beginning {
  /** Whether nothing of it ran yet. */
  readonly isFresh: boolean;
  /** What the VM starts from; known for certain once it is loaded. */
  readonly variant: ImageVariant;
  /** Linear memory that loading takes, in bytes. */
  readonly neededBytes: number;
  /** The context with which it began, if it is at hand. */
  readonly input: Uint8Array | undefined;
  /**
   * Puts the VM into the state just before it goes on.
   *
   * @param deadline of an attempt before this one, on the clock of `performance.now()`
   */
  load(deadline?: number): void;
  /** Lets it run. */
  start(run: Run): void;
  /** The names in its bytecode did not tell which features it needs. */
  demandAllFeatures(): void;
}

/** A call of a handler. */
export class FreshBeginning implements Beginning {
  readonly isFresh = true;
  readonly neededBytes = 0;
  readonly input: Uint8Array;
  readonly #vm: ExecutionVm;
  readonly #variants: ImageVariants;
  readonly #handlers: HandlerImages;
  readonly #key: string;
  readonly #bytecode: Uint8Array;
  #variant: ImageVariant;
  #handler: Pointer = 0;

  constructor(
    vm: ExecutionVm,
    variants: ImageVariants,
    handlers: HandlerImages,
    key: string,
    bytecode: Uint8Array,
    input: Uint8Array,
  ) {
    this.#vm = vm;
    this.#variants = variants;
    this.#handlers = handlers;
    this.#key = key;
    this.#bytecode = bytecode;
    this.input = input;
    this.#variant = variants.plain;
  }

  get variant(): ImageVariant {
    return this.#variant;
  }

  load(): void {
    const known = this.#handlers.get(this.#key);
    if (known !== undefined) {
      this.#vm.restore(this.#key, known.variant.image, known.delta);
      this.#variant = known.variant;
      this.#handler = known.handler;
      return;
    }
    const vm = this.#vm.current;
    const variant = this.#variants.get(vm, this.#handlers.featuresFor(this.#key, this.#bytecode));
    this.#vm.makeRoomFor(variant.image);
    this.#vm.restore(this.#key, variant.image);
    this.#variant = variant;
    this.#handler = vm.evaluateBytecode(this.#bytecode);
    if (this.#handlers.isWorthAnImage(this.#key, this.#bytecode.length)) {
      const delta = captureDelta(vm, variant.image);
      this.#vm.makeRoomFor(variant.image, delta);
      this.#handlers.put(this.#key, { delta, handler: this.#handler, variant });
    }
  }

  start(run: Run): void {
    run.start(this.#handler, this.input);
  }

  demandAllFeatures(): void {
    this.#handlers.needsAllFeatures(this.#key);
  }
}

/** A handler that was suspended and has answers now. */
export class ResumedBeginning implements Beginning {
  readonly isFresh = false;
  readonly input = undefined;
  readonly variant: ImageVariant;
  readonly #vm: ExecutionVm;
  readonly #delta: Delta;
  readonly #prelude: PreludeImage;
  readonly #key: string;
  readonly #answers: Uint8Array;
  #missing = NO_FEATURES;

  constructor(
    vm: ExecutionVm,
    variant: ImageVariant,
    delta: Delta,
    prelude: PreludeImage,
    key: string,
    answers: Uint8Array,
  ) {
    this.#vm = vm;
    this.variant = variant;
    this.#delta = delta;
    this.#prelude = prelude;
    this.#key = key;
    this.#answers = answers;
  }

  get neededBytes(): number {
    return deltaEnd(this.#delta);
  }

  load(deadline?: number): void {
    this.#vm.restore(this.#key, this.variant.image, this.#delta);
    // Its image is given: what it turned out to need is evaluated beside it.
    addFeaturesLate(this.#vm.current, this.#prelude, this.#missing, deadline);
  }

  start(run: Run): void {
    run.resume(this.#answers);
  }

  demandAllFeatures(): void {
    this.#missing = ALL_FEATURES & ~this.variant.features;
  }
}
