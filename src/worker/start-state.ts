import { addFeaturesLate } from '../engine/image/add-features.js';
import { captureDelta, type Delta, deltaEnd } from '../engine/image/delta.js';
import { ALL_FEATURES, NO_FEATURES } from '../engine/image/features.js';
import type { ImageVariant, ImageVariants } from '../engine/image/image-variants.js';
import type { PreludeExports, PreludeImage } from '../engine/image/prelude-image.js';
import { NO_VALUE, type ValuePointer } from '../engine/pointers.js';
import type { Vm } from '../engine/vm.js';
import type { Attempt } from './attempt.js';
import type { HandlerImages } from './handler-image-cache.js';
import type { TenantVms } from './tenant-vms.js';

/** How an execution gets going: from its call, or from where it was suspended. It may have to begin more than once. */
export interface StartState {
  /** Whether nothing of it ran yet. */
  readonly isFresh: boolean;
  /** Who may see what it leaves in memory, see `tenancy.ts`. */
  readonly owner: string;
  /** What the VM starts from; known for certain once it is loaded. */
  readonly variant: ImageVariant;
  /** Linear memory that loading takes, in bytes. */
  readonly neededBytes: number;
  /** The context with which it began, if it is at hand. */
  readonly input: Uint8Array | undefined;
  /** Sees to it that the image is there that it starts from. A promise only when that has to be built. */
  prepare(): Promise<unknown> | undefined;
  /**
   * Puts the VM into the state just before it goes on.
   *
   * @param deadline of an attempt before this one, on the clock of `performance.now()`
   */
  load(deadline?: number): void;
  /** Lets it run. */
  start(run: Attempt): void;
  /** The names in its bytecode did not tell which features it needs. */
  demandAllFeatures(): void;
}

/** What a call of a handler begins with. */
export interface HandlerCall {
  readonly key: string;
  readonly owner: string;
  readonly bytecode: Uint8Array;
  /** Encoded context. */
  readonly input: Uint8Array;
  /** Encoded, see `rights.ts`. Default: none, for one that is only loaded */
  readonly rights?: Uint8Array;
}

/** A call of a handler. */
export class FreshStart implements StartState {
  readonly isFresh = true;
  readonly #vms: TenantVms;
  readonly #variants: ImageVariants;
  readonly #handlers: HandlerImages;
  readonly #roots: PreludeExports;
  readonly #call: HandlerCall;
  #variant: ImageVariant;
  #handler: ValuePointer = NO_VALUE;

  constructor(
    vms: TenantVms,
    variants: ImageVariants,
    handlers: HandlerImages,
    roots: PreludeExports,
    call: HandlerCall,
  ) {
    this.#vms = vms;
    this.#variants = variants;
    this.#handlers = handlers;
    this.#roots = roots;
    this.#call = call;
    this.#variant = variants.plain;
  }

  get owner(): string {
    return this.#call.owner;
  }

  get input(): Uint8Array {
    return this.#call.input;
  }

  get variant(): ImageVariant {
    return this.#variant;
  }

  get neededBytes(): number {
    return Math.max(this.#variant.image.heapEnd, this.#handlers.neededBytes(this.#call.key));
  }

  prepare(): Promise<unknown> | undefined {
    const { key, bytecode } = this.#call;
    const features = this.#handlers.featuresFor(key, bytecode);
    const known = this.#variants.known(features);
    if (known === undefined) return this.#variants.get(features);
    this.#variant = known;
    this.#vms.makeRoomFor(known.image.heapEnd);
    return undefined;
  }

  load(): void {
    const { key, owner, rights } = this.#call;
    const known = this.#handlers.get(key, rights);
    if (known === undefined) {
      this.#loadBytecode();
      return;
    }
    this.#variant = known.variant;
    this.#handler = known.handler;
    const { image } = known.variant;
    if (rights === undefined || known.rights !== undefined) {
      this.#vms.restore(owner, image, known.delta);
    } else if (this.#handlers.wantsRights(key)) {
      this.#vms.buildOn(owner, image, known.delta, (vm) => {
        this.#setGrants(vm, rights);
        this.#keepImage(vm);
      });
    } else {
      this.#vms.restore(owner, image, known.delta);
      this.#setGrants(this.#vms.current, rights);
    }
  }

  #loadBytecode(): void {
    const { key, owner, bytecode, rights } = this.#call;
    const { image } = this.#variant;
    // A handler that has an image has it for others' rights: it gets one without any.
    const isForOthers = this.#handlers.has(key);
    if (!isForOthers && !this.#handlers.isWorthAnImage(key, bytecode)) {
      this.#vms.restore(owner, image);
      this.#handler = this.#vms.current.evaluateBytecode(bytecode);
      if (rights !== undefined) this.#setGrants(this.#vms.current, rights);
      return;
    }
    this.#vms.buildOn(owner, image, undefined, (vm) => {
      this.#handler = vm.evaluateBytecode(bytecode);
      if (isForOthers || rights === undefined) this.#keepImage(vm, true);
      if (rights === undefined) return;
      this.#setGrants(vm, rights);
      if (!isForOthers) this.#keepImage(vm);
    });
  }

  /** @param isPlain whether its rights are not set */
  #keepImage(vm: Vm, isPlain = false): void {
    const { key } = this.#call;
    // A copy: they are a view of the message that they came with.
    const rights = isPlain ? undefined : this.#call.rights && Uint8Array.prototype.slice.call(this.#call.rights);
    const delta = captureDelta(vm, this.#variant.image);
    this.#vms.makeRoomFor(deltaEnd(delta));
    this.#handlers.put(key, { delta, handler: this.#handler, variant: this.#variant, rights });
  }

  #setGrants(vm: Vm, rights: Uint8Array): void {
    vm.call(this.#roots.setGrants, this.#roots.undefined, vm.readValue(rights));
  }

  start(run: Attempt): void {
    run.start(this.#handler, this.#call.input);
  }

  demandAllFeatures(): void {
    this.#handlers.needsAllFeatures(this.#call.key);
  }
}

/** A handler that was suspended and has answers now. */
export class ResumedStart implements StartState {
  readonly isFresh = false;
  readonly input = undefined;
  readonly owner: string;
  readonly variant: ImageVariant;
  readonly #vms: TenantVms;
  readonly #delta: Delta;
  readonly #prelude: PreludeImage;
  readonly #answers: Uint8Array;
  #missing = NO_FEATURES;

  constructor(
    vms: TenantVms,
    variant: ImageVariant,
    delta: Delta,
    prelude: PreludeImage,
    owner: string,
    answers: Uint8Array,
  ) {
    this.#vms = vms;
    this.variant = variant;
    this.#delta = delta;
    this.#prelude = prelude;
    this.owner = owner;
    this.#answers = answers;
  }

  get neededBytes(): number {
    return Math.max(this.variant.image.heapEnd, deltaEnd(this.#delta));
  }

  prepare(): undefined {
    return undefined;
  }

  load(deadline?: number): void {
    this.#vms.restore(this.owner, this.variant.image, this.#delta, true);
    // Its image is given: what it turned out to need is evaluated beside it.
    addFeaturesLate(this.#vms.current, this.#prelude, this.#missing, deadline);
  }

  start(run: Attempt): void {
    run.resume(this.#answers);
  }

  demandAllFeatures(): void {
    this.#missing = ALL_FEATURES & ~this.variant.features;
  }
}
