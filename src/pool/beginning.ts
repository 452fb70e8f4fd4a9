import { addFeaturesLate } from '../engine/add-features.js';
import { ALL_FEATURES, NO_FEATURES } from '../engine/features.js';
import { captureDelta, type Delta, deltaEnd } from '../engine/image.js';
import type { ImageVariant, ImageVariants } from '../engine/image-variants.js';
import type { PreludeImage, Roots } from '../engine/prelude-image.js';
import type { Pointer } from '../engine/quickjs-module.js';
import type { ExecutionVm } from './execution-vm.js';
import type { HandlerImage, HandlerImages } from './handler-images.js';
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

/** What a call of a handler begins with. */
export interface HandlerCall {
  readonly key: string;
  readonly bytecode: Uint8Array;
  /** Encoded context. */
  readonly input: Uint8Array;
  /** Encoded, see `rights.ts`. Default: none, for one that is only loaded */
  readonly rights?: Uint8Array;
}

/** A call of a handler. */
export class FreshBeginning implements Beginning {
  readonly isFresh = true;
  readonly neededBytes = 0;
  readonly #vm: ExecutionVm;
  readonly #variants: ImageVariants;
  readonly #handlers: HandlerImages;
  readonly #roots: Roots;
  readonly #call: HandlerCall;
  #variant: ImageVariant;
  #handler: Pointer = 0;

  constructor(vm: ExecutionVm, variants: ImageVariants, handlers: HandlerImages, roots: Roots, call: HandlerCall) {
    this.#vm = vm;
    this.#variants = variants;
    this.#handlers = handlers;
    this.#roots = roots;
    this.#call = call;
    this.#variant = variants.plain;
  }

  get input(): Uint8Array {
    return this.#call.input;
  }

  get variant(): ImageVariant {
    return this.#variant;
  }

  load(): void {
    const { key, rights } = this.#call;
    const known = this.#handlers.get(key);
    if (known === undefined) {
      this.#loadBytecode();
      return;
    }
    this.#vm.restore(key, known.variant.image, known.delta, known.codeBytes);
    this.#variant = known.variant;
    this.#handler = known.handler;
    if (hasRights(known, rights)) return;
    this.#setRights();
    // One that was loaded ahead of its first call.
    if (known.rights === undefined) this.#keepImage();
  }

  #loadBytecode(): void {
    const { key, bytecode } = this.#call;
    const vm = this.#vm.current;
    const variant = this.#variants.get(vm, this.#handlers.featuresFor(key, bytecode));
    this.#vm.makeRoomFor(variant.image);
    this.#vm.restore(key, variant.image, undefined, this.#codeBytes);
    this.#variant = variant;
    this.#handler = vm.evaluateBytecode(bytecode);
    this.#setRights();
    if (this.#handlers.isWorthAnImage(key, bytecode)) this.#keepImage();
  }

  /** How much code of libraries there is, nobody counts; and a bound function has a frame for arguments that no code of it pushes. */
  get #codeBytes(): number {
    const { bytecode } = this.#call;
    const isUnknown = this.#variants.hasLibraries || asBuffer(bytecode).includes('bind');
    return isUnknown ? Number.POSITIVE_INFINITY : bytecode.length;
  }

  #keepImage(): void {
    const { key } = this.#call;
    // A copy: they are a view of the message that they came with.
    const rights = this.#call.rights && Uint8Array.prototype.slice.call(this.#call.rights);
    const { image } = this.#variant;
    const delta = captureDelta(this.#vm.current, image);
    this.#vm.makeRoomFor(image, delta);
    this.#handlers.put(key, {
      delta,
      handler: this.#handler,
      variant: this.#variant,
      rights,
      codeBytes: this.#codeBytes,
    });
  }

  #setRights(): void {
    const { rights } = this.#call;
    if (rights === undefined) return;
    const vm = this.#vm.current;
    vm.call(this.#roots.setRights, this.#roots.undefined, vm.readValue(rights));
  }

  start(run: Run): void {
    run.start(this.#handler, this.#call.input);
  }

  demandAllFeatures(): void {
    this.#handlers.needsAllFeatures(this.#call.key);
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

function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

/** Their bytes: a message brings them anew. */
function hasRights(image: HandlerImage, rights: Uint8Array | undefined): boolean {
  if (image.rights === undefined || rights === undefined) return image.rights === rights;
  return image.rights === rights || Buffer.compare(image.rights, rights) === 0;
}
