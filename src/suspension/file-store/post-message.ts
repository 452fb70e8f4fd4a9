import type { PostAnswer, StoredMessage } from '../../api/suspension-store.js';
import { DueIndex } from './due-index.js';
import { lastGeneration } from './last-generation.js';
import type { RecordLog } from './record-log.js';
import { messageKey } from './run-mailbox.js';

/** Puts a message into the mailbox of a run, which may go on, end or be erased at the same time. */
export async function postMessage(
  log: RecordLog,
  root: string,
  runId: string,
  message: StoredMessage,
): Promise<PostAnswer> {
  const before = await lastGeneration(log, root, runId);
  if (before === undefined) return 'unknown';
  if (before.lifecycle.state === 'settled') return 'ended';
  const { id } = before;
  const deployment = (await log.headerAt(id, 0))?.beginning?.facts.deployment;
  const index = new DueIndex(root);
  const mailbox = log.mailbox(runId);
  // Before and after: a hint that is found before the message is there is removed.
  await index.add(0, id, deployment);
  const answer = await mailbox.post(message);
  if (answer === 'full') return answer;
  // The run may have gone on, or ended, meanwhile.
  const last = await lastGeneration(log, root, runId);
  const lifecycle = last?.lifecycle;
  if (last !== undefined && lifecycle?.state !== 'settled') {
    await index.add(0, last.id, deployment);
    return answer;
  }
  const isConsumed = lifecycle?.state === 'settled' && lifecycle.consumed?.includes(messageKey(message.id));
  if (answer === 'duplicate' || isConsumed) return answer;
  await mailbox.withdraw(message.id);
  return last === undefined ? 'unknown' : 'ended';
}
