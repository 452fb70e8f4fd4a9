import type { CallResult } from '../../../api/answers.js';
import type { ExtensionCall } from '../../../api/result.js';
import type { StoredMessage } from '../../../api/suspension-store.js';
import { callName, isSignalWait } from '../../../execution/own-call-kinds.js';
import { answerTimers } from '../../../execution/own-calls.js';
import { toTransferableAnswer } from '../../../execution/request/transferable-answer.js';
import type { SuspendedRun } from '../../../execution/suspended-run.js';
import type { CarriedMessage } from '../../../suspension/durable/durable-envelope.js';
import type { DurableStore, HeldGeneration } from '../../../suspension/durable/durable-store.js';
import { decodeValues } from '../../../suspension/sealed/values.js';

/** Messages to a run, in order: those that it carries, and those in its mailbox. */
export interface Inbox {
  readonly messages: readonly CarriedMessage[];
  /** Ids of those that are in the mailbox. */
  readonly inMailbox: ReadonlySet<string>;
}

/** What there is for a handler that waits. */
export interface CollectedAnswers {
  readonly answers: readonly CallResult[];
  /** Messages, by the calls that they answer or release. */
  readonly byCall: ReadonlyMap<string, CarriedMessage>;
  /** Ids of calls that were made, and whose answers come from elsewhere. */
  readonly later: readonly string[];
  /** Ids of calls that were to be answered from elsewhere, and are made after all. */
  readonly released: ReadonlySet<string>;
  /** Answers that nothing waits for any more, what says that a call was made, and what cancels the run. */
  readonly spent: readonly CarriedMessage[];
  readonly isCancelled: boolean;
}

/** What becomes of the messages with a segment. */
export interface UsedMessages {
  /** Ids in the mailbox. */
  readonly consumed: readonly string[];
  readonly carried: readonly CarriedMessage[];
}

export async function readInbox(
  store: DurableStore,
  { id, content }: Pick<HeldGeneration, 'id' | 'content'>,
  mailbox: readonly StoredMessage[],
): Promise<Inbox> {
  return opened(store, id, { messages: content.carried ?? [], inMailbox: new Set() }, mailbox);
}

/** The inbox with the messages that have come since it was read. Only those are fetched and opened. */
export async function readMore(store: DurableStore, id: string, inbox: Inbox): Promise<Inbox> {
  return opened(store, id, inbox, await store.messagesOf(id, [...inbox.inMailbox]));
}

async function opened(
  store: DurableStore,
  id: string,
  { messages, inMailbox }: Inbox,
  mailbox: readonly StoredMessage[],
): Promise<Inbox> {
  const read: CarriedMessage[] = [];
  for (const one of mailbox) read.push({ id: one.id, message: await store.openMessage(id, one) });
  return { messages: [...messages, ...read], inMailbox: new Set([...inMailbox, ...mailbox.map((one) => one.id)]) };
}

/** @param used messages that are in the outcome; the others stay where they are */
export function consume({ messages, inMailbox }: Inbox, used: Iterable<CarriedMessage>): UsedMessages {
  const ids = new Set([...used].map(({ id }) => id));
  return {
    consumed: [...ids].filter((id) => inMailbox.has(id)),
    carried: messages.filter(({ id }) => !inMailbox.has(id) && !ids.has(id)),
  };
}

/** What has come elsewhere than by messages. */
export interface OtherAnswers {
  /** Of calls that this process made. */
  readonly calls: readonly CallResult[];
  readonly requests: readonly CallResult[];
  readonly nowMs: number;
}

/**
 * Gives each wait its answer. Signals come first, so that a time-out of the same moment takes none away that is used up; of several waits for one
 * name, the first gets the first signal.
 */
export async function collect(run: SuspendedRun, { messages }: Inbox, others: OtherAnswers): Promise<CollectedAnswers> {
  const names = new Map(run.calls.map((call) => [call.callId, callName(call)]));
  const waits = waitsByName(run.calls);
  const signals = new Map<string, CallResult>();
  const answers = new Map<string, CallResult>();
  const byCall = new Map<string, CarriedMessage>();
  const spent: CarriedMessage[] = [];
  const later: string[] = [];
  const released = new Set<string>();
  let isCancelled = false;
  for (const one of messages) {
    const { message } = one;
    if (message.type === 'cancel') {
      isCancelled = true;
      spent.push(one);
    } else if (message.type === 'signal') {
      const callId = waits.get(message.name)?.shift();
      if (callId === undefined) continue;
      const [value] = await decodeValues(message.document);
      const answer = { callId, success: true, value } as const;
      signals.set(callId, await toTransferableAnswer(answer, run.limits, { call: names.get(callId) as string }));
      byCall.set(callId, one);
    } else if (message.type === 'later') {
      if (names.has(message.callId)) later.push(message.callId);
      spent.push(one);
    } else if (!names.has(message.callId) || byCall.has(message.callId)) spent.push(one);
    else if (message.type === 'release') {
      released.add(message.callId);
      byCall.set(message.callId, one);
    } else {
      const [success, value] = await decodeValues(message.document);
      const { callId } = message;
      answers.set(callId, success === true ? { callId, success, value } : { callId, success: false, error: value });
      byCall.set(callId, one);
    }
  }
  const all = new Map(signals);
  for (const { answer } of answerTimers(run, others.nowMs)) all.set(answer.callId, answer);
  for (const [callId, answer] of answers) all.set(callId, answer);
  for (const answer of others.calls) {
    const call = names.get(answer.callId);
    if (call === undefined || all.has(answer.callId)) continue;
    all.set(answer.callId, await toTransferableAnswer(answer, run.limits, { call }));
  }
  for (const answer of others.requests) all.set(answer.callId, answer);
  return { answers: [...all.values()], byCall, later, released, spent, isCancelled };
}

/** Ids of calls that wait for signals, in the order in which they were made. */
function waitsByName(calls: SuspendedRun['calls']): Map<string, string[]> {
  const waits = new Map<string, string[]>();
  for (const call of calls as readonly Pick<ExtensionCall, 'callId' | 'extensionName' | 'method'>[]) {
    if (!isSignalWait(call)) continue;
    const ids = waits.get(call.method) ?? [];
    waits.set(call.method, ids);
    ids.push(call.callId);
  }
  return waits;
}
