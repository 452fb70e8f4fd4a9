import type { CallResult } from '../../../api/answers.js';
import type { ExtensionCall, WasmResult } from '../../../api/result.js';
import { NexusError } from '../../../errors/nexus-error.js';
import { firstDueMs } from '../../../execution/own-calls.js';
import type { SegmentRun } from '../../../execution/segment-runner.js';
import type { SuspendedRun } from '../../../execution/suspended-run.js';
import type { HeldGeneration } from '../../../suspension/durable/durable-store.js';
import { decodeOutcome, encodeOutcome } from '../../../suspension/sealed/outcome-content.js';
import { unkept, withoutValues } from '../../../suspension/suspension-results.js';
import { decodeInput } from '../run-input.js';
import { DurableCalls } from './durable-calls.js';
import {
  cancelled,
  cancelledAnswers,
  cancelledWith,
  crashed,
  notBegun,
  stepInfoOf,
  storedIdOf,
  tooManyCalls,
} from './run-ends.js';
import {
  type CollectedAnswers,
  collect,
  consume,
  type Inbox,
  readInbox,
  readMore,
  type UsedMessages,
} from './run-inbox.js';
import { answersAgain, triedAgain, withoutEffects } from './run-retry.js';
import { executeSegment, isTooLarge, renewalOf } from './run-segment.js';
import type { SessionParts } from './session-parts.js';
import { SessionTasks } from './session-tasks.js';
import { untilWoken } from './waking.js';

const HAS_GONE_ON = new Error('the handler no longer waits for it');

/** Drives one run from one claim to the next, until it ends or waits for something that is elsewhere. */
export class RunSession {
  readonly #parts: SessionParts;
  readonly #tasks: SessionTasks;
  #calls: DurableCalls | undefined;
  #wake = () => {};
  #wasTold = false;
  /** Id of the generation whose effects were told. */
  #toldAt: string | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#tasks = new SessionTasks(parts);
  }

  /** There is a message. */
  look(): void {
    this.#wasTold = true;
    this.#wake();
  }

  /** Whether it was told of a message after it looked into the mailbox for the last time. */
  get wasTold(): boolean {
    return this.#wasTold;
  }

  /**
   * @returns whether it could be claimed
   * @throws whatever keeps the run from going on now: it was given back, and is due again
   */
  async drive(id: string): Promise<boolean> {
    let held = await this.#claim(id);
    if (held === undefined) return false;
    if (held.content.notes !== undefined) this.#parts.notes?.open(held.content.notes);
    try {
      while (held !== undefined) held = await this.#step(held);
      return true;
    } finally {
      this.#calls?.abort(HAS_GONE_ON);
    }
  }

  /** @returns the claim on the next generation, if it goes on here */
  async #step(held: HeldGeneration): Promise<HeldGeneration | undefined> {
    try {
      if (held.content.kind === 'end') return await this.#end(held);
      if (held.losses >= this.#parts.options.maxCrashes) {
        if (held.content.kind === 'waiting' && held.isArrival) await this.#tell(held);
        return await this.#endWith(held, crashed(held), { consumed: [], carried: held.content.carried ?? [] });
      }
      return await (held.content.kind === 'begin' ? this.#begin(held) : this.#wait(held));
    } catch (error) {
      await this.#giveBack(held);
      throw error;
    }
  }

  /** What comes from now on was not told to this claim. */
  #claim(id: string): Promise<HeldGeneration | undefined> {
    this.#wasTold = false;
    return this.#parts.store.claim(id);
  }

  #letGoUntil(held: HeldGeneration, next?: { readonly dueAtMs?: number }): Promise<HeldGeneration | undefined> {
    this.#wasTold = false;
    return this.#tasks.letGo(held, next);
  }

  /** As it was; but what was told need not be told again. */
  async #giveBack(held: HeldGeneration): Promise<void> {
    const { sender, closing, store } = this.#parts;
    await held.release(this.#toldAt === held.id ? { dueAtMs: store.clock.now() } : undefined);
    // Another process can have it at once.
    if (closing.aborted) await sender?.run(this.#tasks.runOf(held));
  }

  async #begin(held: HeldGeneration): Promise<HeldGeneration | undefined> {
    const { store, executions, resolve } = this.#parts;
    const inbox = await readInbox(store, held, held.messages);
    const cancels = inbox.messages.filter(({ message }) => message.type === 'cancel');
    if (cancels.length > 0) return this.#endWith(held, cancelled(held), consume(inbox, cancels));
    if (!(await this.#tasks.isDueSoon(held))) {
      // Messages that it has already do not make it due before.
      return this.#letGoUntil(held, { dueAtMs: held.content.arrivalMs });
    }
    const untouched = consume(inbox, []);
    const { code, context, options } = await decodeInput(held.id, held.content.document);
    try {
      const ref = await resolve(code);
      const executed = await this.#execute(held, (signal) =>
        executions.call(ref, context, { ...options, signal }, undefined, storedIdOf(held)),
      );
      return executed && (await this.#record(held, executed, untouched));
    } catch (error) {
      // The same happens each time that it begins.
      if (!(error instanceof NexusError) || error.retryable || error.fault !== 'caller') throw error;
      if (error.code === 'RUNTIME_CLOSED') throw error;
      return this.#endWith(held, notBegun(error, held), untouched);
    }
  }

  async #wait(held: HeldGeneration): Promise<HeldGeneration | undefined> {
    const { store, requests, closing, options, environment } = this.#parts;
    if (held.messages.length === 0 && !(await this.#tasks.isDueSoon(held))) return this.#letGoUntil(held);
    if (held.isArrival) await this.#tell(held);
    const { run, calls } = await store.openHandler(held.id, held.content);
    const running = this.#callsOf(held);
    const runId = storedIdOf(held);
    let inbox = await readInbox(store, held, held.messages);
    let made: readonly CallResult[] = [];
    running.expectLater(held.content.later ?? []);
    running.abandonOthers(new Set(calls.map(({ callId }) => callId)), HAS_GONE_ON);
    const collected = () => collect(run, inbox, { calls: running.answers, requests: made, nowMs: environment.now() });
    const ours = calls.filter(({ extensionName }) => Object.hasOwn(options.extensions, extensionName));
    const hear = ({ later, released, isCancelled }: CollectedAnswers) => {
      running.expectLater(later);
      if (isCancelled) return;
      for (const call of ours) if (released.has(call.callId)) running.release(call);
    };
    let found = await collected();
    hear(found);
    // A call that has its answer need not be made.
    if (!found.isCancelled) running.begin(ours.filter(({ callId }) => !found.byCall.has(callId)));
    const unsent = this.#tasks.unsent(
      held,
      calls.filter(({ callId }) => !found.byCall.has(callId)),
    );
    for (;;) {
      if (found.isCancelled) return this.#cancel(held, run, inbox, found);
      if (found.answers.length > 0) return this.#resume(held, run, inbox, found, made);
      if (closing.aborted) {
        await this.#giveBack(held);
        return undefined;
      }
      if (held.lost.aborted) return undefined;
      await this.#tasks.send(held, run, unsent.splice(0), running.later);
      if (!running.areUnderWay && run.requests === undefined) {
        const noted = new Set(held.content.later);
        const isNoted = running.later.every((callId) => noted.has(callId));
        return isNoted ? this.#letGo(held, run, calls) : this.#note(held, run, calls, consume(inbox, found.spent));
      }
      const woken = untilWoken({
        ...{ environment, run, signals: [held.lost, closing] },
        // An answer may have come since it was looked.
        isAwake: running.answers.length > 0,
        onWake: (wake) => {
          this.#wake = wake;
        },
      });
      if (run.requests !== undefined) made = await requests.answersOf({ run, runId }, woken.promise);
      else await woken.promise;
      woken.end();
      this.#wasTold = false;
      inbox = await readMore(store, held.id, inbox);
      found = await collected();
      hear(found);
    }
  }

  /** Records which calls were made and are answered from elsewhere: whoever has the run next must not make them again. */
  async #note(
    held: HeldGeneration,
    run: SuspendedRun,
    calls: readonly ExtensionCall[],
    { consumed, carried }: UsedMessages,
  ): Promise<HeldGeneration | undefined> {
    const { store } = this.#parts;
    const sealed = await store.sealHandler(held, { run, calls });
    if ('error' in sealed) throw new NexusError('RESOURCE_LIMIT', sealed.error.message);
    const document = await withoutEffects(held.content.document);
    const { later } = this.#callsOf(held);
    const content = { kind: 'waiting', document, inner: sealed.inner, later, carried, ...this.#notes(held) } as const;
    const { untilMs } = sealed;
    const next = await store.advance(held, content, consumed, this.#label(run), { untilMs });
    if (typeof next === 'object') throw new NexusError('RESOURCE_LIMIT', next.error.message);
    return next === undefined ? undefined : this.#claim(next);
  }

  /** Nothing is under way here: it goes on when a timer or a message is due. */
  async #letGo(
    held: HeldGeneration,
    run: SuspendedRun,
    calls: readonly ExtensionCall[],
  ): Promise<HeldGeneration | undefined> {
    const { store, onRelease } = this.#parts;
    const dueAtMs = firstDueMs(run);
    const timerAtMs = store.clock.firstTimerAtMs(run);
    const reminderAtMs = this.#tasks.reminderOf(held, calls, this.#callsOf(held).later);
    const times = [timerAtMs, reminderAtMs].filter((atMs) => atMs !== undefined);
    const again = await this.#letGoUntil(held, times.length === 0 ? {} : { dueAtMs: Math.min(...times) });
    if (dueAtMs !== undefined && again === undefined) await onRelease(dueAtMs, this.#tasks.runOf(held, run));
    return again;
  }

  async #resume(
    held: HeldGeneration,
    run: SuspendedRun,
    inbox: Inbox,
    collected: CollectedAnswers,
    made: readonly CallResult[],
  ): Promise<HeldGeneration | undefined> {
    const { requests } = this.#parts;
    const { answers, byCall, spent } = collected;
    const resume = async (given: readonly CallResult[]) => {
      const executed = await this.#executeAnswers(held, run, given);
      if (executed === undefined) return undefined;
      const used = [...spent, ...given.flatMap(({ callId }) => byCall.get(callId) ?? [])];
      const again = () => answersAgain(run, inbox, collected, given);
      const next = await this.#record(held, executed, consume(inbox, used), again);
      if (next !== undefined) {
        this.#callsOf(held).forget(given);
        requests.forget(storedIdOf(held), made);
      }
      return next;
    };
    try {
      return await resume(answers);
    } catch (error) {
      if (!isTooLarge(error) || answers.length === 1) throw error;
      // Each answer can be passed, but together they are too large: the others have their turn later.
      return resume(answers.slice(0, 1));
    }
  }

  /** An error is thrown where it waits, so that it can clean up: in this segment, after which it has ended. */
  async #cancel(
    held: HeldGeneration,
    run: SuspendedRun,
    inbox: Inbox,
    { spent }: CollectedAnswers,
  ): Promise<HeldGeneration | undefined> {
    const use = consume(inbox, spent);
    this.#callsOf(held).abort(new Error('the run was cancelled'));
    const executed = await this.#executeAnswers(held, run, cancelledAnswers(held, run));
    if (executed === undefined) return undefined;
    executed.waiting?.letGo();
    return this.#endWith(held, cancelledWith(held, executed.result), use);
  }

  #executeAnswers(
    held: HeldGeneration,
    run: SuspendedRun,
    answers: readonly CallResult[],
  ): Promise<SegmentRun | undefined> {
    const { timeoutMs } = held.content.facts;
    const time = timeoutMs === undefined ? {} : { timeoutMs };
    return this.#execute(held, async (signal) => {
      const renewal = await renewalOf(this.#parts, held, run);
      const given = { ...time, ...renewal, signal };
      return this.#parts.executions.resume(run, answers, given, undefined, storedIdOf(held));
    });
  }

  /** @returns undefined if the segment was stopped, and does not count: then the claim is given back */
  async #execute(
    held: HeldGeneration,
    execute: (signal: AbortSignal) => Promise<SegmentRun>,
  ): Promise<SegmentRun | undefined> {
    const executed = await executeSegment(this.#parts, held, execute);
    if (executed === undefined) await this.#giveBack(held);
    return executed;
  }

  /**
   * Records how a segment ended, and claims what follows.
   *
   * @param again the messages with which it can be tried again, if it failed. Default: those that it carries
   */
  async #record(
    held: HeldGeneration,
    { result, waiting }: SegmentRun,
    use: UsedMessages,
    again?: () => Promise<UsedMessages['carried']>,
  ): Promise<HeldGeneration | undefined> {
    const { store } = this.#parts;
    const end = (last: WasmResult) => this.#endWith(held, last, use, again);
    if (waiting === undefined) return end(result);
    const { run, calls } = waiting;
    const { maxCalls } = held.content.facts;
    if ((run.lastCall ?? 0) > maxCalls) {
      waiting.letGo();
      return end(unkept(result, tooManyCalls(maxCalls), run.origin));
    }
    const sealed = await store.sealHandler(held, waiting).finally(waiting.letGo);
    if ('error' in sealed) return end(unkept(result, sealed.error, run.origin));
    const encoded = await encodeOutcome(result);
    if ('unencodable' in encoded) return end(withoutValues(result, encoded.unencodable));
    const known = new Set(this.#callsOf(held).later);
    const later = calls.filter(({ callId }) => known.has(callId)).map(({ callId }) => callId);
    const { consumed, carried } = use;
    const { inner, untilMs } = sealed;
    const waits = { kind: 'waiting', document: encoded.content, inner, later, carried } as const;
    const content = { ...waits, ...this.#notes(held, result) };
    const next = await store.advance(held, content, consumed, this.#label(run), { untilMs });
    if (next === undefined) return undefined;
    if (typeof next === 'string') return this.#claim(next);
    return end(unkept(result, next.error, run.origin));
  }

  #label({ deployment = this.#parts.deployment }: Partial<SuspendedRun> = {}): string {
    return this.#parts.labelOf?.(deployment) ?? deployment;
  }

  #notes({ content }: HeldGeneration, result?: WasmResult): { readonly notes?: string } {
    const notes = this.#parts.notes?.write(result) ?? content.notes;
    return notes === undefined ? {} : { notes };
  }

  /** Records a result as the last: its effects are told, and then the run has ended. */
  async #endWith(
    held: HeldGeneration,
    result: WasmResult,
    { consumed, carried }: UsedMessages,
    again: () => Promise<UsedMessages['carried']> = async () => carried,
  ): Promise<HeldGeneration | undefined> {
    const { store } = this.#parts;
    const label = this.#label();
    const encoded = await encodeOutcome(result);
    const last = 'unencodable' in encoded ? await encodeOutcome(withoutValues(result, encoded.unencodable)) : encoded;
    if ('unencodable' in last) throw new NexusError('INTERNAL_ERROR', `The end of a run ${last.unencodable}.`);
    const content = { kind: 'end', document: last.content, ...this.#notes(held, result) } as const;
    if (content.notes === undefined && result.status === 'error' && result.error?.code !== 'CANCELLED') {
      const tried = { ...content, ...(await triedAgain(held, await again(), this.#callsOf(held).later)) };
      const next = await store.advance(held, tried, consumed, label);
      // Without room for it, it is not kept.
      if (typeof next !== 'object') return next === undefined ? undefined : this.#claim(next);
    }
    const next = await store.advance(held, content, consumed, label);
    if (typeof next === 'object')
      throw new NexusError('RESOURCE_LIMIT', next.error.message, { context: next.error.context ?? {} });
    return next === undefined ? undefined : this.#claim(next);
  }

  async #end(held: HeldGeneration): Promise<undefined> {
    const { store, onEnd, options, notes } = this.#parts;
    const { again, facts } = held.content;
    // It was told, and waits to be tried again: whatever is posted to it does not matter.
    if (again !== undefined && !held.isArrival) return held.release({}) as Promise<undefined>;
    const result = await this.#tell(held);
    await options.onEnd?.(result, stepInfoOf(held));
    const hasEnded =
      again === undefined
        ? await store.finish(held, notes?.end(result) ?? result)
        : await store.keepFailed(held, result, this.#label());
    if (hasEnded) onEnd(facts.runId);
    return undefined;
  }

  /** Tells the effects of the segment before, before anything follows from them. */
  async #tell(held: HeldGeneration): Promise<WasmResult> {
    const result = await decodeOutcome(held.content.document);
    const { stateMutations, events, viewCommands, logs } = result;
    const effects = { stateMutations, events, viewCommands, logs };
    const isEmpty = Object.values(effects).every((list) => list.length === 0);
    if (!isEmpty) await this.#parts.options.onEffects?.(effects, stepInfoOf(held));
    // The end is told with them, and is recorded when both were.
    if (held.content.kind !== 'end') this.#toldAt = held.id;
    return result;
  }

  #callsOf({ content }: HeldGeneration): DurableCalls {
    const { options, methods, environment, histories } = this.#parts;
    const { callTimeoutMs, retryOf } = options;
    this.#calls ??= new DurableCalls({
      ...{ callTimeoutMs, retryOf, environment },
      answer: (call: ExtensionCall) => methods.call(call),
      runId: content.facts.runId,
      onAnswer: () => this.#wake(),
      onCall: (call) => histories?.call(content.facts.runId, content.facts.tenant, call),
    });
    return this.#calls;
  }
}
