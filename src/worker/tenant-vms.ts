import { MIN_MEMORY_LIMIT_BYTES } from '../config/limits.js';
import { createExecutionVm, type VmLimits } from '../engine/image/base-image.js';
import { type Delta, mergeDelta } from '../engine/image/delta.js';
import type { Image } from '../engine/image/image.js';
import { restoreImage, wipe } from '../engine/image/restore.js';
import type { EngineModule } from '../engine/load-engine.js';
import type { Vm } from '../engine/vm.js';
import type { VmRetirement } from '../protocol/messages.js';

/** An instance that grew by more than this beyond what its image needs is replaced; wasm memory never shrinks. */
const RETAINED_GROWTH_BYTES = 8 * 1024 * 1024;
/** A VM for the tenant of now, clean ones for those of the next calls of a batch. */
const MAX_VMS = 4;
/** Linear memory of all VMs of a worker, beyond which it makes no further one. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Runs of one handler in a row after which its image is put together: copied in one piece, it saves a twentieth of a run. */
const REPEATED_RUNS = 64;

const NONE: readonly VmRetirement[] = [];

/** An image and a delta from which run after run starts. */
interface RepeatedStart {
  readonly image: Image;
  readonly delta: Delta;
  runs: number;
  /** Both in one piece, once they have been repeated often. */
  whole: Image | undefined;
}

interface Slot {
  vm: Vm;
  /** Whose code ran in it since all of its memory was last overwritten; undefined for nobody's. */
  owner: string | undefined;
}

/** What a VM has to be for an execution. */
export interface VmNeeds {
  readonly memoryLimitBytes: number;
  /** Linear memory that its image takes. */
  readonly neededBytes: number;
}

/**
 * The VMs of a worker. Between runs of one tenant, what the engine says that it used is put back; before another tenant's code runs in a VM,
 * every byte of its memory is. To wipe a VM takes as long as a small handler, so that others are kept clean: while one is used, and the
 * worker has nothing else to do, those that were used before are wiped ({@link tidy}).
 */
export class TenantVms {
  readonly #engine: EngineModule;
  readonly #limits: VmLimits;
  /** The one that was used last comes last. */
  readonly #slots: Slot[];
  /** Memory that every image so far needs. */
  #imageBytes = MIN_MEMORY_LIMIT_BYTES;
  /** A tenant found no clean VM since the last {@link tidy}. */
  #wasShort = false;
  /** What the last run started from; undefined when that cannot be repeated. */
  #repeated: RepeatedStart | undefined;
  #retired: VmRetirement[] = [];

  /** @param imageBytes memory that the smallest image needs */
  static async create(engine: EngineModule, limits: VmLimits, imageBytes = 0): Promise<TenantVms> {
    const vm = await createExecutionVm(engine, limits, imageBytes);
    const vms = new TenantVms(engine, limits, vm);
    vms.makeRoomFor(imageBytes);
    return vms;
  }

  private constructor(engine: EngineModule, limits: VmLimits, vm: Vm) {
    this.#engine = engine;
    this.#limits = limits;
    this.#slots = [{ vm, owner: undefined }];
  }

  get #slot(): Slot {
    return this.#slots[this.#slots.length - 1] as Slot;
  }

  /** The one that was selected last. */
  get current(): Vm {
    return this.#slot.vm;
  }

  /** Linear memory of all of them. */
  get memoryBytes(): number {
    return this.#slots.reduce((bytes, { vm }) => bytes + vm.heap.length, 0);
  }

  /** An image that every VM from now on has to have room for. */
  makeRoomFor(bytes: number): void {
    this.#imageBytes = Math.max(this.#imageBytes, bytes);
  }

  /**
   * Makes the VM the current one that suits a tenant best: one in which its code ran last, or a clean one, or the one whose last use is
   * longest ago.
   *
   * @returns a promise when there is none of the size that is needed, and one has to be made
   */
  select(owner: string, needs: VmNeeds): Promise<void> | undefined {
    const last = this.#slot;
    if (last.owner === owner && this.#fits(last.vm, needs)) return undefined;
    const fitting = this.#slots.filter(({ vm }) => this.#fits(vm, needs));
    const own = fitting.find((slot) => slot.owner === owner);
    const clean = fitting.find((slot) => slot.owner === undefined);
    this.#wasShort ||= own === undefined && clean === undefined;
    const slot = own ?? clean ?? fitting[0];
    if (slot !== undefined) {
      this.#use(slot);
      return undefined;
    }
    this.#use(this.#slots[0] as Slot);
    return this.replace(this.#wear(this.current, needs) ?? 'resized', needs.neededBytes);
  }

  #use(slot: Slot): void {
    this.#slots.splice(this.#slots.indexOf(slot), 1);
    this.#slots.push(slot);
  }

  #fits(vm: Vm, needs: VmNeeds): boolean {
    return this.#wear(vm, needs) === undefined;
  }

  /**
   * Puts an image into the current VM, for code of `owner` to run there.
   *
   * @param owner the tenant, see {@link Tenancy}
   * @param isOnce whether the delta is a single handler's, which is not held on to
   */
  restore(owner: string, image: Image, delta?: Delta, isOnce = false): void {
    const slot = this.#slot;
    const isOthers = slot.owner !== undefined && slot.owner !== owner;
    slot.owner = owner;
    const put = isOthers ? wipe : restoreImage;
    const repeated = this.#repeat(image, isOnce ? undefined : delta);
    if (repeated?.whole !== undefined) {
      put(slot.vm, repeated.whole);
      return;
    }
    put(slot.vm, image, delta);
    // Of what it was made of, not of what is in the VM.
    if (repeated?.runs === REPEATED_RUNS) repeated.whole = mergeDelta(image, repeated.delta, slot.vm.layout);
  }

  /** One more run that starts from these two, and from nothing else. */
  #repeat(image: Image, delta: Delta | undefined): RepeatedStart | undefined {
    const last = this.#repeated;
    if (last !== undefined && last.image === image && last.delta === delta) last.runs++;
    else this.#repeated = delta === undefined ? undefined : { image, delta, runs: 1, whole: undefined };
    return this.#repeated;
  }

  /**
   * Puts an image into the current VM, wiped of everybody's code, has `build` make something of it, and only then lets it be the owner's.
   *
   * @param build the one who executes no handler
   */
  buildOn<T>(owner: string, image: Image, delta: Delta | undefined, build: (vm: Vm) => T): T {
    const slot = this.#slot;
    const put = slot.owner === undefined ? restoreImage : wipe;
    put(slot.vm, image, delta);
    slot.owner = owner;
    this.#repeated = undefined;
    return build(slot.vm);
  }

  /** Why the current VM must not be used again: nothing is that a handler broke, exhausted or blew up. */
  get wear(): VmRetirement | undefined {
    return this.#wear(this.current);
  }

  #wear(vm: Vm, needs?: VmNeeds): VmRetirement | undefined {
    if (vm.poison !== undefined) return 'poisoned';
    if (vm.heapExhausted) return 'out_of_memory';
    const { length } = vm.heap;
    if (length > this.#imageBytes + RETAINED_GROWTH_BYTES) return 'grown';
    if (needs === undefined) return undefined;
    const isTooLarge = length > Math.max(needs.memoryLimitBytes, this.#imageBytes, needs.neededBytes);
    return isTooLarge || length < needs.neededBytes ? 'resized' : undefined;
  }

  /** Why VMs were replaced since it was asked last. */
  takeRetired(): readonly VmRetirement[] {
    return this.#retired.length === 0 ? NONE : this.#retired.splice(0);
  }

  /** Takes another VM in place of the current one. */
  async replace(reason: VmRetirement, neededBytes = 0): Promise<void> {
    this.#retired.push(reason);
    const slot = this.#slot;
    slot.vm = await this.#create(neededBytes);
    slot.owner = undefined;
  }

  #create(neededBytes = 0): Promise<Vm> {
    return createExecutionVm(this.#engine, this.#limits, Math.max(this.#imageBytes, neededBytes));
  }

  /**
   * Wipes the VMs that others than the last tenant used, and makes a further one when there were too few. For when there is nothing else to
   * do.
   *
   * @param isAwaited looked at before each step: whether there is something else to do after all
   */
  async tidy(isAwaited: () => boolean): Promise<void> {
    for (const slot of this.#slots.slice(0, -1)) {
      if (slot.owner === undefined) continue;
      if (isAwaited()) return;
      slot.vm.clear();
      slot.owner = undefined;
    }
    const isFull = this.#slots.length >= MAX_VMS || this.memoryBytes + this.#imageBytes > MAX_BYTES;
    if (!this.#wasShort || isFull || isAwaited()) return;
    this.#wasShort = false;
    this.#slots.unshift({ vm: await this.#create(), owner: undefined });
  }
}
