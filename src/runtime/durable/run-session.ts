import type { CallResult } from '../../api/answers.js';
import type { ExtensionCall, WasmError, WasmResult } from '../../api/result.js';
import type { StoredMessage } from '../../api/suspension-store.js';
import type { HandlerRef } from '../../compiler/handler-loader.js';
import { NexusError } from '../../errors/nexus-error.js';
import { eventOriginOf, type Origin } from '../../execution/origin.js';
import { answerTimers, firstDueMs } from '../../execution/own-calls.js';
import { toTransferableAnswer } from '../../execution/request/transferable-answer.js';
import { errorResult } from '../../execution/result/result.js';
import type { SegmentRun, SegmentRunner } from '../../execution/segment-runner.js';
import type { SuspendedRun } from '../../execution/suspended-run.js';
import type { Telemetry } from '../../metrics/telemetry.js';
import { limitContext } from '../../protocol/limit-failures.js';
import type { RuntimeEnvironment } from '../../support/environment.js';
import { parseSuspensionId } from '../../support/run-ids.js';
import { clearTimeout, setTimeout } from '../../support/timers.js';
import { eitherSignal, whenAborted } from '../../support/waiting.js';
import type { DurableStore, HeldGeneration } from '../../suspension/durable/durable-store.js';
import { decodeOutcome, encodeOutcome } from '../../suspension/sealed/outcome-content.js';
import { decodeValues } from '../../suspension/sealed/values.js';
import { unkept, withoutValues } from '../../suspension/suspension-results.js';
import type { Requests } from '../own/requests.js';
import type { Quotas } from '../quota/quotas.js';
import type { ExtensionMethods } from '../run/extension-methods.js';
import { DurableCalls } from './durable-calls.js';
import { decodeInput, type RunCode } from './run-input.js';
import type { CheckedWorkOptions, RunStepInfo } from './work-options.js';

/** What the sessions of a worker have in common. */
export interface SessionParts {
  readonly store: DurableStore;
  readonly executions: SegmentRunner;
  readonly requests: Requests;
  readonly telemetry: Telemetry;
  readonly quotas: Quotas | undefined;
  readonly environment: RuntimeEnvironment;
  readonly deployment: string;
  readonly options: CheckedWorkOptions;
  readonly methods: ExtensionMethods;
  readonly resolve: (code: RunCode) => Promise<HandlerRef>;
  /** Aborted when nothing new is begun: what waits is given back. */
  readonly closing: AbortSignal;
  /** Aborted when segments are ended, too. */
  readonly stopping: AbortSignal;
  /** What is kept with each generation of the run. @default nothing */
  readonly notes?: RunNotes;
  /** Told when a run is due at a time and nobody has it. */
  readonly onRelease: (dueAtMs: number) => void;
  readonly onEnd: (runId: string) => void;
}

/** What the part of the application that drives a run keeps with it. */
export interface RunNotes {
  /** Told what was kept with the generation that was claimed. */
  open(notes: string): void;
  /** What is to be kept with the next one, which a segment led to. It may be asked for again. */
  write(result?: Pick<WasmResult, 'logs'>): string;
  /** The result that is recorded as the end: what was kept with the generations is gone then. */
  end(result: WasmResult): WasmResult;
}

/** How soon messages of other processes are seen while this one makes calls. */
const LOOK_MS = 1_000;
const HAS_GONE_ON = new Error('the handler no longer waits for it');

/** What there is for a handler that waits. */
interface Collected {
  readonly answers: readonly CallResult[];
  /** Ids of messages, by the calls that they answer. */
  readonly messages: ReadonlyMap<string, string>;
  /** Ids of messages that nothing waits for any more. */
  readonly late: readonly string[];
  /** Id of the message that cancels the run. */
  readonly cancel: string | undefined;
}

/** Drives one run from one claim to the next, until it ends or waits for something that is elsewhere. */
export class RunSession {
  readonly #parts: SessionParts;
  #calls: DurableCalls | undefined;
  #wake = () => {};
  /** Id of the generation whose effects were told. */
  #toldAt: string | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** There is a message. */
  look(): void {
    this.#wake();
  }

  /**
   * @returns whether it could be claimed
   * @throws whatever keeps the run from going on now: it was given back, and is due again
   */
  async drive(id: string): Promise<boolean> {
    let held = await this.#parts.store.claim(id);
    const isClaimed = held !== undefined;
    if (held?.content.notes !== undefined) this.#parts.notes?.open(held.content.notes);
    try {
      while (held !== undefined) held = await this.#step(held);
      return isClaimed;
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
        return await this.#endWith(held, crashed(held), []);
      }
      return await (held.content.kind === 'begin' ? this.#begin(held) : this.#wait(held));
    } catch (error) {
      await this.#giveBack(held);
      throw error;
    }
  }

  /** As it was; but what was told need not be told again. */
  async #giveBack(held: HeldGeneration): Promise<void> {
    await held.release(this.#toldAt === held.id ? { dueAtMs: this.#parts.store.clock.now() } : undefined);
  }

  async #begin(held: HeldGeneration): Promise<HeldGeneration | undefined> {
    const { store, executions, resolve } = this.#parts;
    const { document } = held.content;
    for (const message of held.messages) {
      const { type } = await store.openMessage(held.id, message);
      if (type === 'cancel') return this.#endWith(held, cancelled(held), [message.id]);
    }
    const { code, context, options } = await decodeInput(held.id, document);
    try {
      const ref = await resolve(code);
      const executed = await this.#execute(held, (signal) =>
        executions.call(ref, context, { ...options, signal }, undefined, storedIdOf(held)),
      );
      return executed && (await this.#record(held, executed, []));
    } catch (error) {
      // The same happens each time that it begins.
      if (!(error instanceof NexusError) || error.retryable || error.fault !== 'caller') throw error;
      if (error.code === 'RUNTIME_CLOSED') throw error;
      return this.#endWith(held, notBegun(error, held), []);
    }
  }

  async #wait(held: HeldGeneration): Promise<HeldGeneration | undefined> {
    const { store, requests, closing, options } = this.#parts;
    if (held.isArrival) await this.#tell(held);
    const { run, calls } = await store.openHandler(held.id, held.content);
    const running = this.#callsOf(held);
    running.expectLater(held.content.later ?? []);
    running.abandonOthers(new Set(calls.map(({ callId }) => callId)), HAS_GONE_ON);
    running.begin(calls.filter(({ extensionName }) => Object.hasOwn(options.extensions, extensionName)));
    const runId = storedIdOf(held);
    let messages = held.messages;
    let made: readonly CallResult[] = [];
    for (;;) {
      const collected = await this.#collect(held, run, calls, messages, made);
      if (collected.cancel !== undefined) return this.#cancel(held, run, collected);
      if (collected.answers.length > 0) return this.#resume(held, run, collected, made);
      if (closing.aborted) {
        await this.#giveBack(held);
        return undefined;
      }
      if (held.lost.aborted) return undefined;
      if (!running.areUnderWay && run.requests === undefined) {
        const noted = new Set(held.content.later);
        const isNoted = running.later.every((callId) => noted.has(callId));
        return isNoted ? this.#letGo(held, run) : this.#note(held, run, calls);
      }
      const woken = this.#untilWoken(held, run);
      if (run.requests !== undefined) made = await requests.answersOf({ run, runId }, woken.promise);
      else await woken.promise;
      woken.end();
      messages = await store.messagesOf(held.id);
    }
  }

  /** Records which calls were made and are answered from elsewhere: whoever has the run next must not make them again. */
  async #note(
    held: HeldGeneration,
    run: SuspendedRun,
    calls: readonly ExtensionCall[],
  ): Promise<HeldGeneration | undefined> {
    const { store, deployment } = this.#parts;
    const sealed = await store.sealHandler(held, { run, calls });
    if ('error' in sealed) throw new NexusError('RESOURCE_LIMIT', sealed.error.message);
    // Its effects were told.
    const effects = { stateMutations: [], events: [], viewCommands: [], logs: [] };
    const told = await encodeOutcome({ ...(await decodeOutcome(held.content.document)), ...effects });
    if ('unencodable' in told) throw new NexusError('INTERNAL_ERROR', `A step of a run ${told.unencodable}.`);
    const { later } = this.#callsOf(held);
    const content = {
      kind: 'waiting',
      document: told.content,
      inner: sealed.inner,
      later,
      ...this.#notes(held),
    } as const;
    const next = await store.advance(held, content, [], deployment, sealed.untilMs);
    if (typeof next === 'object') throw new NexusError('RESOURCE_LIMIT', next.error.message);
    return next === undefined ? undefined : store.claim(next);
  }

  /** Nothing is under way here: it goes on when a timer or a message is due. */
  async #letGo(held: HeldGeneration, run: SuspendedRun): Promise<undefined> {
    const { store, onRelease } = this.#parts;
    const dueAtMs = firstDueMs(run);
    if (dueAtMs === undefined) await held.release({});
    else {
      await held.release({ dueAtMs: Math.max(0, Math.ceil(dueAtMs + store.clock.offsetMs)) });
      onRelease(dueAtMs);
    }
    return undefined;
  }

  async #collect(
    held: HeldGeneration,
    run: SuspendedRun,
    calls: readonly ExtensionCall[],
    messages: readonly StoredMessage[],
    made: readonly CallResult[],
  ): Promise<Collected> {
    const { store, environment } = this.#parts;
    const names = new Map(run.calls.map((call) => [call.callId, `$ext.${call.extensionName}.${call.method}`]));
    const answers = new Map<string, CallResult>();
    const taken = new Map<string, string>();
    const late: string[] = [];
    let cancel: string | undefined;
    for (const { answer } of answerTimers(run, environment.now())) answers.set(answer.callId, answer);
    for (const message of messages) {
      const opened = await store.openMessage(held.id, message);
      if (opened.type === 'cancel') cancel = message.id;
      else if (opened.type === 'release' && names.has(opened.callId)) {
        const call = calls.find(({ callId }) => callId === opened.callId);
        const isOurs = call !== undefined && Object.hasOwn(this.#parts.options.extensions, call.extensionName);
        if (isOurs) this.#callsOf(held).release(call);
        taken.set(opened.callId, message.id);
      } else if (opened.type === 'release' || !names.has(opened.callId) || taken.has(opened.callId))
        late.push(message.id);
      else {
        const [success, value] = await decodeValues(opened.document);
        const { callId } = opened;
        answers.set(callId, success === true ? { callId, success, value } : { callId, success: false, error: value });
        taken.set(callId, message.id);
      }
    }
    for (const answer of this.#callsOf(held).answers) {
      const call = names.get(answer.callId);
      if (call === undefined || answers.has(answer.callId)) continue;
      answers.set(answer.callId, await toTransferableAnswer(answer, run.limits, { call }));
    }
    for (const answer of made) answers.set(answer.callId, answer);
    return { answers: [...answers.values()], messages: taken, late, cancel };
  }

  async #resume(
    held: HeldGeneration,
    run: SuspendedRun,
    { answers, messages, late }: Collected,
    made: readonly CallResult[],
  ): Promise<HeldGeneration | undefined> {
    const { requests } = this.#parts;
    const resume = async (given: readonly CallResult[]) => {
      const executed = await this.#executeAnswers(held, run, given);
      const used = new Set(given.map(({ callId }) => callId));
      const consumed = [...messages].filter(([callId]) => used.has(callId)).map(([, id]) => id);
      const next = executed && (await this.#record(held, executed, [...consumed, ...late]));
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
    { cancel, late, messages }: Collected,
  ): Promise<HeldGeneration | undefined> {
    const consumed = [...(cancel === undefined ? [] : [cancel]), ...late, ...messages.values()];
    this.#callsOf(held).abort(new Error('the run was cancelled'));
    if (run.calls.length === 0) return this.#endWith(held, cancelled(held), consumed);
    const error = Object.assign(new Error(`The run ${held.content.facts.runId} was cancelled.`), {
      name: 'CancelledError',
    });
    const answers = run.calls.map(({ callId }): CallResult => ({ callId, success: false, error }));
    const executed = await this.#executeAnswers(held, run, answers);
    if (executed === undefined) return undefined;
    executed.waiting?.letGo();
    const { result } = executed;
    const { stateMutations, events, viewCommands, logs, metrics } = result;
    const ended = {
      ...cancelled(held),
      stateMutations,
      events,
      viewCommands,
      logs,
      metrics,
      partial: true,
    } as WasmResult;
    return this.#endWith(held, ended, consumed);
  }

  #executeAnswers(
    held: HeldGeneration,
    run: SuspendedRun,
    answers: readonly CallResult[],
  ): Promise<SegmentRun | undefined> {
    const { timeoutMs } = held.content.facts;
    const time = timeoutMs === undefined ? {} : { timeoutMs };
    return this.#execute(held, (signal) =>
      this.#parts.executions.resume(run, answers, { ...time, signal }, undefined, storedIdOf(held)),
    );
  }

  /** @returns undefined if the segment was stopped, and does not count: then the claim is given back */
  async #execute(
    held: HeldGeneration,
    execute: (signal: AbortSignal) => Promise<SegmentRun>,
  ): Promise<SegmentRun | undefined> {
    const { stopping, telemetry, quotas } = this.#parts;
    const origin = this.#originOf(held);
    const refusal = await quotas?.begin('run', origin);
    if (refusal !== undefined)
      throw new NexusError('RESOURCE_LIMIT', refusal.message, { context: refusal.context ?? {} });
    const within = eitherSignal(stopping, held.lost);
    try {
      const executed = await execute(within.signal);
      telemetry.execution(executed.result, executed.began, origin);
      const isFirst = held.content.kind === 'begin';
      if (executed.began) telemetry.usage(executed.result, executed.amounts, isFirst, origin, quotas?.usageOf(origin));
      if (!within.signal.aborted) return executed;
      executed.waiting?.letGo();
      await this.#giveBack(held);
      return undefined;
    } finally {
      within.release();
      quotas?.end(origin);
    }
  }

  /** Records how a segment ended, and claims what follows. */
  async #record(
    held: HeldGeneration,
    { result, waiting }: SegmentRun,
    consumed: readonly string[],
  ): Promise<HeldGeneration | undefined> {
    const { store, deployment } = this.#parts;
    if (waiting === undefined) return this.#endWith(held, result, consumed);
    const { run } = waiting;
    const { maxCalls } = held.content.facts;
    if ((run.lastCall ?? 0) > maxCalls) {
      waiting.letGo();
      return this.#endWith(held, unkept(result, tooManyCalls(maxCalls), run.origin), consumed);
    }
    const sealed = await store.sealHandler(held, waiting).finally(waiting.letGo);
    if ('error' in sealed) return this.#endWith(held, unkept(result, sealed.error, run.origin), consumed);
    const encoded = await encodeOutcome(result);
    if ('unencodable' in encoded) return this.#endWith(held, withoutValues(result, encoded.unencodable), consumed);
    const { calls } = waiting;
    const known = new Set(this.#callsOf(held).later);
    const later = calls.filter(({ callId }) => known.has(callId)).map(({ callId }) => callId);
    const content = {
      kind: 'waiting',
      document: encoded.content,
      inner: sealed.inner,
      later,
      ...this.#notes(held, result),
    } as const;
    const next = await store.advance(held, content, consumed, deployment, sealed.untilMs);
    if (next === undefined) return undefined;
    if (typeof next === 'string') return store.claim(next);
    return this.#endWith(held, unkept(result, next.error, run.origin), consumed);
  }

  #notes(held: HeldGeneration, result?: WasmResult): { readonly notes?: string } {
    const notes = this.#parts.notes?.write(result) ?? held.content.notes;
    return notes === undefined ? {} : { notes };
  }

  /** Records a result as the last: its effects are told, and then the run has ended. */
  async #endWith(
    held: HeldGeneration,
    result: WasmResult,
    consumed: readonly string[],
  ): Promise<HeldGeneration | undefined> {
    const { store, deployment } = this.#parts;
    const encoded = await encodeOutcome(result);
    const last = 'unencodable' in encoded ? await encodeOutcome(withoutValues(result, encoded.unencodable)) : encoded;
    if ('unencodable' in last) throw new NexusError('INTERNAL_ERROR', `The end of a run ${last.unencodable}.`);
    const content = { kind: 'end', document: last.content, ...this.#notes(held, result) } as const;
    const next = await store.advance(held, content, consumed, deployment);
    if (typeof next === 'object')
      throw new NexusError('RESOURCE_LIMIT', next.error.message, { context: next.error.context ?? {} });
    return next === undefined ? undefined : store.claim(next);
  }

  async #end(held: HeldGeneration): Promise<undefined> {
    const { store, onEnd, options, notes } = this.#parts;
    const result = await this.#tell(held);
    await options.onEnd?.(result, this.#infoOf(held));
    if (await store.finish(held, notes?.end(result) ?? result)) onEnd(held.content.facts.runId);
    return undefined;
  }

  /** Tells the effects of the segment before, before anything follows from them. */
  async #tell(held: HeldGeneration): Promise<WasmResult> {
    const result = await decodeOutcome(held.content.document);
    const { stateMutations, events, viewCommands, logs } = result;
    const effects = { stateMutations, events, viewCommands, logs };
    const isEmpty = Object.values(effects).every((list) => list.length === 0);
    if (!isEmpty) await this.#parts.options.onEffects?.(effects, this.#infoOf(held));
    // The end is told with them, and is recorded when both were.
    if (held.content.kind !== 'end') this.#toldAt = held.id;
    return result;
  }

  #infoOf({ id, content: { facts } }: HeldGeneration): RunStepInfo {
    const { runId, tenant } = facts;
    const step = (parseSuspensionId(id)?.generation as number) - 1;
    return { key: `${runId}.${step}`, runId, ...(tenant !== undefined && { tenant }) };
  }

  #originOf({ content: { facts } }: HeldGeneration) {
    const { handlerName, panelId, tenant } = facts;
    const origin: Origin = {
      ...(handlerName !== undefined && { handlerName }),
      ...(panelId !== undefined && { panelId }),
    };
    return eventOriginOf(origin, tenant);
  }

  #callsOf({ content }: HeldGeneration): DurableCalls {
    const { options, methods, environment } = this.#parts;
    const { callTimeoutMs, retries, backoffMs, maxBackoffMs } = options;
    this.#calls ??= new DurableCalls({
      ...{ callTimeoutMs, retries, backoffMs, maxBackoffMs, environment },
      answer: (call: ExtensionCall) => methods.call(call),
      runId: content.facts.runId,
      onAnswer: () => this.#wake(),
    });
    return this.#calls;
  }

  /** Resolves when something may have happened: an answer, a message, a timer, or that the claim was lost. */
  #untilWoken(held: HeldGeneration, run: SuspendedRun): { readonly promise: Promise<void>; end(): void } {
    const { environment, closing } = this.#parts;
    const releases: (() => void)[] = [];
    const promise = new Promise<void>((resolve) => {
      this.#wake = resolve;
      // An answer may have come since it was looked.
      if (this.#callsOf(held).answers.length > 0) resolve();
      const timer = setTimeout(resolve, LOOK_MS);
      releases.push(() => clearTimeout(timer));
      const dueAtMs = firstDueMs(run);
      if (dueAtMs !== undefined) releases.push(environment.alarm(dueAtMs, resolve, false));
      for (const signal of [held.lost, closing]) releases.push(whenAborted(signal, resolve));
    });
    return {
      promise,
      end() {
        for (const release of releases) release();
      },
    };
  }
}

function storedIdOf({ id }: HeldGeneration): string {
  return parseSuspensionId(id)?.runId as string;
}

function originIn({ content: { facts } }: HeldGeneration): Origin {
  const { handlerName, panelId } = facts;
  return { ...(handlerName !== undefined && { handlerName }), ...(panelId !== undefined && { panelId }) };
}

function cancelled(held: HeldGeneration): WasmResult {
  const { runId } = held.content.facts;
  const message = `The run ${runId} was cancelled.`;
  return errorResult({ code: 'CANCELLED', message, context: { runId } }, originIn(held));
}

function notBegun({ code, message }: NexusError, held: HeldGeneration): WasmResult {
  const { runId } = held.content.facts;
  return errorResult({ code: 'EXECUTION_ERROR', message, context: { runId, code } }, originIn(held));
}

function crashed(held: HeldGeneration): WasmResult {
  const { runId } = held.content.facts;
  const message = `The process that executed the run ${runId} was lost ${held.losses} times in a row at the same step.`;
  const context = { runId, losses: held.losses, layer: 'process' };
  return errorResult({ code: 'EXECUTION_ERROR', message, context }, originIn(held));
}

function tooManyCalls(maxCalls: number): WasmError {
  return {
    code: 'RESOURCE_LIMIT',
    message: `The run made more calls than maxCalls (${maxCalls}) of its start.`,
    context: { ...limitContext('maxCalls', maxCalls), remedy: 'raise maxCalls of start' },
  };
}

function isTooLarge(error: unknown): boolean {
  return (
    error instanceof NexusError && error.code === 'INVALID_ARGUMENT' && error.context['limit'] === 'maxContextBytes'
  );
}
