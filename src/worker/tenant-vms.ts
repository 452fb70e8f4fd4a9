import { MIN_MEMORY_LIMIT_BYTES } from '../config/limits.js';
import { createExecutionVm, type VmLimits } from '../engine/image/base-image.js';
import { type Delta, mergeDelta } from '../engine/image/delta.js';
import type { Image } from '../engine/image/image.js';
import { restoreImage, wipe } from '../engine/image/restore.js';
import type { EngineModule } from '../engine/load-engine.js';
import type { Vm } from '../engine/vm.js';
import { type CheckpointArea, isStill } from '../protocol/checkpoint.js';
import type { VmRetirement } from '../protocol/messages.js';
import { imageOfCheckpoint } from './checkpoints.js';

/**
 * An instance that grew by more than this beyond the need of its image is replaced; wasm memory never
 * shrinks.
 */
const RETAINED_GROWTH_BYTES = 8 * 1024 * 1024;
/** A larger image needs a VM of its own size: the VMs of others are not made as large. */
const MAX_SHARED_IMAGE_BYTES = 8 * 1024 * 1024;
/** A VM for the present tenant, and clean ones for those of the next calls of a batch. */
const MAX_VMS = 4;
/** With more linear memory than this in its VMs, a worker creates no further one. */
const MAX_BYTES = 16 * 1024 * 1024;
/**
 * After this many runs of one handler in a row, its image is merged: copying one piece saves a twentieth of a
 * run.
 */
const REPEATED_RUNS = 64;

const NONE: readonly VmRetirement[] = [];

/** An image and a delta from which consecutive runs start. */
interface RepeatedStart {
  readonly image: Image;
  readonly delta: Delta;
  runs: number;
  /** Both merged into one image, once they have been repeated often. */
  whole: Image | undefined;
}

interface Slot {
  vm: Vm;
  /** The owner whose code ran in it since all of its memory was last overwritten; undefined if none. */
  owner: string | undefined;
  /** Linear memory that the largest image of its owner has needed. */
  imageBytes: number;
  /** The id of the checkpoint whose memory it has, so that it can go on as it is; undefined if none. */
  checkpoint: number | undefined;
}

/** The requirements of an execution for its VM. */
export interface VmNeeds {
  readonly memoryLimitBytes: number;
  /** Linear memory that its image needs. */
  readonly neededBytes: number;
}

/**
 * The VMs of a worker. Between runs of one tenant, the parts that the engine used are restored; before code
 * of another tenant runs in a VM, every byte of its memory is overwritten. Wiping a VM takes as long as a
 * small handler, so others are kept clean: used VMs are wiped while the worker has nothing else to do ({@link
 * tidy}).
 */
export class TenantVms {
  readonly #engine: EngineModule;
  readonly #limits: VmLimits;
  /** The most recently used is last. */
  readonly #slots: Slot[];
  /** Memory that every image so far needs, but for those that are larger than most. */
  #imageBytes = MIN_MEMORY_LIMIT_BYTES;
  /** Whether a tenant found no clean VM since the last {@link tidy}. */
  #wasShort = false;
  /** What the last run started from; undefined if that cannot be repeated. */
  #repeated: RepeatedStart | undefined;
  #retired: VmRetirement[] = [];
  /** Written from the current VM by the last run, which may go on soon. */
  #written: CheckpointArea | undefined;

  /**
   * @param imageBytes memory that the smallest image needs
   * @param vm the first one: created with these limits, and no code of a handler ran in it. Default: a new one
   */
  static async create(engine: EngineModule, limits: VmLimits, imageBytes = 0, vm?: Vm): Promise<TenantVms> {
    vm ??= await createExecutionVm(engine, limits, imageBytes);
    const vms = new TenantVms(engine, limits, vm);
    vms.#imageBytes = Math.max(vms.#imageBytes, imageBytes);
    return vms;
  }

  private constructor(engine: EngineModule, limits: VmLimits, vm: Vm) {
    this.#engine = engine;
    this.#limits = limits;
    this.#slots = [cleanSlot(vm)];
  }

  get #slot(): Slot {
    return this.#slots[this.#slots.length - 1] as Slot;
  }

  /** The VM that was selected last. */
  get current(): Vm {
    return this.#slot.vm;
  }

  /** Linear memory of all of them. */
  get memoryBytes(): number {
    return this.#slots.reduce((bytes, { vm }) => bytes + vm.heap.length, 0);
  }

  /** All VMs created from now on must have room for this image, unless it is larger than most. */
  makeRoomFor(bytes: number): void {
    if (bytes <= MAX_SHARED_IMAGE_BYTES) this.#imageBytes = Math.max(this.#imageBytes, bytes);
  }

  /**
   * Selects the best VM for a tenant: one in which its code ran last, or a clean one, or the least recently
   * used.
   *
   * @returns a promise if none has the required size and one has to be created
   */
  select(owner: string, needs: VmNeeds): Promise<void> | undefined {
    // It was of the VM that was used last, which is now used otherwise or left as it is.
    this.#written = undefined;
    const last = this.#slot;
    if (last.owner === owner && this.#fits(last, owner, needs)) {
      last.imageBytes = Math.max(last.imageBytes, needs.neededBytes);
      return undefined;
    }
    const fitting = this.#slots.filter((slot) => this.#fits(slot, owner, needs));
    const own = fitting.find((slot) => slot.owner === owner);
    const clean = fitting.find((slot) => slot.owner === undefined);
    this.#wasShort ||= own === undefined && clean === undefined;
    const slot = own ?? clean ?? fitting[0];
    if (slot !== undefined) {
      this.#use(slot);
      slot.imageBytes = Math.max(imageBytesFor(slot, owner), needs.neededBytes);
      return undefined;
    }
    this.#use(this.#slots[0] as Slot);
    return this.replace(
      this.#wear(this.#slot, imageBytesFor(this.#slot, owner), needs) ?? 'resized',
      needs.neededBytes,
    );
  }

  #use(slot: Slot): void {
    this.#slots.splice(this.#slots.indexOf(slot), 1);
    this.#slots.push(slot);
  }

  #fits(slot: Slot, owner: string, needs: VmNeeds): boolean {
    return this.#wear(slot, imageBytesFor(slot, owner), needs) === undefined;
  }

  /**
   * Restores an image in the current VM for code of `owner`.
   *
   * @param owner the tenant, see {@link Tenancy}
   * @param isOnce whether the delta is used only once, so it is not kept
   */
  restore(owner: string, image: Image, delta?: Delta, isOnce = false): void {
    const slot = this.#slot;
    const isOthers = slot.owner !== undefined && slot.owner !== owner;
    slot.owner = owner;
    slot.checkpoint = undefined;
    const put = isOthers ? wipe : restoreImage;
    const repeated = this.#repeat(image, isOnce ? undefined : delta);
    if (repeated?.whole !== undefined) {
      put(slot.vm, repeated.whole);
      return;
    }
    put(slot.vm, image, delta);
    // From the original image and delta, not from the content of the VM.
    if (repeated?.runs === REPEATED_RUNS) repeated.whole = mergeDelta(image, repeated.delta, slot.vm.layout);
  }

  /**
   * Restores a checkpoint in the current VM for code of `owner`, unless it is there.
   *
   * @param image of the checkpoint
   */
  restoreCheckpoint(owner: string, image: Image, checkpoint: number): void {
    const slot = this.#slot;
    const isThere = slot.checkpoint === checkpoint && slot.owner === owner;
    slot.checkpoint = undefined;
    if (!isThere) this.restore(owner, image, undefined, true);
  }

  /** The last run wrote a checkpoint of the current VM, which has gone on since: its outcome was collected. */
  noteCheckpoint(checkpoint: CheckpointArea): void {
    this.#written = checkpoint;
  }

  /** Puts the current VM back to the checkpoint of its run: the answer is likely to be next. */
  #putBack(): void {
    const written = this.#written;
    this.#written = undefined;
    const slot = this.#slot;
    if (written === undefined || slot.owner === undefined || slot.vm.poison !== undefined) return;
    const image = imageOfCheckpoint(written, slot.vm.layout);
    if (image.heapEnd > slot.vm.heap.length) return;
    restoreImage(slot.vm, image);
    if (isStill(written)) {
      slot.checkpoint = written.id;
      return;
    }
    // Its run has gone on elsewhere, and another worker may have written there meanwhile, for another tenant.
    slot.vm.clear();
    Object.assign(slot, cleanSlot(slot.vm));
  }

  /** Counts another run that starts from exactly these two. */
  #repeat(image: Image, delta: Delta | undefined): RepeatedStart | undefined {
    const last = this.#repeated;
    if (last !== undefined && last.image === image && last.delta === delta) last.runs++;
    else this.#repeated = delta === undefined ? undefined : { image, delta, runs: 1, whole: undefined };
    return this.#repeated;
  }

  /**
   * Restores an image in the current VM after wiping it, calls `build` on it, and only then assigns it to the
   * owner.
   *
   * @param build must execute no handler
   */
  buildOn<T>(owner: string, image: Image, delta: Delta | undefined, build: (vm: Vm) => T): T {
    const slot = this.#slot;
    const put = slot.owner === undefined ? restoreImage : wipe;
    slot.checkpoint = undefined;
    put(slot.vm, image, delta);
    slot.owner = owner;
    this.#repeated = undefined;
    return build(slot.vm);
  }

  /** Why the current VM must not be reused: a handler poisoned it, exhausted its memory or made it too large. */
  get wear(): VmRetirement | undefined {
    return this.#wear(this.#slot, this.#slot.imageBytes);
  }

  #wear({ vm }: Slot, imageBytes: number, needs?: VmNeeds): VmRetirement | undefined {
    if (vm.poison !== undefined) return 'poisoned';
    if (vm.heapExhausted) return 'out_of_memory';
    const { length } = vm.heap;
    const kept = Math.max(this.#imageBytes, imageBytes, needs?.neededBytes ?? 0);
    if (length > kept + RETAINED_GROWTH_BYTES) return 'grown';
    if (needs === undefined) return undefined;
    const isTooLarge = length > Math.max(needs.memoryLimitBytes, this.#imageBytes, needs.neededBytes);
    return isTooLarge || length < needs.neededBytes ? 'resized' : undefined;
  }

  /** Why VMs were replaced since the last call. */
  takeRetired(): readonly VmRetirement[] {
    return this.#retired.length === 0 ? NONE : this.#retired.splice(0);
  }

  /** Replaces the current VM. */
  async replace(reason: VmRetirement, neededBytes = 0): Promise<void> {
    this.#retired.push(reason);
    const slot = this.#slot;
    Object.assign(slot, cleanSlot(await this.#create(neededBytes)), { imageBytes: neededBytes });
  }

  #create(neededBytes = 0): Promise<Vm> {
    return createExecutionVm(this.#engine, this.#limits, Math.max(this.#imageBytes, neededBytes));
  }

  /**
   * Wipes the VMs that were not used by the last tenant, and creates another one if there were too few.
   * Called when there is nothing else to do.
   *
   * @param isAwaited checked before each step: whether there is other work after all
   * @param isAnswerSoon whether the run that waits in the current VM is likely to go on next. Otherwise its checkpoint is
   *   restored when it does: to do it in advance would be in vain if another run comes first
   */
  async tidy(isAwaited: () => boolean, isAnswerSoon = true): Promise<void> {
    if (isAnswerSoon && !isAwaited()) this.#putBack();
    this.#written = undefined;
    for (const slot of this.#slots.slice(0, -1)) {
      if (slot.owner === undefined) continue;
      if (isAwaited()) return;
      slot.vm.clear();
      Object.assign(slot, cleanSlot(slot.vm));
    }
    const isFull = this.#slots.length >= MAX_VMS || this.memoryBytes + this.#imageBytes > MAX_BYTES;
    if (!this.#wasShort || isFull || isAwaited()) return;
    this.#wasShort = false;
    this.#slots.unshift(cleanSlot(await this.#create()));
  }
}

/** An image of another owner is no reason to keep a VM as large as it is. */
function imageBytesFor({ owner, imageBytes }: Slot, next: string): number {
  return owner === next ? imageBytes : 0;
}

function cleanSlot(vm: Vm): Slot {
  return { vm, owner: undefined, imageBytes: 0, checkpoint: undefined };
}
