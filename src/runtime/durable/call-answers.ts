import type { AsyncResult } from '../../api/answers.js';
import { NotTransferableError } from '../../codec/values/encoding/not-transferable.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { DurableContent } from '../../suspension/durable/durable-envelope.js';
import { encodeValues } from '../../suspension/sealed/values.js';

/** The answer to a call as a message of its run has it. @throws NexusError SERIALIZATION_ERROR */
export function encodeAnswer(answer: AsyncResult): Promise<Uint8Array> {
  return encodePosted([answer.success, answer.success ? answer.value : answer.error], 'answer');
}

/** Values as a message of a run has them. @param what they are, for the error. @throws NexusError SERIALIZATION_ERROR */
export async function encodePosted(values: readonly unknown[], what: string): Promise<Uint8Array> {
  try {
    return await encodeValues(values, what);
  } catch (error) {
    if (!(error instanceof NotTransferableError)) throw error;
    throw new NexusError('SERIALIZATION_ERROR', `The ${what} cannot be passed: ${error.message}`, {
      context: { path: error.path },
    });
  }
}

/**
 * The id of the message that answers a call. The store takes an id once: when a run that failed is tried again, its calls are answered anew, under
 * other ids.
 */
export function answerIdOf(callId: string, { retries = 0 }: Pick<DurableContent, 'retries'>): string {
  return retries === 0 ? `answer:${callId}` : `answer:${callId}:${retries}`;
}

/** That of the message that says that a call was made and is answered later. */
export function laterIdOf(callId: string, { retries = 0 }: Pick<DurableContent, 'retries'>): string {
  return retries === 0 ? `later:${callId}` : `later:${callId}:${retries}`;
}
