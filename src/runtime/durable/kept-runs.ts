import type { WasmContext } from '../../api/context.js';
import type { ExtensionCall, WasmResult } from '../../api/result.js';
import type { FoundSuspension } from '../../api/suspension-store.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { WaitingRun } from '../../execution/waiting-run.js';
import { sha256Hex } from '../../support/sha256-hex.js';
import { setTimeout as after, clearTimeout } from '../../support/timers.js';
import { eitherSignal, whenAborted } from '../../support/waiting.js';
import type { DurableContent } from '../../suspension/durable/durable-envelope.js';
import { storedRunId } from '../../suspension/durable/durable-store.js';
import type { RunMessage } from '../../suspension/durable/run-message.js';
import { isKeptLabel, keptLabelOf } from '../../suspension/images/deployment-labels.js';
import { encodeOutcome } from '../../suspension/sealed/outcome-content.js';
import { suspended, unkept } from '../../suspension/suspension-results.js';
import { ExtensionMethods } from '../run/extension-methods.js';
import type { RunOptions } from '../run/run-options.js';
import type { RunProbe } from '../run/run-probe.js';
import { encodeAnswer } from './call-answers.js';
import { readInbox } from './session/run-inbox.js';
import { RunSession } from './session/run-session.js';
import type { RunNotes, SessionParts } from './session/session-parts.js';
import { checkWorkOptions, type WorkOptions } from './work-options.js';

/** A run that begins in this process, and goes on from the store once it waits only for answers from elsewhere. */
export interface KeptRun {
  /** As the application calls it. The same id again is the same run. */
  readonly runId: string;
  readonly code: string;
  readonly context: WasmContext;
  /** With extensions whose methods may return `later`. */
  readonly options: RunOptions;
  readonly notes: RunNotes;
  /** Of the whole run. */
  readonly maxCalls: number;
  /** Of each segment after it was kept. */
  readonly timeoutMs?: number;
}

/** How a run goes on that was kept. */
export interface KeptRunDriver extends Pick<WorkOptions, 'extensions' | 'onEffects' | 'onEnd' | 'callTimeoutMs'> {
  readonly notes: RunNotes;
  /** Stops waiting; the run goes on later. */
  readonly signal?: AbortSignal | undefined;
}

/** Where a run that was kept stands. */
export interface KeptRunState {
  /** Present once it has ended. */
  readonly result?: WasmResult;
  /** Calls that wait for a decision. */
  readonly undecided: readonly ExtensionCall[];
  /** Calls that were decided, and are made or answered when the run goes on. */
  readonly decided: readonly ExtensionCall[];
  readonly tenant?: string;
  readonly handlerName?: string;
  readonly expiresAt: Date;
}

export interface KeptRunsParts
  extends Omit<
    SessionParts,
    | 'options'
    | 'methods'
    | 'resolve'
    | 'deployment'
    | 'labelOf'
    | 'closing'
    | 'onRelease'
    | 'sender'
    | 'onEnd'
    | 'notes'
  > {
  readonly deployment: () => string;
  /** Executes a run in this process. */
  readonly run: (code: string, context: WasmContext, options: RunOptions, probe: RunProbe) => Promise<WasmResult>;
}

/** A process that is killed at each try fails a run after so many. */
const MAX_CRASHES = 10;
const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 500;
const LISTED_AT_ONCE = 1_000;

/**
 * Runs whose calls may wait for a decision of somebody. They begin in this process as those of `run`, without a record. Once such a run waits
 * for decisions alone, it is stored, and from then on every step is recorded before the calls that follow from it are made.
 */
export class KeptRuns {
  readonly #parts: KeptRunsParts;

  constructor(parts: KeptRunsParts) {
    this.#parts = parts;
  }

  /**
   * Executes a run in this process until it ends, or waits only for calls that were answered with `later`.
   *
   * @returns `'exists'` if there is a run of this id in the store, begun with the same code
   * @throws NexusError RUN_EXISTS if there is one with other code
   */
  async run(given: KeptRun, isNew: boolean): Promise<WasmResult | 'exists'> {
    const { runId, code, context, options } = given;
    if (!isNew && (await this.#isThere(runId, code))) return 'exists';
    let exists = false;
    const keep = async (waiting: WaitingRun, later: readonly string[], result: WasmResult) => {
      const kept = await this.#keep(given, waiting, later, result);
      if (kept !== 'exists') return kept;
      exists = true;
      return result;
    };
    const result = await this.#parts.run(code, context, options, { runId, keep });
    if (exists && (await this.#isThere(runId, code))) return 'exists';
    return result;
  }

  /** @throws NexusError SUSPENSION_NOT_FOUND, SUSPENSION_EXPIRED */
  async state(runId: string): Promise<KeptRunState> {
    const { store } = this.#parts;
    const found = await this.#require(runId);
    const result = await store.resultOf(found);
    const { tenant, info, expiresAtMs } = found;
    const about = {
      ...(tenant !== undefined && { tenant }),
      ...(typeof info['handlerName'] === 'string' && { handlerName: info['handlerName'] }),
      expiresAt: new Date(expiresAtMs),
    };
    const content = result === undefined ? await store.open(found) : undefined;
    if (content?.kind !== 'waiting') return { ...(result && { result }), undecided: [], decided: [], ...about };
    const { calls } = await store.inspectHandler(found.id, content);
    const answered = await this.#decisions(found.id, content);
    const waiting = calls.filter(({ callId }) => content.later?.includes(callId));
    return {
      undecided: waiting.filter(({ callId }) => !answered.has(callId)),
      decided: waiting.filter(({ callId }) => answered.has(callId)),
      ...about,
    };
  }

  /** Ids of the runs of one kind that have not ended. */
  async *list(handlerName: string): AsyncGenerator<string> {
    let after: string | undefined;
    do {
      const from = after === undefined ? {} : { after };
      // Those of earlier deployments, too.
      const filter = { states: ['suspended', 'resuming'], ...from, limit: LISTED_AT_ONCE } as const;
      const page = await this.#parts.store.list(filter);
      for (const { id, info, deployment } of page.suspensions) {
        const { runId, handlerName: name } = info;
        if (!isKeptLabel(deployment)) continue;
        if (typeof runId === 'string' && name === handlerName && id.startsWith(`${storedRunId(runId)}.`)) yield runId;
      }
      after = page.next;
    } while (after !== undefined);
  }

  /**
   * Decides a call that waits: it is made when the run goes on, or answered with an error.
   *
   * @returns whether this decided it; false if the same was decided before
   * @throws NexusError SUSPENSION_SETTLED if it was decided otherwise, or waits no more; SUSPENSION_NOT_FOUND, SUSPENSION_EXPIRED,
   *   RESOURCE_LIMIT if the mailbox of the run is full
   */
  async decide(runId: string, callId: string, decision: 'release' | { readonly error: unknown }): Promise<boolean> {
    const { store } = this.#parts;
    await this.#require(runId);
    const { result, undecided, decided } = await this.state(runId);
    const isDecided = decided.some((call) => call.callId === callId);
    const isKnown = isDecided || undecided.some((call) => call.callId === callId);
    if (!isKnown) throw settled(runId, callId, result === undefined ? 'it waits for no decision' : 'its run has ended');
    const message: RunMessage =
      decision === 'release'
        ? { type: 'release', callId }
        : { type: 'answer', callId, document: await encodeAnswer({ success: false, error: decision.error }) };
    // A decision may be carried, and the mailbox has it no more.
    const posted = isDecided ? 'duplicate' : await store.post(runId, `answer:${callId}`, message);
    if (posted === 'accepted') return true;
    if (posted === 'duplicate') {
      const before = await this.#decisionOf(runId, callId);
      if (before === undefined || before === (decision === 'release' ? 'release' : 'answer')) return false;
      throw settled(runId, callId, before === 'release' ? 'it was approved before' : 'it was rejected before');
    }
    if (posted === 'ended' || posted === 'unknown') throw settled(runId, callId, 'its run has ended');
    throw new NexusError('RESOURCE_LIMIT', `The mailbox of the run ${runId} is full: decide again later.`, {
      context: { runId, callId },
    });
  }

  /**
   * Goes on with a run until it ends, or waits only for decisions. If another process has it, waits until that is done or lost.
   *
   * @throws NexusError SUSPENSION_NOT_FOUND, SUSPENSION_EXPIRED, SUSPENSION_INCOMPATIBLE, CANCELLED
   */
  async drive(runId: string, driver: KeptRunDriver): Promise<KeptRunState> {
    const { environment } = this.#parts;
    const { notes, signal, ...work } = driver;
    const options = checkWorkOptions({ ...work, maxCrashes: MAX_CRASHES }, undefined);
    const within = eitherSignal(signal, this.#parts.stopping);
    try {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LAST_PAUSE_MS, 2 * pauseMs)) {
        const found = await this.#require(runId);
        if (found.outcome !== undefined) return await this.state(runId);
        let dueAtMs: number | undefined;
        const session = new RunSession({
          ...this.#parts,
          ...{ options, notes, deployment: this.#parts.deployment(), closing: within.signal },
          ...{ labelOf: keptLabelOf, sender: undefined },
          methods: new ExtensionMethods(options.extensions, () => {}),
          // It has begun.
          resolve: () => Promise.reject(new NexusError('INTERNAL_ERROR', `The run ${runId} has not begun.`)),
          onRelease: (atMs) => {
            dueAtMs = atMs;
            return undefined;
          },
          onEnd: () => {},
        });
        const isClaimed = await session.drive(found.id);
        const state = await this.state(runId);
        if (state.result !== undefined) return state;
        requireGoing(within.signal, runId);
        // What was decided meanwhile is seen by the next claim.
        if (isClaimed && state.decided.length === 0 && dueAtMs === undefined) return state;
        if (isClaimed && state.undecided.length > 0 && state.decided.length === 0) return state;
        const waitMs = dueAtMs === undefined ? pauseMs : Math.max(0, dueAtMs - environment.now());
        await sleepUnless(within.signal, waitMs);
        requireGoing(within.signal, runId);
      }
    } finally {
      within.release();
    }
  }

  /** Ends a run that waits: CancelledError where it does. @returns whether it can still be cancelled */
  async cancel(runId: string): Promise<boolean> {
    const posted = await this.#parts.store.post(runId, 'cancel', { type: 'cancel' });
    return posted === 'accepted' || posted === 'duplicate';
  }

  async #keep(
    { runId, code, context, maxCalls, timeoutMs, options, notes }: KeptRun,
    waiting: WaitingRun,
    later: readonly string[],
    result: WasmResult,
  ): Promise<WasmResult | 'exists'> {
    const { store, environment } = this.#parts;
    const { origin } = waiting.run;
    const sealed = await store.sealFirst(runId, waiting).finally(waiting.letGo);
    if ('error' in sealed) return unkept(result, sealed.error, origin);
    // The effects are told by who began it.
    const untold = { ...result, stateMutations: [], events: [], viewCommands: [], logs: [] };
    const encoded = await encodeOutcome(untold);
    if ('unencodable' in encoded) throw new NexusError('INTERNAL_ERROR', `A step of a run ${encoded.unencodable}.`);
    const { tenant } = options;
    const { handlerName, panelId } = context;
    const facts = {
      ...{ runId, codeHash: sha256Hex(code), inputHash: sha256Hex(''), startedAtMs: environment.now(), maxCalls },
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(tenant !== undefined && { tenant }),
      ...(handlerName !== undefined && { handlerName }),
      ...(panelId !== undefined && { panelId }),
    };
    const kind = 'waiting' as const;
    const content = { kind, facts, document: encoded.content, inner: sealed.inner, later, notes: notes.write(result) };
    // Nothing of it is to be told.
    const dueAtMs = store.clock.firstTimerAtMs(waiting.run) ?? 'never';
    const label = keptLabelOf(this.#parts.deployment());
    try {
      if (!(await store.begin(content, undefined, label, { untilMs: sealed.untilMs, dueAtMs }))) return 'exists';
    } catch (error) {
      if (!(error instanceof NexusError) || error.code !== 'RESOURCE_LIMIT') throw error;
      return unkept(result, { code: 'RESOURCE_LIMIT', message: error.message, context: error.context }, origin);
    }
    const found = await this.#require(runId);
    return suspended(result, waiting, { ...found, envelope: new Uint8Array() });
  }

  /** @throws NexusError RUN_EXISTS */
  async #isThere(runId: string, code: string): Promise<boolean> {
    const found = await this.#parts.store.current(runId);
    if (found === undefined) return false;
    if (found.info['codeHash'] === sha256Hex(code)) return true;
    const message = `There is a run ${runId} already, with other code. Use another runId.`;
    throw new NexusError('RUN_EXISTS', message, { context: { runId } });
  }

  async #decisionOf(runId: string, callId: string): Promise<'release' | 'answer' | undefined> {
    const found = await this.#require(runId);
    const content = await this.#parts.store.open(found);
    return content && (await this.#decisions(found.id, content)).get(callId);
  }

  /** By call: the first one counts. */
  async #decisions(id: string, content: DurableContent): Promise<ReadonlyMap<string, 'release' | 'answer'>> {
    const { store } = this.#parts;
    const { messages } = await readInbox(store, { id, content }, await store.messagesOf(id));
    const decisions = new Map<string, 'release' | 'answer'>();
    for (const { message } of messages) {
      if (message.type !== 'release' && message.type !== 'answer') continue;
      if (!decisions.has(message.callId)) decisions.set(message.callId, message.type);
    }
    return decisions;
  }

  async #require(runId: string): Promise<FoundSuspension> {
    const { store } = this.#parts;
    const found = await store.current(runId);
    if (found?.info['runId'] === runId && isKeptLabel(found.deployment)) {
      const nowMs = await store.clock.current();
      // Until a sweep finds it, it only can no longer be claimed.
      const isOver = found.outcome === undefined && found.lease === undefined && found.expiresAtMs <= nowMs;
      if (found.state !== 'expired' && !isOver) return found;
      throw new NexusError('SUSPENSION_EXPIRED', `The run ${runId} has expired (suspensionTtlMs).`, {
        context: { runId },
      });
    }
    const message = `There is no run ${runId} that waits: it never did, or its result is no longer kept (outcomeRetentionMs).`;
    throw new NexusError('SUSPENSION_NOT_FOUND', message, { context: { runId } });
  }
}

function settled(runId: string, callId: string, why: string): NexusError {
  const message = `The call ${callId} of the run ${runId} cannot be decided: ${why}.`;
  return new NexusError('SUSPENSION_SETTLED', message, { context: { runId, callIds: [callId] } });
}

function requireGoing(signal: AbortSignal, runId: string): void {
  if (!signal.aborted) return;
  throw new NexusError('CANCELLED', `Going on with the run ${runId} was cancelled. It can be resumed.`, {
    context: { runId },
  });
}

async function sleepUnless(signal: AbortSignal, ms: number): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = after(end, Math.min(ms, 2 ** 31 - 1));
    const release = whenAborted(signal, end);
    function end() {
      clearTimeout(timer);
      release();
      resolve();
    }
  });
}
