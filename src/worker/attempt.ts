import type { ExecutionLimits } from '../api/limits.js';
import { isDecodable } from '../codec/values/check.js';
import { ValueEncoder } from '../codec/values/encoding/encode.js';
import { forgetUnused } from '../engine/free-memory.js';
import type { BaseImage } from '../engine/image/base-image.js';
import { captureDelta, FINE } from '../engine/image/delta.js';
import type { Image } from '../engine/image/image.js';
import type { ValuePointer } from '../engine/pointers.js';
import { hasTasks, lacksFeature, lacksInput, mayWait } from '../engine/shared-cells.js';
import { GuestException } from '../engine/vm/vm-errors.js';
import type { Vm } from '../engine/vm.js';
import type { CheckpointArea } from '../protocol/checkpoint.js';
import { deadlineFailure } from '../protocol/deadline.js';
import { isInterruption } from '../protocol/limit-failures.js';
import { type CallDeadline, type ExecutionFailure, type LeftOutValues, valuesOf } from '../protocol/messages.js';
import { performance } from '../support/timers.js';
import {
  CANCELLED,
  contextTooDeep,
  hostSideFailure,
  outOfMemory,
  resultTooLarge,
  timeout,
  tooManyInstructions,
} from './attempt-failures.js';
import type { AttemptOptions, AttemptRequest } from './attempt-options.js';
import { checkpointBytes, type WaitingVm, writeCheckpoint } from './checkpoints.js';
import { LogStreaming } from './log-streaming.js';
import { collectWithChanges, type StateInput } from './state-diff.js';

/** Jobs between two checks of the clock. */
const JOBS_PER_SLICE = 100;
/**
 * The time after the deadline in which the guest's prelude may hand over the effects so far: for the outcome,
 * and for each substitute of it. Together it is less than the watchdog's grace.
 */
const COLLECT_GRACE_MS = 100;
const SUBSTITUTE_GRACE_MS = 50;

/**
 * One execution in a prepared VM, limited by its deadline from the first instruction until its effects are
 * handed over.
 */
export class Attempt {
  failure: ExecutionFailure | undefined;
  /** The VM at the time when the handler began to wait for an extension. */
  waiting: WaitingVm | undefined;
  /** The handler changed protected state, and the place of the change is unknown. */
  deniedMutation = false;
  readonly #vm: Vm;
  readonly #base: BaseImage;
  readonly #limits: ExecutionLimits;
  readonly #callDeadline: CallDeadline | undefined;
  readonly #instructionsBefore: number;
  /** When they came to be too many. */
  #excessiveInstructions: number | undefined;
  readonly #isCancelled: () => boolean;
  readonly #leftOut: LeftOutValues | undefined;
  readonly #streaming: LogStreaming | undefined;
  readonly #area: CheckpointArea | undefined;
  #renewal: Uint8Array | undefined;
  #deadline: number | undefined;
  #startedAt: number | undefined;
  /** The host stopped the handler: its time or its instructions are spent, or it was cancelled. */
  #isStopped = false;
  /** Whether the steps of the VM are those of this attempt. */
  #isCounting = false;
  /** What the interruption threw into the handler. */
  #interruption: ValuePointer | undefined;
  /** From which the VM started, once the handler waits. */
  #image: Image | undefined;
  /** Values that only the host holds on to. */
  readonly #held: ValuePointer[] = [];

  constructor(
    vm: Vm,
    base: BaseImage,
    { limits, deadline: callDeadline, instructionsBefore = 0, leftOut }: AttemptRequest,
    { isCancelled, deadline, logRing, area }: AttemptOptions,
  ) {
    this.#vm = vm;
    this.#base = base;
    this.#limits = limits;
    this.#callDeadline = callDeadline;
    this.#instructionsBefore = instructionsBefore;
    this.#isCancelled = isCancelled;
    this.#leftOut = valuesOf(leftOut);
    this.#deadline = deadline;
    this.#area = area;
    if (logRing !== undefined) this.#streaming = new LogStreaming(vm, base.roots, logRing, limits.maxLogBytes);
  }

  start(handler: ValuePointer, input: Uint8Array): void {
    this.#enter(this.#base.roots.start, input, undefined, handler);
  }

  /**
   * @param answers a document, see `answers.ts`
   * @param stepsToPoll see {@link Vm.countSteps}
   * @param renewal what the handler may do from now on, and its state: a document, see `renewal.ts`
   */
  resume(answers: Uint8Array, stepsToPoll: number | undefined, renewal?: Uint8Array): void {
    this.#renewal = renewal;
    this.#enter(this.#base.roots.resume, answers, stepsToPoll);
  }

  /** Not counted: it is what the caller wants, and not the handler. */
  #enterRenewal(renewal: Uint8Array): void {
    const { renew, undefined: thisArg } = this.#base.roots;
    this.#vm.uncounted(() => this.#held.push(this.#vm.call(renew, thisArg, this.#load(renewal))));
  }

  /** What it reads of the state was left out before it waited. Not counted: otherwise it would have entered uncounted. */
  #enterLeftOut({ encoded }: LeftOutValues): void {
    const { enterLeftOut, undefined: thisArg } = this.#base.roots;
    this.#vm.uncounted(() => this.#held.push(this.#vm.call(enterLeftOut, thisArg, this.#load(encoded))));
  }

  /** Calls a function of the prelude with `before` and a document, and does all that comes of it. */
  #enter(
    entry: ValuePointer,
    document: Uint8Array,
    stepsToPoll: number | undefined,
    ...before: readonly ValuePointer[]
  ): void {
    const vm = this.#vm;
    vm.countSteps(stepsToPoll);
    this.#isCounting = true;
    const now = performance.now();
    this.#startedAt = now;
    const timeoutMs = this.#limits.timeoutMs - (this.#leftOut?.spentMs ?? 0);
    this.#deadline ??= Math.min(now + timeoutMs, this.#callDeadlineAt);
    const streaming = this.#streaming;
    vm.shouldInterrupt =
      streaming === undefined
        ? () => this.#isOver('interrupt')
        : () => {
            const isOver = this.#isOver('interrupt');
            if (!isOver) streaming.look();
            return isOver;
          };
    if (this.#leftOut !== undefined && entry === this.#base.roots.resume) this.#enterLeftOut(this.#leftOut);
    if (this.#renewal !== undefined) this.#enterRenewal(this.#renewal);
    const loaded = this.#load(document);
    const promise = vm.call(entry, this.#base.roots.undefined, ...before, loaded);
    this.#held.push(loaded, promise);
    this.#runJobs();
    if (!vm.isSame(promise, this.#base.roots.undefined)) this.#settle(promise);
    if (this.failure === undefined && !this.missingFeature) this.#judgeRejections();
  }

  /** When no jobs are left, the next task is done, and its jobs. */
  #runJobs(): void {
    const vm = this.#vm;
    const { cells, nextTask, undefined: thisArg } = this.#base.roots;
    for (;;) {
      while (vm.hasPendingJobs && !this.#isOver('jobs')) {
        vm.runJobs(JOBS_PER_SLICE);
        this.#streaming?.look();
      }
      if (!hasTasks(vm, cells) || this.#isOver('jobs')) return;
      vm.release(vm.call(nextTask, thisArg));
    }
  }

  /** Tells the prelude what came of the handler. To look at its promise is cheaper than to let the prelude wait for it. */
  #settle(promise: ValuePointer): void {
    const vm = this.#vm;
    const { fulfil, reject, undefined: thisArg } = this.#base.roots;
    const state = vm.promiseState(promise);
    if (state === 'fulfilled') vm.call(fulfil, thisArg, vm.promiseResult(promise));
    else if (state === 'rejected') {
      const reason = vm.promiseResult(promise);
      if (this.#isOver('jobs')) {
        this.#interruption ??= reason;
        return;
      }
      // The engine still lists the handler's own promise as unhandled, but that counts only if there is no other error.
      vm.call(reject, thisArg, reason);
      // Getters of what was thrown may have begun them.
      this.#runJobs();
    }
  }

  /**
   * Captures the VM when the handler waits for an extension, before the outcome is collected, which would
   * only make the difference larger.
   *
   * @param image the image from which the VM started
   * @param prepare called before the capture
   */
  noteWaiting(image: Image, prepare: () => void): void {
    const vm = this.#vm;
    const { roots } = this.#base;
    if (this.failure !== undefined || vm.poison !== undefined || !mayWait(vm, roots.cells)) return;
    try {
      const waits = vm.call(roots.waits, roots.undefined);
      if (vm.isSame(waits, roots.undefined)) return;
      prepare();
      // A handler that waits repeatedly would otherwise keep the answers of all its waits.
      for (const value of this.#held.splice(0)) vm.release(value);
      this.#image = image;
      this.#capture(image);
    } catch (error) {
      this.stop(error);
    }
  }

  #capture(image: Image): void {
    const vm = this.#vm;
    const bytes = checkpointBytes(vm);
    if (this.#area !== undefined && writeCheckpoint(vm, this.#area)) {
      this.waiting = { bytes, delta: undefined };
      return;
    }
    forgetUnused(vm, image);
    this.waiting = { bytes, delta: captureDelta(vm, image, FINE) };
  }

  /** No job is left that could handle the rejections. */
  #judgeRejections(): void {
    const vm = this.#vm;
    const { count, firstReason } = vm.unhandledRejections;
    if (count === 0) return;
    const { noteRejection, undefined: thisArg } = this.#base.roots;
    const encodedCount = new ValueEncoder().encode(count, 'unhandledRejections');
    const reason = firstReason === undefined ? [] : [firstReason];
    vm.call(noteRejection, thisArg, vm.readValue(encodedCount), ...reason);
    this.#runJobs();
  }

  /** The context, in the VM. Its own error when it does not fit there, not one of the handler. */
  #load(input: Uint8Array): ValuePointer {
    try {
      return this.#vm.readValue(input);
    } catch (error) {
      if (error instanceof GuestException && !this.#vm.heapExhausted) {
        this.#fail(contextTooDeep(this.#limits));
      }
      throw error;
    }
  }

  /** Records the error that ended the run early. */
  stop(error: unknown): void {
    if (this.#isStopped) {
      if (error instanceof GuestException) this.#interruption ??= error.error;
      return;
    }
    if (!(error instanceof GuestException)) this.#fail(hostSideFailure(error, this.#vm, this.#limits));
    else if (this.#vm.heapExhausted) this.#fail(outOfMemory(this.#vm, this.#limits));
    else if (!this.#isOverdue('interrupt')) {
      this.#fail({ code: 'EXECUTION_ERROR', message: 'A pending job of the handler failed.', context: {} });
    }
  }

  /** The end of its time, on the clock of `performance.now()`; undefined before it starts. */
  get deadline(): number | undefined {
    return this.#deadline;
  }

  /** The start of its time, on the same clock. */
  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  get #callDeadlineAt(): number {
    return this.#callDeadline === undefined
      ? Number.POSITIVE_INFINITY
      : this.#callDeadline.atMs - performance.timeOrigin;
  }

  /** The handler used a global that its image lacks, within its time: its other effects do not count. */
  get missingFeature(): boolean {
    return !this.#isStopped && lacksFeature(this.#vm, this.#base.roots.cells);
  }

  /** It read a value that was left out of its context: the same holds. */
  get lacksInput(): boolean {
    return !this.#isStopped && lacksInput(this.#vm, this.#base.roots.cells);
  }

  /** Once the time is over, this stays true: a guest that catches the interruption is interrupted again. */
  #isOver(layer: 'interrupt' | 'jobs'): boolean {
    return this.#isOverdue(layer) || lacksFeature(this.#vm, this.#base.roots.cells);
  }

  #isOverdue(layer: 'interrupt' | 'jobs'): boolean {
    if (this.#hasSpentInstructions()) return true;
    const isLate = performance.now() > (this.#deadline ?? Number.POSITIVE_INFINITY);
    if (!isLate && !this.#isCancelled()) return false;
    this.#isStopped = true;
    this.#fail(isLate ? this.#timeout(layer) : CANCELLED);
    return true;
  }

  /** Instructions of this attempt; up to the limit, if that ended it. */
  get instructions(): number {
    return this.#excessiveInstructions ?? (this.#isCounting ? this.#vm.steps : 0);
  }

  /** Once they are too many, this stays true as well. */
  #hasSpentInstructions(): boolean {
    if (this.#excessiveInstructions !== undefined) return true;
    const { steps } = this.#vm;
    // One that waits for a feature spends instructions until it is interrupted; they do not count.
    if (this.#instructionsBefore + steps <= this.#limits.maxInstructions || this.missingFeature) return false;
    this.#excessiveInstructions = steps;
    this.#isStopped = true;
    this.#fail(tooManyInstructions(this.#limits, this.#instructionsBefore + this.instructions));
    return true;
  }

  /**
   * Returns the outcome, if there is one: after a failure it has the effects up to it.
   *
   * @param input the argument of {@link start}, and what prepared values are in it
   */
  finish(input: StateInput | undefined): Uint8Array | undefined {
    const vm = this.#vm;
    if (vm.poison !== undefined || this.missingFeature || this.failure === CANCELLED) return undefined;
    const { sanitizedOutcome, fallbackOutcome } = this.#base.roots;
    for (const substitute of [undefined, sanitizedOutcome, fallbackOutcome]) {
      const graceMs = substitute === undefined ? COLLECT_GRACE_MS : SUBSTITUTE_GRACE_MS;
      const deadline = Math.max(this.#deadline ?? 0, performance.now() + graceMs);
      let isLate = false;
      const wasSpent = this.#excessiveInstructions !== undefined;
      vm.shouldInterrupt = () => {
        isLate ||= performance.now() > deadline;
        // What accessors of its value do is the handler's. When its instructions are spent, there is a time to hand over.
        return isLate || this.missingFeature || (!wasSpent && this.#hasSpentInstructions());
      };
      if (substitute === undefined) this.#noteWhere();
      try {
        const gathered = this.#gather(substitute, input, () => isLate || performance.now() > deadline);
        const { count } = vm.unhandledRejections;
        const outcome = this.#write(gathered);
        // Getters of an array are called while it is written, and may have begun something.
        if (substitute === undefined && this.failure === undefined && this.#hasBegun(count)) continue;
        // A value that our decoder would refuse is better refused with a path, by the prelude.
        if (substitute === fallbackOutcome || isDecodable(outcome)) return this.#bounded(outcome);
      } catch (error) {
        if (isLate) this.#fail(this.#timeout('interrupt'));
        if (!(error instanceof GuestException)) this.#fail(hostSideFailure(error, this.#vm, this.#limits));
        else if (vm.heapExhausted) this.#fail(outOfMemory(this.#vm, this.#limits));
        else continue;
        return undefined;
      }
    }
    this.#fail(
      vm.heapExhausted
        ? outOfMemory(this.#vm, this.#limits)
        : {
            code: 'SERIALIZATION_ERROR',
            message: 'The outcome of the handler cannot leave the VM.',
            context: { path: 'returnValue' },
          },
    );
    return undefined;
  }

  #hasBegun(rejections: number): boolean {
    return this.#vm.hasPendingJobs || this.#vm.unhandledRejections.count !== rejections;
  }

  /** Tells the prelude what the interruption threw, in place of an outcome of the handler: it has the place. */
  #noteWhere(): void {
    const reason = this.#interruption ?? (this.#isStopped ? this.#vm.unhandledRejections.firstReason : undefined);
    if (this.failure === undefined || !isInterruption(this.failure) || reason === undefined) return;
    const { reject, undefined: thisArg } = this.#base.roots;
    try {
      this.#vm.call(reject, thisArg, reason);
    } catch (error) {
      if (!(error instanceof GuestException)) throw error;
    }
  }

  /** The outcome, and without a `substitute` for it all that it should hold. */
  #gather(substitute: ValuePointer | undefined, input: StateInput | undefined, isLate: () => boolean): ValuePointer {
    const { roots } = this.#base;
    if (substitute === roots.sanitizedOutcome) this.#settleValue(input, isLate);
    if (substitute !== undefined) return this.#vm.call(substitute, roots.undefined);
    return this.#collect(input);
  }

  #collect(input: StateInput | undefined): ValuePointer {
    const { outcome, deniedMutation } = collectWithChanges(this.#vm, this.#base.roots, input);
    this.deniedMutation = deniedMutation;
    return outcome;
  }

  #write(gathered: ValuePointer): Uint8Array {
    try {
      return this.#vm.writeValue(gathered);
    } catch (error) {
      if (this.#vm.poison === undefined) this.#vm.release(gathered);
      throw error;
    }
  }

  /**
   * Getters of what leaves are called for that, and may change the state: it is compared after them. What they have begun is done as well;
   * if the handler waits, it is done when the handler is resumed.
   */
  #settleValue(input: StateInput | undefined, isLate: () => boolean): void {
    const vm = this.#vm;
    const { settleValue, undefined: thisArg } = this.#base.roots;
    let isNew = !vm.isSame(vm.call(settleValue, thisArg), thisArg);
    if (this.#image !== undefined) {
      if (isNew) this.#capture(this.#image);
    } else if (this.failure === undefined) {
      // What was read before and is read again begins nothing that has not been done.
      const isOver = () => isLate() || this.#isCancelled();
      while (isNew && vm.hasPendingJobs && !isOver()) {
        while (vm.hasPendingJobs && !isOver()) vm.runJobs(JOBS_PER_SLICE);
        isNew = !vm.isSame(vm.call(settleValue, thisArg), thisArg);
      }
      if (this.#isCancelled()) this.#fail(CANCELLED);
      else if (isLate()) this.#fail(this.#timeout('jobs'));
      else this.#judgeRejections();
    }
    try {
      this.#collect(input);
    } catch (error) {
      // What cannot be compared is an error of the outcome, which names it.
      if (!(error instanceof GuestException) || this.#vm.heapExhausted) throw error;
    }
  }

  #bounded(outcome: Uint8Array): Uint8Array | undefined {
    if (outcome.length <= this.#limits.maxResultBytes) return outcome;
    this.#fail(resultTooLarge(this.#limits, outcome.length));
    return undefined;
  }

  #fail(failure: ExecutionFailure): void {
    this.failure ??= failure;
  }

  #timeout(layer: 'interrupt' | 'jobs'): ExecutionFailure {
    const ofCall = this.#callDeadline !== undefined && this.#deadline === this.#callDeadlineAt;
    return ofCall ? deadlineFailure(this.#callDeadline, layer) : timeout(this.#limits, layer);
  }
}
