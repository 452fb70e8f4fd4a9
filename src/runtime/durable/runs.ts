import type { AsyncResult } from '../../api/answers.js';
import type { WasmContext } from '../../api/context.js';
import type { ExtensionCall, WasmResult } from '../../api/result.js';
import type { FoundSuspension, SuspensionState } from '../../api/suspension-store.js';
import type { HandlerRef } from '../../compiler/handler-loader.js';
import { invalidArgument, requireText } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { checkContext } from '../../execution/request/build-request.js';
import {
  checkShape,
  type ExecuteOptions,
  normaliseOptions,
  requireMilliseconds,
} from '../../execution/request/execute-options.js';
import { callNumber } from '../../execution/suspended-run.js';
import type { InFlight } from '../../support/in-flight.js';
import { parseSuspensionId } from '../../support/run-ids.js';
import { performance } from '../../support/timers.js';
import { abortable } from '../../support/waiting.js';
import { storedRunId } from '../../suspension/durable/durable-store.js';
import { PollPauses, sleep } from '../../suspension/store-calls.js';
import { ExtensionMethods } from '../run/extension-methods.js';
import { encodeAnswer } from './encode-answer.js';
import { encodeInput, type RunCode } from './run-input.js';
import { RunWorker, type WorkerParts } from './run-worker.js';
import { checkWorkOptions, type WorkOptions, whole } from './work-options.js';

/** Options of `start`. */
export interface StartOptions
  extends Pick<
    ExecuteOptions,
    'timeoutMs' | 'tenant' | 'limits' | 'locale' | 'timeZone' | 'filename' | 'entry' | 'unawaited' | 'seed'
  > {
  /** 1 to 128 of A–Z, a–z, 0–9, `_` and `-`. The same id again is the same run. @default random */
  readonly runId?: string;
  /** Before then, nothing of it is executed. @default now */
  readonly startAt?: Date;
  /** Calls that the whole run may make, timers and requests included: RESOURCE_LIMIT. @default 10,000 */
  readonly maxCalls?: number;
}

/** One line of `listRuns`. */
export interface RunSummary {
  /** Absent of a damaged one. */
  readonly runId?: string;
  readonly state: 'waiting' | 'ended' | 'damaged';
  /** How it ended. */
  readonly outcome?: 'completed' | 'failed' | 'cancelled' | 'expired';
  /** By which the store knows its present step. */
  readonly suspensionId: string;
  readonly deployment?: string;
  readonly tenant?: string;
  readonly handlerName?: string;
  readonly expiresAt?: Date;
}

export interface RunFilter {
  readonly state?: 'waiting' | 'ended' | 'damaged';
  readonly deployment?: string;
  readonly tenant?: string;
  readonly handlerName?: string;
}

/** What there is to know of a run. */
export interface RunDescription extends Omit<RunSummary, 'state'> {
  readonly runId: string;
  readonly state: 'waiting' | 'ended';
  /** Of its steps so far: the begin is the first. */
  readonly step: number;
  readonly startedAt?: Date;
  /** Calls that have no answer yet. */
  readonly calls: readonly ExtensionCall[];
  /** When its timers are due. */
  readonly timers: readonly Date[];
}

/** A run that was started, in this or another process. */
export interface Run {
  readonly runId: string;
  /**
   * Waits for the end of the run, in whichever process it executes.
   *
   * @returns the result of its last segment; effects go to `onEffects` of who works
   * @throws NexusError SUSPENSION_NOT_FOUND if there is no such run, or its result is no longer kept; SUSPENSION_EXPIRED; TIMEOUT,
   *   CANCELLED if the signal fires
   */
  result(options?: { readonly signal?: AbortSignal; readonly timeoutMs?: number }): Promise<WasmResult>;
  /**
   * Cancels it: an error named `CancelledError` is thrown where it awaits a call, so that `catch` and `finally` run, for one segment at the most.
   * A run that awaits only timers ends at once.
   *
   * @returns whether it can still be cancelled: false if it has ended, or is unknown
   */
  cancel(): Promise<boolean>;
  /** @throws NexusError SUSPENSION_NOT_FOUND */
  describe(): Promise<RunDescription>;
}

/** Takes part in the work until closed. */
export interface Worker extends AsyncDisposable {
  /** Takes no more runs, lets segments finish, and gives back what waits. */
  close(): Promise<void>;
}

export interface RunsParts extends Omit<WorkerParts, 'options' | 'methods' | 'resolve' | 'deployment' | 'onEnd'> {
  /** As it is now: reading it may take a file. */
  readonly deployment: () => string;
  readonly calls: InFlight;
  /** @throws NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR for an input with which nothing can be executed */
  readonly check: (context: WasmContext, options: ExecuteOptions) => void;
  readonly resolveHandler: ((name: string) => string | Uint8Array | Promise<string | Uint8Array>) | undefined;
}

const RUN_ID = /^[A-Za-z0-9_-]{1,128}$/;
const CALL_ID = /^c[1-9]\d{0,14}$/;
const DEFAULT_MAX_CALLS = 10_000;
const MAX_CALLS = 1_000_000_000;
const LISTED_AT_ONCE = 1_000;
const STATES: Readonly<Record<'waiting' | 'ended', readonly SuspensionState[]>> = {
  waiting: ['suspended', 'resuming'],
  ended: ['completed', 'failed', 'cancelled', 'expired'],
};
const START_KEYS: { readonly [K in keyof Required<StartOptions>]: true } = {
  ...{ runId: true, startAt: true, maxCalls: true, timeoutMs: true, tenant: true, limits: true, locale: true },
  ...{ timeZone: true, filename: true, entry: true, unawaited: true, seed: true },
};
const START_ELSEWHERE = {
  onEffects: 'an option of work',
  extensions: 'an option of work; start is given extensionRegistry in the context',
  signal: 'none: use run.cancel()',
};

/** Runs that outlive the process: begun under a record, executed by any process that works on the store. */
export class Runs {
  readonly #parts: RunsParts;
  readonly #workers = new Set<RunWorker>();
  /** Who waits for the end of a run, by its id. */
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(parts: RunsParts) {
    this.#parts = parts;
  }

  async start(
    code: string | Uint8Array | { readonly name: string },
    context: WasmContext,
    given: StartOptions,
  ): Promise<Run> {
    const { store, environment, deployment } = this.#parts;
    checkShape('options', given, START_KEYS, START_ELSEWHERE);
    const { runId = environment.newRunId(), startAt, maxCalls = DEFAULT_MAX_CALLS, ...rest } = given;
    requireRunId(runId);
    if (startAt !== undefined && (!(startAt instanceof Date) || !(startAt.getTime() >= 0))) {
      throw invalidArgument('startAt', startAt, 'a Date');
    }
    const runCode = this.#codeOf(code);
    checkContext(context);
    const options = normaliseOptions(rest, 'artifact' in runCode);
    // What would be refused when it begins is refused now.
    this.#parts.check(context, options);
    const { document, codeHash, inputHash } = await encodeInput({ code: runCode, context, options });
    const { handlerName, panelId } = context;
    const facts = {
      ...{ runId, codeHash, inputHash, startedAtMs: environment.now() },
      maxCalls: whole('maxCalls', maxCalls, 0, MAX_CALLS),
      ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
      ...(options.tenant !== undefined && { tenant: options.tenant }),
      ...(handlerName !== undefined && { handlerName }),
      ...(panelId !== undefined && { panelId }),
    };
    const content = { kind: 'begin', facts, document } as const;
    if (!(await store.begin(content, startAt?.getTime(), deployment()))) {
      requireSame(runId, { codeHash, inputHash }, await store.current(runId));
    }
    for (const worker of this.#workers) worker.look();
    return this.get(runId);
  }

  get(runId: string): Run {
    requireRunId(runId);
    return {
      runId,
      result: (options = {}) => this.#result(runId, options),
      cancel: () => this.#cancel(runId),
      describe: () => this.#describe(runId),
    };
  }

  async *list(filter: RunFilter): AsyncGenerator<RunSummary> {
    checkShape('filter', filter, { state: true, deployment: true, tenant: true, handlerName: true });
    const { state, deployment, tenant, handlerName } = filter;
    if (state !== undefined && state !== 'damaged' && !Object.hasOwn(STATES, state)) {
      throw invalidArgument('filter.state', state, "'waiting', 'ended' or 'damaged'");
    }
    const states = state === undefined || state === 'damaged' ? [...STATES.waiting, ...STATES.ended] : STATES[state];
    const within = { states, ...(deployment !== undefined && { deployment }), ...(tenant !== undefined && { tenant }) };
    let after: string | undefined;
    do {
      const from = after === undefined ? {} : { after };
      const page = await this.#parts.store.list({ ...within, ...from, limit: LISTED_AT_ONCE });
      if (state === undefined || state === 'damaged') {
        for (const suspensionId of page.unreadable) yield { state: 'damaged', suspensionId };
      }
      for (const found of state === 'damaged' ? [] : page.suspensions) {
        const summary = summaryOf(found);
        if (summary !== undefined && (handlerName === undefined || handlerName === summary.handlerName)) yield summary;
      }
      after = page.next;
    } while (after !== undefined);
  }

  async completeCall(key: string, answer: AsyncResult): Promise<'accepted' | 'duplicate' | 'ended' | 'unknown'> {
    const { store } = this.#parts;
    requireText('key', key);
    const end = key.lastIndexOf(':');
    const [runId, callId] = [key.slice(0, Math.max(0, end)), key.slice(end + 1)];
    if (typeof answer !== 'object' || answer === null || typeof answer.success !== 'boolean') {
      throw invalidArgument('answer', answer, '{ success: true, value } or { success: false, error }');
    }
    if (!RUN_ID.test(runId) || !CALL_ID.test(callId)) return 'unknown';
    const document = await encodeAnswer(answer);
    const found = await store.current(runId);
    if (found === undefined || found.info['runId'] !== runId) return 'unknown';
    const content = await store.open(found);
    if (content === undefined || content.kind === 'end') return 'ended';
    if (content.kind === 'begin') return 'unknown';
    const { run } = await store.openHandler(found.id, content);
    if (!run.calls.some((call) => call.callId === callId)) {
      return callNumber(callId) <= (run.lastCall ?? 0) ? 'duplicate' : 'unknown';
    }
    if (document.length > run.limits.maxContextBytes) {
      throw invalidArgument(
        'answer',
        `${document.length} bytes`,
        `at most ${run.limits.maxContextBytes} bytes (maxContextBytes)`,
      );
    }
    const posted = await store.post(runId, `answer:${callId}`, { type: 'answer', callId, document });
    this.#posted(runId);
    if (posted !== 'full') return posted;
    throw new NexusError('RESOURCE_LIMIT', `The mailbox of the run ${runId} is full: post the answer again later.`, {
      context: { runId, callId },
    });
  }

  work(given: WorkOptions): Worker {
    const options = checkWorkOptions(given);
    const { deployment, resolveHandler, check: _, ...parts } = this.#parts;
    const methods = new ExtensionMethods(options.extensions, () => {});
    const worker = new RunWorker({
      ...parts,
      options,
      methods,
      deployment: deployment(),
      resolve: (code) => resolveRef(code, resolveHandler),
      onEnd: (runId) => this.#ended(runId),
    });
    this.#workers.add(worker);
    const close = async () => {
      this.#workers.delete(worker);
      await worker.close();
    };
    return { close, [Symbol.asyncDispose]: close };
  }

  /** Ends all work. */
  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.close()));
    this.#workers.clear();
    for (const runId of [...this.#waiting.keys()]) this.#ended(runId);
  }

  #codeOf(code: unknown): RunCode {
    if (typeof code === 'string') return { source: code };
    if (code instanceof Uint8Array) return { artifact: code };
    if (typeof code !== 'object' || code === null || !('name' in code) || typeof code.name !== 'string') {
      throw invalidArgument('code', code, 'source text, an artifact, or { name }');
    }
    if (this.#parts.resolveHandler === undefined) {
      throw invalidArgument('code', code, 'source text or an artifact: names need the option resolveHandler');
    }
    return { name: code.name };
  }

  async #result(
    runId: string,
    { signal, timeoutMs }: { readonly signal?: AbortSignal; readonly timeoutMs?: number },
  ): Promise<WasmResult> {
    const { store } = this.#parts;
    if (timeoutMs !== undefined) requireMilliseconds('timeoutMs', timeoutMs);
    const until = performance.now() + (timeoutMs ?? Number.POSITIVE_INFINITY);
    const pauses = new PollPauses();
    for (;;) {
      const found = await store.current(runId);
      if (found === undefined || found.info['runId'] !== runId) throw noRun(runId);
      const result = await store.resultOf(found);
      if (result !== undefined) return result;
      const leftMs = until - performance.now();
      if (leftMs <= 0) {
        throw new NexusError('TIMEOUT', `The run ${runId} did not end within ${timeoutMs} ms. It goes on.`, {
          context: { runId },
        });
      }
      const told = this.#untilEnded(runId);
      const waited = await abortable(() => Promise.race([told.promise, sleep(pauses.next(leftMs))]), signal);
      told.end();
      if (waited === 'aborted') {
        throw new NexusError('CANCELLED', `Waiting for the run ${runId} was cancelled. It goes on.`, {
          context: { runId },
        });
      }
    }
  }

  async #cancel(runId: string): Promise<boolean> {
    const posted = await this.#parts.store.post(runId, 'cancel', { type: 'cancel' });
    this.#posted(runId);
    return posted === 'accepted' || posted === 'duplicate';
  }

  async #describe(runId: string): Promise<RunDescription> {
    const { store } = this.#parts;
    const found = await store.current(runId);
    const summary = found && summaryOf(found);
    if (found === undefined || summary?.runId !== runId) throw noRun(runId);
    const step = parseSuspensionId(found.id)?.generation ?? 1;
    const content = await store.open(found);
    const handler = content?.kind === 'waiting' ? await store.openHandler(found.id, content) : undefined;
    return {
      ...summary,
      runId,
      state: found.outcome === undefined ? 'waiting' : 'ended',
      step,
      ...(content && { startedAt: new Date(content.facts.startedAtMs) }),
      calls: handler?.calls ?? [],
      timers: (handler?.run.timers ?? []).map(({ dueAtMs }) => new Date(dueAtMs)),
    };
  }

  #posted(runId: string): void {
    for (const worker of this.#workers) worker.posted(storedRunId(runId));
  }

  #untilEnded(runId: string): { readonly promise: Promise<void>; end(): void } {
    const waiting = this.#waiting.get(runId) ?? new Set();
    this.#waiting.set(runId, waiting);
    let resolve = () => {};
    const promise = new Promise<void>((ended) => {
      resolve = ended;
    });
    waiting.add(resolve);
    return {
      promise,
      end: () => {
        waiting.delete(resolve);
        if (waiting.size === 0) this.#waiting.delete(runId);
      },
    };
  }

  #ended(runId: string): void {
    for (const resolve of this.#waiting.get(runId) ?? []) resolve();
  }
}

async function resolveRef(code: RunCode, resolveHandler: RunsParts['resolveHandler']): Promise<HandlerRef> {
  if (!('name' in code)) return code;
  const found = await resolveHandler?.(code.name);
  if (typeof found === 'string') return { source: found };
  if (found instanceof Uint8Array) return { artifact: found };
  throw invalidArgument(`resolveHandler(${JSON.stringify(code.name)})`, found, 'source text, or an artifact');
}

function summaryOf(
  found: Pick<FoundSuspension, 'id' | 'state' | 'info' | 'tenant' | 'deployment' | 'expiresAtMs'>,
): (RunSummary & { readonly state: 'waiting' | 'ended' }) | undefined {
  const { id, state, info, tenant, deployment, expiresAtMs } = found;
  const { runId, handlerName } = info;
  // Suspensions of executeHandler have none. An edited one is another's: it names a run that is elsewhere.
  if (typeof runId !== 'string' || !id.startsWith(`${storedRunId(runId)}.`) || state === 'continued') return undefined;
  const isWaiting = state === 'suspended' || state === 'resuming';
  return {
    runId,
    state: isWaiting ? 'waiting' : 'ended',
    ...(!isWaiting && { outcome: state }),
    suspensionId: id,
    ...(deployment !== undefined && { deployment }),
    ...(tenant !== undefined && { tenant }),
    ...(typeof handlerName === 'string' && { handlerName }),
    expiresAt: new Date(expiresAtMs),
  };
}

function requireRunId(runId: unknown): void {
  if (typeof runId !== 'string' || !RUN_ID.test(runId)) {
    throw invalidArgument('runId', runId, '1 to 128 of A-Z, a-z, 0-9, _ and -');
  }
}

/** @throws NexusError RUN_EXISTS if the run of this id is another one */
function requireSame(
  runId: string,
  given: { readonly codeHash: string; readonly inputHash: string },
  found: FoundSuspension | undefined,
): void {
  const { codeHash, inputHash } = found?.info ?? {};
  if (codeHash === given.codeHash && inputHash === given.inputHash) return;
  const what = codeHash === given.codeHash ? 'another context or other options' : 'other code';
  const message =
    `There is a run ${runId} already, with ${what}: ` +
    `code ${short(codeHash)} and input ${short(inputHash)}, given are code ${short(given.codeHash)} and input ${short(given.inputHash)}. ` +
    'Use another runId.';
  throw new NexusError('RUN_EXISTS', message, { context: { runId, existing: { codeHash, inputHash }, given } });
}

function short(hash: unknown): string {
  return String(hash).slice(0, 12);
}

function noRun(runId: string): NexusError {
  const message = `There is no run ${runId}: it was never started, or its result is no longer kept (outcomeRetentionMs).`;
  return new NexusError('SUSPENSION_NOT_FOUND', message, { context: { runId } });
}
