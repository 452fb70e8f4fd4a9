import { addFeaturesLate } from '../engine/image/add-features.js';
import { captureDelta, deltaEnd } from '../engine/image/delta.js';
import { firstFeatures, NO_FEATURES } from '../engine/image/features.js';
import type { ImageVariant, VariantSource } from '../engine/image/image-variants.js';
import type { PreludeExports, PreludeImage } from '../engine/image/prelude-image.js';
import { NO_VALUE, type ValuePointer } from '../engine/pointers.js';
import type { Vm } from '../engine/vm.js';
import type { ResumeRequest } from '../protocol/messages.js';
import type { Attempt } from './attempt.js';
import type { HandlerImageCache } from './handler-image-cache.js';
import type { WaitingMemory } from './snapshot.js';
import type { TenantVms } from './tenant-vms.js';

/** How an execution starts: from its call, or from a suspension. It may be started more than once. */
export interface StartState {
  /** Whether none of its code has run yet. */
  readonly isFresh: boolean;
  /** Which owner's data it may leave in memory, see `tenancy.ts`. */
  readonly owner: string;
  /** The image from which the VM starts; final once it is loaded. */
  readonly variant: ImageVariant;
  /** Linear memory that loading needs, in bytes. */
  readonly neededBytes: number;
  /** The context with which it started, if it is available. */
  readonly input: Uint8Array | undefined;
  /** Ensures that its image exists. Returns a promise only if the image has to be built. */
  prepare(): Promise<unknown> | undefined;
  /**
   * Puts the VM into the state before the execution.
   *
   * @param deadline the deadline of a previous attempt, on the clock of `performance.now()`
   */
  load(deadline?: number): void;
  /** Starts the execution. */
  start(run: Attempt): void;
  /** The names in its bytecode were not sufficient to determine its features. */
  demandAllFeatures(): void;
}

/** The data with which a call of a handler starts. */
export interface HandlerCall {
  readonly key: string;
  readonly owner: string;
  readonly bytecode: Uint8Array;
  /** Encoded context. */
  readonly input: Uint8Array;
  /** Encoded grants, see `encoded-grants.ts`. Default: none, for a handler that is only loaded */
  readonly encodedGrants?: Uint8Array;
}

/** The start of a call. */
export class FreshStart implements StartState {
  readonly isFresh = true;
  readonly #vms: TenantVms;
  readonly #variants: VariantSource;
  readonly #handlers: HandlerImageCache;
  readonly #roots: PreludeExports;
  readonly #call: HandlerCall;
  #variant: ImageVariant;
  #handler: ValuePointer = NO_VALUE;

  constructor(
    vms: TenantVms,
    variants: VariantSource,
    handlers: HandlerImageCache,
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
    // Prepared values are large, and other executions need no room for them.
    if (known.prepared === undefined) this.#vms.makeRoomFor(known.image.heapEnd);
    return undefined;
  }

  load(): void {
    const { key, owner, encodedGrants } = this.#call;
    const known = this.#handlers.get(key, encodedGrants);
    if (known === undefined) {
      this.#loadBytecode();
      return;
    }
    this.#variant = known.variant;
    this.#handler = known.handler;
    const { image } = known.variant;
    if (encodedGrants === undefined || known.encodedGrants !== undefined) {
      this.#vms.restore(owner, image, known.delta);
    } else if (this.#handlers.wantsRights(key)) {
      this.#vms.buildOn(owner, image, known.delta, (vm) => {
        this.#setGrants(vm, encodedGrants);
        this.#keepImage(vm);
      });
    } else {
      this.#vms.restore(owner, image, known.delta);
      this.#setGrants(this.#vms.current, encodedGrants);
    }
  }

  #loadBytecode(): void {
    const { key, owner, bytecode, encodedGrants } = this.#call;
    const { image } = this.#variant;
    // A handler with an image has it for calls with other grants, so it gets one without grants.
    const isForOthers = this.#handlers.has(key);
    if (!isForOthers && !this.#handlers.isWorthAnImage(key, bytecode)) {
      this.#vms.restore(owner, image);
      this.#handler = this.#evaluate(this.#vms.current, bytecode);
      if (encodedGrants !== undefined) this.#setGrants(this.#vms.current, encodedGrants);
      return;
    }
    this.#vms.buildOn(owner, image, undefined, (vm) => {
      this.#handler = this.#evaluate(vm, bytecode);
      if (isForOthers || encodedGrants === undefined) this.#keepImage(vm, true);
      if (encodedGrants === undefined) return;
      this.#setGrants(vm, encodedGrants);
      if (!isForOthers) this.#keepImage(vm);
    });
  }

  /** What is pure at the top level of a module is evaluated here, and is part of an image. */
  #evaluate(vm: Vm, bytecode: Uint8Array): ValuePointer {
    const handler = vm.evaluateBytecode(bytecode);
    const { stage, undefined: none } = this.#roots;
    return this.#handlers.isStaged(this.#call.key, bytecode) ? vm.call(stage, none, handler) : handler;
  }

  /** @param isPlain whether no grants are set */
  #keepImage(vm: Vm, isPlain = false): void {
    const { key } = this.#call;
    // A copy, because they are a view of a message.
    const encodedGrants = isPlain
      ? undefined
      : this.#call.encodedGrants && Uint8Array.prototype.slice.call(this.#call.encodedGrants);
    const delta = captureDelta(vm, this.#variant.image);
    if (this.#variant.prepared === undefined) this.#vms.makeRoomFor(deltaEnd(delta));
    this.#handlers.put(key, { delta, handler: this.#handler, variant: this.#variant, encodedGrants });
  }

  #setGrants(vm: Vm, encodedGrants: Uint8Array): void {
    vm.call(this.#roots.setGrants, this.#roots.undefined, vm.readValue(encodedGrants));
  }

  start(run: Attempt): void {
    run.start(this.#handler, this.#call.input);
  }

  demandAllFeatures(): void {
    this.#handlers.needsAllFeatures(this.#call.key);
  }
}

/** A suspended handler that has answers. */
export class ResumedStart implements StartState {
  readonly isFresh = false;
  readonly input = undefined;
  /** Where the handler left off. */
  #stepsToPoll: number | undefined;
  readonly owner: string;
  readonly variant: ImageVariant;
  readonly #vms: TenantVms;
  readonly #memory: WaitingMemory;
  readonly #prelude: PreludeImage;
  readonly #answers: Uint8Array;
  readonly #renewal: Uint8Array | undefined;
  #missing = NO_FEATURES;

  constructor(
    vms: TenantVms,
    variant: ImageVariant,
    memory: WaitingMemory,
    prelude: PreludeImage,
    owner: string,
    { answers, renewal }: Pick<ResumeRequest, 'answers' | 'renewal'>,
  ) {
    this.#renewal = renewal;
    this.#vms = vms;
    this.variant = variant;
    this.#memory = memory;
    this.#prelude = prelude;
    this.owner = owner;
    this.#answers = answers;
  }

  get neededBytes(): number {
    return Math.max(this.variant.image.heapEnd, this.#memory.neededBytes);
  }

  prepare(): undefined {
    return undefined;
  }

  load(deadline?: number): void {
    this.#memory.restore(this.#vms, this.owner, this.variant.image);
    this.#stepsToPoll = this.#vms.current.stepsToPoll;
    // Its image is fixed, so additional features are evaluated on top of it.
    addFeaturesLate(this.#vms.current, this.#prelude, this.#missing, deadline);
  }

  start(run: Attempt): void {
    run.resume(this.#answers, this.#stepsToPoll, this.#renewal);
  }

  demandAllFeatures(): void {
    this.#missing = firstFeatures(this.#prelude.features.length) & ~this.variant.features;
  }
}
