import type { CallResult } from '../../api/answers.js';
import type { CallTask } from '../../api/dispatcher.js';
import type { ExtensionCall } from '../../api/result.js';
import type { StoredMessage } from '../../api/suspension-store.js';
import { NexusError } from '../../errors/nexus-error.js';
import { callName } from '../../execution/own-call-kinds.js';
import { toTransferableAnswer } from '../../execution/request/transferable-answer.js';
import type { RuntimeEnvironment } from '../../support/environment.js';
import { settleWithin, whenAborted } from '../../support/waiting.js';
import type { DurableStore } from '../../suspension/durable/durable-store.js';
import type { ExtensionMethods } from '../run/extension-methods.js';
import { encodeAnswer } from './call-answers.js';
import { DurableCalls } from './durable-calls.js';
import type { TaskRun, TaskSender } from './task-sender.js';
import type { CheckedWorkOptions } from './work-options.js';

/** How long calls that are under way may take when the worker is closed. Others make them then. */
const CLOSE_MS = 10_000;

export interface CallWorkerParts {
  readonly store: DurableStore;
  readonly environment: RuntimeEnvironment;
  readonly options: CheckedWorkOptions;
  readonly methods: ExtensionMethods;
  readonly sender: TaskSender;
  /** Aborted when calls are ended, too. */
  readonly stopping: AbortSignal;
}

/** A call that a run waits for. */
interface Waiting {
  readonly call: ExtensionCall;
  readonly limits: Parameters<typeof toTransferableAnswer>[1];
  readonly run: TaskRun;
}

/**
 * Makes calls of runs that others execute, and posts the answers to their mailboxes. It reads the call in the sealed record of the run: a task
 * has ids only, and a forged one makes no call that the handler has not made.
 */
export class CallWorker {
  readonly #parts: CallWorkerParts;
  readonly #making = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(parts: CallWorkerParts) {
    this.#parts = parts;
    whenAborted(parts.stopping, () => this.#stopping.abort(parts.stopping.reason));
  }

  /** @throws whatever keeps the call from being made or answered now: the task is to be delivered again */
  handle(task: CallTask): Promise<void> {
    const key = `${task.runId}:${task.callId}`;
    const underWay = this.#making.get(key);
    if (underWay !== undefined) return underWay;
    const making = this.#make(task).finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making;
  }

  /** Resolves when no call is under way any more. */
  async close(): Promise<void> {
    await settleWithin(Promise.allSettled(this.#making.values()), CLOSE_MS);
    this.#stopping.abort(new Error('the worker was closed'));
    await Promise.allSettled(this.#making.values());
  }

  async #make(task: CallTask): Promise<void> {
    const { sender } = this.#parts;
    const waiting = await this.#find(task);
    if (waiting === undefined) return;
    if (waiting !== 'answered') await this.#answer(waiting);
    // Somebody has posted it, and may have died before this.
    const run = waiting === 'answered' ? await this.#runOf(task) : waiting.run;
    if (run !== undefined) await sender.run(run);
  }

  async #runOf({ runId }: CallTask): Promise<TaskRun | undefined> {
    const found = await this.#parts.store.current(runId);
    return found?.deployment === undefined ? undefined : { runId, deployment: found.deployment, tenant: found.tenant };
  }

  /** @returns undefined if nothing waits for it here */
  async #find({ runId, callId, extension }: CallTask): Promise<Waiting | 'answered' | undefined> {
    const { store, options } = this.#parts;
    const found = await store.current(runId);
    const content = found && (await store.open(found));
    if (found === undefined || content?.kind !== 'waiting' || content.facts.runId !== runId) return undefined;
    if (content.later?.includes(callId)) return undefined;
    const { run, calls } = await store.inspectHandler(found.id, content);
    const call = calls.find((one) => one.callId === callId);
    if (call?.extensionName !== extension || !Object.hasOwn(options.extensions, extension)) return undefined;
    const isTold = ({ id }: StoredMessage) => id === `answer:${callId}` || id === `later:${callId}`;
    if ((await store.messagesOf(found.id)).some(isTold)) return 'answered';
    const { tenant } = content.facts;
    return { call, limits: run.limits, run: { runId, deployment: found.deployment ?? '', tenant } };
  }

  async #answer({ call, limits, run: { runId } }: Waiting): Promise<void> {
    const { store } = this.#parts;
    const { callId } = call;
    const made = await this.#call(call, runId);
    const id = made === undefined ? `later:${callId}` : `answer:${callId}`;
    const posted = await store.post(
      runId,
      id,
      made === undefined
        ? { type: 'later', callId }
        : { type: 'answer', callId, document: await this.#document(made, call, limits) },
    );
    if (posted !== 'full') return;
    throw new NexusError(
      'RESOURCE_LIMIT',
      `The mailbox of the run ${runId} is full: the answer is posted again later.`,
      {
        context: { runId, callId },
      },
    );
  }

  /** @returns undefined if the answer comes later */
  async #call(call: ExtensionCall, runId: string): Promise<CallResult | undefined> {
    const { options, methods, environment } = this.#parts;
    const { callTimeoutMs, retryOf } = options;
    const stopping = this.#stopping.signal;
    const calls = await new Promise<DurableCalls>((resolve) => {
      const one: DurableCalls = new DurableCalls({
        ...{ callTimeoutMs, retryOf, environment, runId },
        answer: () => methods.call(call),
        onAnswer: () => {
          release();
          resolve(one);
        },
      });
      const release = whenAborted(stopping, () => one.abort(stopping.reason));
      one.begin([call]);
    });
    // What was ended has no answer: another process makes it.
    stopping.throwIfAborted();
    return calls.answers[0];
  }

  async #document(answer: CallResult, call: ExtensionCall, limits: Waiting['limits']): Promise<Uint8Array> {
    const name = callName(call);
    const document = await encodeAnswer(await toTransferableAnswer(answer, limits, { call: name }));
    if (document.length <= limits.maxContextBytes) return document;
    const most = `maxContextBytes is ${limits.maxContextBytes}`;
    const error = new TypeError(`The answer of ${name} has ${document.length} bytes; ${most}.`);
    return encodeAnswer({ success: false, error });
  }
}
