import type { CallResult } from '../../../api/answers.js';
import { NotTransferableError } from '../../../codec/values/encoding/not-transferable.js';
import { NexusError } from '../../../errors/nexus-error.js';
import type { SuspendedRun } from '../../../execution/suspended-run.js';
import type { CarriedMessage, DurableContent } from '../../../suspension/durable/durable-envelope.js';
import type { HeldGeneration } from '../../../suspension/durable/durable-store.js';
import { decodeOutcome, encodeOutcome } from '../../../suspension/sealed/outcome-content.js';
import { encodeValues } from '../../../suspension/sealed/values.js';
import type { CollectedAnswers, Inbox } from './run-inbox.js';

/**
 * The messages with which a segment that failed can be tried again: those that it carried, those that it used, and answers of calls that this
 * process made. Answers that were errors are left out, so that these calls are made again.
 *
 * @param given the answers of the segment
 */
export async function answersAgain(
  { calls }: SuspendedRun,
  { messages, inMailbox }: Inbox,
  { byCall, released, spent }: CollectedAnswers,
  given: readonly CallResult[],
): Promise<readonly CarriedMessage[]> {
  const answers = new Map(given.map((answer) => [answer.callId, answer]));
  const used = new Map([...byCall].map(([callId, message]) => [message, answers.get(callId)]));
  const gone = new Set(spent);
  const kept = messages.filter((one) => {
    if (gone.has(one)) return false;
    const answer = used.get(one);
    if (answer === undefined) return !inMailbox.has(one.id);
    if (one.message.type === 'release') return !answer.success;
    return answer.success || one.message.type === 'signal';
  });
  for (const { callId } of calls) {
    const answer = answers.get(callId);
    if (answer === undefined || !answer.success || (byCall.has(callId) && !released.has(callId))) continue;
    const document = await encoded(answer.value);
    if (document !== undefined) kept.push({ id: `answer:${callId}`, message: { type: 'answer', callId, document } });
  }
  return kept;
}

/** Undefined for a value that cannot be kept: then the call is made again. */
async function encoded(value: unknown): Promise<Uint8Array | undefined> {
  try {
    return await encodeValues([true, value], 'answer');
  } catch (error) {
    if (error instanceof NotTransferableError) return undefined;
    throw error;
  }
}

/** What the end of a run keeps of the generation before it. */
export async function triedAgain(
  { id, content }: HeldGeneration,
  carried: readonly CarriedMessage[],
  later: readonly string[],
): Promise<Pick<DurableContent, 'again' | 'inner' | 'innerId' | 'carried' | 'later'>> {
  const { kind, document, inner, innerId = id } = content;
  if (kind === 'end') return {};
  if (kind === 'begin') return { again: { kind, document }, carried };
  const again = { kind, document: await withoutEffects(document) };
  return { again, carried, later, innerId, ...(inner && { inner }) };
}

/** The result of a segment whose effects were told. */
export async function withoutEffects(document: Uint8Array): Promise<Uint8Array> {
  const effects = { stateMutations: [], events: [], viewCommands: [], logs: [] };
  const told = await encodeOutcome({ ...(await decodeOutcome(document)), ...effects });
  if ('unencodable' in told) throw new NexusError('INTERNAL_ERROR', `A step of a run ${told.unencodable}.`);
  return told.content;
}
