import { randomUUID } from 'node:crypto';

import type { AsyncResult } from '../../api/answers.js';
import type { FoundSuspension } from '../../api/suspension-store.js';
import { invalidArgument, requireText } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { isSignalWait } from '../../execution/own-call-kinds.js';
import { checkShape } from '../../execution/request/execute-options.js';
import { callNumber } from '../../execution/suspended-run.js';
import { MAX_SIGNAL_NAME } from '../../guest/abi.js';
import type { DurableStore } from '../../suspension/durable/durable-store.js';
import { answerIdOf, encodeAnswer, encodePosted } from './call-answers.js';
import type { RunHistories } from './run-histories.js';
import { isRunId } from './run-ids.js';

type Posted = 'accepted' | 'duplicate' | 'ended' | 'unknown';

const CALL_ID = /^c[1-9]\d{0,14}$/;
const MAX_SIGNAL_ID = 100;

/** What is told to runs, in whichever process they execute. */
export class RunMail {
  readonly #store: DurableStore;
  readonly #histories: RunHistories;
  readonly #onPosted: (runId: string) => Promise<void>;

  /** @param onPosted told that there is a message for a run */
  constructor(store: DurableStore, histories: RunHistories, onPosted: (runId: string) => Promise<void>) {
    this.#store = store;
    this.#histories = histories;
    this.#onPosted = onPosted;
  }

  async completeCall(key: string, answer: AsyncResult): Promise<'accepted' | 'duplicate' | 'ended' | 'unknown'> {
    const store = this.#store;
    requireText('key', key);
    const end = key.lastIndexOf(':');
    const [runId, callId] = [key.slice(0, Math.max(0, end)), key.slice(end + 1)];
    if (typeof answer !== 'object' || answer === null || typeof answer.success !== 'boolean') {
      throw invalidArgument('answer', answer, '{ success: true, value } or { success: false, error }');
    }
    if (!isRunId(runId) || !CALL_ID.test(callId)) return 'unknown';
    const document = await encodeAnswer(answer);
    const found = await store.current(runId);
    if (found === undefined || found.info['runId'] !== runId) return 'unknown';
    const content = await store.open(found);
    if (content === undefined || content.kind === 'end') return 'ended';
    if (content.kind === 'begin') return 'unknown';
    const { run } = await store.inspectHandler(found.id, content);
    // Signals answer those.
    if (run.calls.some((call) => call.callId === callId && isSignalWait(call))) return 'unknown';
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
    const posted = await store.post(runId, answerIdOf(callId, content), { type: 'answer', callId, document });
    if (posted === 'accepted') {
      const value = answer.success ? answer.value : answer.error;
      this.#histories.message(runId, found.tenant, { kind: 'answer', name: callId, value });
    }
    await this.#onPosted(runId);
    if (posted !== 'full') return posted;
    throw isFull(runId, 'post the answer again later');
  }

  async signal(runId: string, name: string, payload: unknown, options: { readonly id?: string }): Promise<Posted> {
    requireSignal('name', name, MAX_SIGNAL_NAME);
    checkShape('options', options, { id: true });
    const { id = randomUUID() } = options;
    requireSignal('options.id', id, MAX_SIGNAL_ID);
    const document = await encodePosted([payload], 'payload');
    if (document.length > this.#store.maxPayloadBytes) {
      const most = `at most ${this.#store.maxPayloadBytes} bytes (maxContextBytes)`;
      throw invalidArgument('payload', `${document.length} bytes`, most);
    }
    const found = await this.#store.current(runId);
    const state = stateOf(runId, found);
    if (state !== 'waiting') return state;
    const posted = await this.#store.post(runId, `signal:${id}`, { type: 'signal', name, document });
    if (posted === 'accepted') this.#histories.message(runId, found?.tenant, { kind: 'signal', name, value: payload });
    await this.#onPosted(runId);
    if (posted !== 'full') return posted;
    throw isFull(runId, 'signal it again later');
  }

  async cancel(runId: string): Promise<boolean> {
    const found = await this.#store.current(runId);
    if (stateOf(runId, found) !== 'waiting') return false;
    const posted = await this.#store.post(runId, 'cancel', { type: 'cancel' });
    if (posted === 'accepted') this.#histories.message(runId, found?.tenant, { kind: 'cancel' });
    await this.#onPosted(runId);
    if (posted === 'full') throw isFull(runId, 'cancel it again later, or erase it with eraseRuns({ runId })');
    return posted === 'accepted' || posted === 'duplicate';
  }
}

/** By what is beside the sealed bytes: a run that has ended may still be told. */
function stateOf(runId: string, found: FoundSuspension | undefined): 'waiting' | 'ended' | 'unknown' {
  if (found === undefined || found.info['runId'] !== runId) return 'unknown';
  return found.outcome !== undefined || found.info['isOver'] === true ? 'ended' : 'waiting';
}

function requireSignal(field: string, given: unknown, most: number): void {
  if (typeof given === 'string' && given !== '' && given.length <= most) return;
  throw invalidArgument(field, given, `a text of 1 to ${most} characters`);
}

function isFull(runId: string, remedy: string): NexusError {
  const message = `The mailbox of the run ${runId} is full, with 1,000 messages or 64 MiB that it has not used: ${remedy}.`;
  return new NexusError('RESOURCE_LIMIT', message, { context: { runId, limit: 'mailbox', remedy } });
}
