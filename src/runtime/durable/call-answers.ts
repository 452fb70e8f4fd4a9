import type { AsyncResult } from '../../api/answers.js';
import { NotTransferableError } from '../../codec/values/encoding/not-transferable.js';
import { NexusError } from '../../errors/nexus-error.js';
import { encodeValues } from '../../suspension/sealed/values.js';

/** The answer to a call as a message of its run has it. @throws NexusError SERIALIZATION_ERROR */
export async function encodeAnswer(answer: AsyncResult): Promise<Uint8Array> {
  try {
    return await encodeValues([answer.success, answer.success ? answer.value : answer.error], 'answer');
  } catch (error) {
    if (!(error instanceof NotTransferableError)) throw error;
    throw new NexusError('SERIALIZATION_ERROR', `The answer cannot be passed: ${error.message}`, {
      context: { path: error.path },
    });
  }
}
