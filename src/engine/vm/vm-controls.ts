import { DEFAULT_SETTINGS, type LocaleSettings } from '../../config/locale.js';
import { WASM_PAGE_BYTES } from '../binary-interface.js';
import type { HostZone } from '../host-imports.js';
import type { BytesPointer } from '../pointers.js';
import type { QuickJsInstance } from '../quickjs-module.js';
import { findGcThreshold, findInterruptCounter, findRandomState } from '../runtime-fields.js';
import type { EngineAccess } from './engine-access.js';
import type { VmOptions } from './vm-options.js';

/** Steps between two polls of the interrupt handler (JS_INTERRUPT_COUNTER_INIT of the engine). */
export const STEPS_PER_POLL = 10_000;

/** What a call of the host's function costs, in steps: some ten microseconds. */
const STEPS_PER_HOST_CALL = 100;
/** What it is given costs one step for so many bytes: cryptography takes about as long. */
const HOST_BYTES_PER_STEP = 128;

/** A clock that stands still while images are built, so that the same bytes come out everywhere. */
export const BUILD_CLOCK_MS = 1_700_000_000_000;

/** What an execution may allocate before its first collection, which costs more than most executions. */
const GC_HEADROOM_BYTES = 2 * 1024 * 1024;

const NO_THRESHOLD = 0xffff_ffff;

/**
 * By how much the allocator grows the heap for something small. When not even that is left the run ends; something large that finds no
 * room is an error that the guest can catch.
 */
const SMALL_GROWTH_BYTES = WASM_PAGE_BYTES;

const NEVER = () => false;

/** What the host sets, and watches, of each run in a VM: clock, chance, interrupts, limits. */
export class VmControls {
  /** What `Date.now()` shows the guest. Frozen until an execution sets it. */
  clock: () => number = () => BUILD_CLOCK_MS;
  /** The time zone of `Date`; undefined: UTC. */
  zone: HostZone | undefined;
  /** The locale and time zone that count where the guest names none. */
  localeSettings: LocaleSettings = DEFAULT_SETTINGS;
  /** Polled every {@link STEPS_PER_POLL} steps; true throws "interrupted" into the guest, which only async code can catch. */
  shouldInterrupt: () => boolean = NEVER;
  /** Linear memory does not grow beyond it; its own maximum is `memoryLimitBytes`. */
  memoryCeilingBytes = Number.POSITIVE_INFINITY;
  /** Polls since the last {@link beginRun} or {@link countSteps}. */
  interruptPolls = 0;
  protected readonly engine: EngineAccess;
  /** Of the engine's writer of values. */
  protected isWriting = false;
  readonly #purpose: VmOptions['purpose'];
  readonly #stackSizeBytes: number;
  readonly #randomStateAddress: BytesPointer;
  readonly #gcThresholdAddress: BytesPointer;
  readonly #interruptCounterAddress: BytesPointer;
  #firstPollAfter = STEPS_PER_POLL;
  /** Steps that the counter of the engine does not have. */
  #chargedSteps = 0;

  protected constructor(
    engine: EngineAccess,
    runtime: QuickJsInstance['runtime'],
    { purpose, stackSizeBytes }: VmOptions,
  ) {
    this.engine = engine;
    this.#randomStateAddress = findRandomState(engine.memory.numbers, engine.context, BUILD_CLOCK_MS);
    this.#gcThresholdAddress = findGcThreshold(engine.memory.numbers, engine.runtime);
    this.#interruptCounterAddress = findInterruptCounter(
      engine.memory.numbers,
      this.#randomStateAddress,
      STEPS_PER_POLL,
    );
    this.#purpose = purpose;
    this.#stackSizeBytes = stackSizeBytes;
    this.applyStackSize();
    runtime.setInterruptHandler(() => {
      this.interruptPolls++;
      return this.shouldInterrupt();
    });
  }

  /** The heap reached its limit since the last {@link beginRun}. The guest may have caught the error. */
  get heapExhausted(): boolean {
    return this.engine.heapExhausted;
  }

  /** Forgets what the last execution left on the host side. */
  beginRun(): void {
    this.shouldInterrupt = NEVER;
    this.stopClock();
    this.zone = undefined;
    this.localeSettings = DEFAULT_SETTINGS;
    this.interruptPolls = 0;
    this.#chargedSteps = 0;
    this.engine.heapExhausted = false;
    this.memoryCeilingBytes = Number.POSITIVE_INFINITY;
  }

  /** The clock of all images: it stands still. */
  stopClock(): void {
    this.clock = () => BUILD_CLOCK_MS;
  }

  /** Steps until the next poll. Part of every image and snapshot. */
  get stepsToPoll(): number {
    return this.engine.memory.numbers.getInt32(this.#interruptCounterAddress, true);
  }

  /**
   * Begins to count steps, so that the same program costs the same however its VM came to be: from its image, or from loading its code.
   *
   * @param stepsToPoll {@link stepsToPoll} where a suspended handler left off
   */
  countSteps(stepsToPoll = STEPS_PER_POLL): void {
    this.interruptPolls = 0;
    this.#chargedSteps = 0;
    // A snapshot is stored data. One that claims more would be interrupted later than all others.
    this.#firstPollAfter = Math.min(Math.max(stepsToPoll, 1), STEPS_PER_POLL);
    this.#setStepsToPoll(this.#firstPollAfter);
  }

  /** Steps since the last {@link countSteps}. */
  get steps(): number {
    return this.interruptPolls * STEPS_PER_POLL + this.#firstPollAfter - this.stepsToPoll + this.#chargedSteps;
  }

  /** Runs code of the host's own, whose steps are not those of the handler. */
  uncounted<T>(use: () => T): T {
    const { interruptPolls, stepsToPoll } = this;
    const chargedSteps = this.#chargedSteps;
    try {
      return use();
    } finally {
      this.interruptPolls = interruptPolls;
      this.#chargedSteps = chargedSteps;
      this.#setStepsToPoll(stepsToPoll);
    }
  }

  /**
   * Counts a call of the host's function and the bytes that it was given, and polls: many of them fit between two polls of the engine. If the
   * run is to be interrupted, the engine polls at its next step.
   *
   * Called when the host's function has returned, so that its time counts. During the call the engine must not poll: an interrupt there would be lost.
   */
  protected chargeHostCall(bytes: number): void {
    this.#chargedSteps += STEPS_PER_HOST_CALL + Math.floor(bytes / HOST_BYTES_PER_STEP);
    if (!this.shouldInterrupt()) return;
    this.#chargedSteps -= this.stepsToPoll - 1;
    this.#setStepsToPoll(1);
  }

  #setStepsToPoll(steps: number): void {
    this.engine.memory.numbers.setInt32(this.#interruptCounterAddress, steps, true);
  }

  /** Gives `Math.random` 64 bits of state of its own. Zero is a state the generator cannot leave. */
  seedRandom(low: number, high: number): void {
    const { numbers } = this.engine.memory;
    numbers.setUint32(this.#randomStateAddress, low === 0 && high === 0 ? 1 : low, true);
    numbers.setUint32(this.#randomStateAddress + 4, high, true);
  }

  /**
   * The guest's stack limit is part of the image: one that was made with another limit is given this VM's own.
   *
   * @param bytes a lower one
   */
  applyStackSize(bytes = this.#stackSizeBytes): void {
    const { engine } = this;
    const limit = Math.min(bytes, this.#stackSizeBytes);
    engine.enter(() => engine.functions.QTS_RuntimeSetMaxStackSize(engine.runtime, limit));
  }

  /** For an image to start executions from: what is in it already does not count as theirs to be collected. */
  deferCollection(): void {
    const { memory } = this.engine;
    const threshold = memory.heapEnd - memory.layout.heapBase + GC_HEADROOM_BYTES;
    memory.numbers.setUint32(this.#gcThresholdAddress, threshold, true);
  }

  /** Until {@link deferCollection}, nothing is collected. */
  stopCollection(): void {
    this.engine.memory.numbers.setUint32(this.#gcThresholdAddress, NO_THRESHOLD, true);
  }

  /** Collects with the next object that is made. */
  collectNext(): void {
    this.engine.memory.numbers.setUint32(this.#gcThresholdAddress, 0, true);
  }

  /**
   * Called by the allocator.
   *
   * @throws Error which poisons the VM, unless the guest may see an error of its own
   */
  protected noteHeapExhausted(wantedEnd: number): void {
    this.engine.heapExhausted = true;
    if (this.isWriting) throw new Error('out of memory while a value was written');
    // The engine has many places that allocate little, and not all of them are right when they get nothing. Nor is its compiler.
    const isSmall = wantedEnd - this.engine.memory.heapEnd <= SMALL_GROWTH_BYTES;
    if (isSmall || this.#purpose === 'compilation') throw new Error('out of memory');
  }
}
