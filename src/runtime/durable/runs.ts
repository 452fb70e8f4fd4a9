import type { AsyncResult } from '../../api/answers.js';
import type { WasmContext } from '../../api/context.js';
import type { Dispatcher } from '../../api/dispatcher.js';
import type { RunHistory } from '../../api/observing/run-history.js';
import type { WasmResult } from '../../api/result.js';
import type { FoundSuspension, SuspensionState } from '../../api/suspension-store.js';
import type { HandlerRef } from '../../compiler/handler-loader.js';
import { invalidArgument } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { checkContext } from '../../execution/request/build-request.js';
import {
  checkShape,
  type ExecuteOptions,
  normaliseOptions,
  requireMilliseconds,
} from '../../execution/request/execute-options.js';
import type { DueCount } from '../../metrics/due-count.js';
import type { InFlight } from '../../support/in-flight.js';
import { parseSuspensionId } from '../../support/run-ids.js';
import { performance } from '../../support/timers.js';
import { abortable } from '../../support/waiting.js';
import { storedRunId } from '../../suspension/durable/durable-store.js';
import { isKeptLabel } from '../../suspension/images/deployment-labels.js';
import { storedTenant } from '../../suspension/sealed/run-envelope.js';
import { PollPauses, sleep } from '../../suspension/store-calls.js';
import { ExtensionMethods } from '../run/extension-methods.js';
import { DueRuns } from './due-runs.js';
import { retryRun } from './retry-run.js';
import { RunHistories } from './run-histories.js';
import { noRun, requireRunId } from './run-ids.js';
import { encodeInput, type RunCode } from './run-input.js';
import { RunMail } from './run-mail.js';
import { summaryOf } from './run-summary.js';
import type { ErasedRuns, Run, RunDescription, RunFilter, RunSummary, StartOptions, Worker } from './run-types.js';
import { eraseRuns, resealRuns } from './run-upkeep.js';
import { RunWorker, type WorkerParts } from './run-worker.js';
import { TaskSender } from './task-sender.js';
import { checkWorkOptions, type WorkOptions, whole } from './work-options.js';

export interface RunsParts
  extends Omit<WorkerParts, 'options' | 'methods' | 'resolve' | 'deployment' | 'onEnd' | 'histories'> {
  /** As it is now: reading it may take a file. */
  readonly deployment: () => string;
  readonly calls: InFlight;
  /** Told of runs that are started, and of messages to them. */
  readonly dispatcher: Dispatcher | undefined;
  /** @throws NexusError INVALID_ARGUMENT, SERIALIZATION_ERROR for an input with which nothing can be executed */
  readonly check: (context: WasmContext, options: ExecuteOptions) => void | Promise<void>;
  readonly resolveHandler: ((name: string) => string | Uint8Array | Promise<string | Uint8Array>) | undefined;
}

const DEFAULT_MAX_CALLS = 10_000;
const MAX_COUNTED = 10_000;
const MAX_CALLS = 1_000_000_000;
const LISTED_AT_ONCE = 1_000;
const STATES: Readonly<Record<'waiting' | 'ended', readonly SuspensionState[]>> = {
  waiting: ['suspended', 'resuming'],
  // One that failed is kept as if it waited, to be tried again.
  ended: ['completed', 'failed', 'cancelled', 'expired', 'suspended', 'resuming'],
};
const ANY: readonly SuspensionState[] = STATES.ended;
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
  readonly #sender: TaskSender | undefined;
  readonly #workers = new Set<RunWorker>();
  readonly #mail: RunMail;
  readonly #histories: RunHistories;
  readonly #dueRuns: DueRuns;
  /** Who waits for the end of a run, by its id. */
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(parts: RunsParts) {
    this.#parts = parts;
    const { dispatcher, telemetry, environment } = parts;
    this.#sender = dispatcher && new TaskSender(dispatcher, telemetry, environment);
    this.#dueRuns = new DueRuns(parts.store);
    this.#histories = new RunHistories(environment);
    this.#mail = new RunMail(parts.store, this.#histories, (runId) => this.#posted(runId));
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
    const checking = this.#parts.check(context, options);
    if (checking !== undefined) await checking;
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
    // Started again it is told again: who started it may have died before.
    await this.#sender?.run({ runId, deployment: deployment(), tenant: options.tenant }, startAt?.getTime());
    return this.get(runId);
  }

  get(runId: string): Run {
    requireRunId(runId);
    return {
      runId,
      result: (options = {}) => this.#result(runId, options),
      signal: (name, payload, options = {}) => this.#mail.signal(runId, name, payload, options),
      cancel: () => this.#mail.cancel(runId),
      retry: () => this.#retry(runId),
      describe: () => this.#describe(runId),
      history: () => this.#history(runId),
    };
  }

  async *list(filter: RunFilter): AsyncGenerator<RunSummary> {
    checkShape('filter', filter, { state: true, deployment: true, tenant: true, handlerName: true, after: true });
    const { state, deployment, tenant, handlerName } = filter;
    if (state !== undefined && state !== 'damaged' && !Object.hasOwn(STATES, state)) {
      throw invalidArgument('filter.state', state, "'waiting', 'ended' or 'damaged'");
    }
    const states = state === undefined || state === 'damaged' ? ANY : STATES[state];
    const within = { states, ...(deployment !== undefined && { deployment }), ...(tenant !== undefined && { tenant }) };
    let { after } = filter;
    if (after !== undefined && (typeof after !== 'string' || parseSuspensionId(after) === undefined))
      throw invalidArgument('filter.after', after, 'a suspensionId of listRuns');
    do {
      const from = after === undefined ? {} : { after };
      const page = await this.#parts.store.list({ ...within, ...from, limit: LISTED_AT_ONCE });
      const damaged: RunSummary[] = page.unreadable.map((suspensionId) => ({ state: 'damaged', suspensionId }));
      const found = state === 'damaged' ? [] : page.suspensions.flatMap((one) => summaryOf(one) ?? []);
      // In the order of their ids, so that a list can go on behind any of them.
      const all =
        damaged.length === 0
          ? found
          : [...damaged, ...found].sort((a, b) => (a.suspensionId < b.suspensionId ? -1 : 1));
      for (const summary of all) {
        if (state !== undefined && state !== summary.state) continue;
        const isOfHandler =
          handlerName === undefined || summary.state === 'damaged' || handlerName === summary.handlerName;
        if (isOfHandler) yield summary;
      }
      after = page.next;
    } while (after !== undefined);
  }

  async countDue(options: { readonly max?: number }): Promise<number> {
    checkShape('options', options, { max: true });
    const max = whole('options.max', options.max ?? 1_000, 1, MAX_COUNTED);
    const { store } = this.#parts;
    let due = 0;
    for (const deployment of await store.deployments()) due += (await store.due(max, deployment)).length;
    return due;
  }

  completeCall(key: string, answer: AsyncResult): Promise<'accepted' | 'duplicate' | 'ended' | 'unknown'> {
    return this.#mail.completeCall(key, answer);
  }

  async erase(which: ErasedRuns): Promise<number> {
    const erased = await eraseRuns(this.#parts.store, which);
    this.#histories.forget((runId, tenant) => {
      // What a message came by has the tenant as the store has it.
      if ('tenant' in which) return storedTenant(tenant) === storedTenant(which.tenant);
      if ('runId' in which) return runId === which.runId;
      return storedRunId(runId) === parseSuspensionId(which.suspensionId)?.runId;
    });
    return erased;
  }

  reseal(): Promise<{ readonly resealed: number; readonly left: number }> {
    return resealRuns(this.#parts.store);
  }

  async work(given: WorkOptions): Promise<Worker> {
    const { deployment, resolveHandler, check: _, dispatcher, ...parts } = this.#parts;
    const options = checkWorkOptions(given, dispatcher);
    const methods = new ExtensionMethods(options.extensions, () => {});
    const worker = new RunWorker({
      ...parts,
      options,
      methods,
      histories: this.#histories,
      deployment: deployment(),
      resolve: (code) => resolveRef(code, resolveHandler),
      onEnd: (runId) => this.#ended(runId),
    });
    this.#workers.add(worker);
    try {
      await worker.begin();
    } catch (error) {
      this.#workers.delete(worker);
      await worker.close();
      throw error;
    }
    const close = async () => {
      this.#workers.delete(worker);
      await worker.close();
    };
    return { close, [Symbol.asyncDispose]: close };
  }

  /** For metrics: none where runs are neither executed nor distributed. */
  async due(): Promise<readonly DueCount[]> {
    const isAsked = this.#sender !== undefined || this.#workers.size > 0;
    return isAsked ? this.#dueRuns.counts() : [];
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
      // One that failed, and was not tried again in time.
      if (found.state === 'expired' && found.info['hasFailed'] === true) throw noRun(runId);
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

  async #retry(runId: string): Promise<'accepted' | 'waiting' | 'ended'> {
    const answer = await retryRun(this.#parts.store, runId, (tenant) =>
      this.#histories.message(runId, tenant, { kind: 'retry' }),
    );
    for (const worker of this.#workers) worker.look();
    if (answer === 'accepted') await this.#tell(runId);
    return answer;
  }

  async #history(runId: string): Promise<RunHistory> {
    const found = await this.#parts.store.current(runId);
    if (found === undefined || found.info['runId'] !== runId) throw noRun(runId);
    return this.#histories.of(runId) ?? { runId, entries: [], omitted: 0 };
  }

  async #describe(runId: string): Promise<RunDescription> {
    const { store } = this.#parts;
    const found = await store.current(runId);
    const summary = found && summaryOf(found);
    if (found === undefined || summary?.runId !== runId) throw noRun(runId);
    const step = parseSuspensionId(found.id)?.generation ?? 1;
    const content = await store.open(found);
    const handler = content?.kind === 'waiting' ? await store.inspectHandler(found.id, content) : undefined;
    return {
      ...summary,
      runId,
      state: summary.state,
      step,
      ...(content && { startedAt: new Date(content.facts.startedAtMs) }),
      calls: handler?.calls ?? [],
      timers: (handler?.run.timers ?? []).map(({ dueAtMs }) => new Date(dueAtMs)),
    };
  }

  /** There is a message for a run: who works here is told, and by a task who works elsewhere. */
  async #posted(runId: string): Promise<void> {
    for (const worker of this.#workers) worker.posted(storedRunId(runId));
    await this.#tell(runId);
  }

  async #tell(runId: string): Promise<void> {
    if (this.#sender === undefined) return;
    const { deployment, tenant, outcome } = (await this.#parts.store.current(runId).catch(() => undefined)) ?? {};
    // Who began a run that is kept drives it, and nobody is told.
    if (deployment !== undefined && !isKeptLabel(deployment) && outcome === undefined)
      await this.#sender.run({ runId, deployment, tenant });
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
