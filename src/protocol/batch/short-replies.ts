import type { Mutable } from '../../support/mutable.js';
import type { ExecutionReply, Reply, Request } from '../messages.js';
import type { ShortItem } from './short-form.js';
import { isLarge } from './tables.js';

/** Flags; times, memory, instructions, the bytes of its checkpoint and its clock. */
export const REPLY_NUMBERS = 8;
const IS_EXHAUSTED = 1;
const HAS_OUTCOME = 2;
/** On the image of its request. */
const WAITS = 4;
const NO_BYTES = new Uint8Array(0);

/**
 * @param request to which it is the reply; undefined if that is not known
 * @returns undefined if it has something that the short form has no place for
 */
export function shortReplyOf(
  reply: Reply | undefined,
  place: number,
  request: Request | undefined,
): ShortItem | undefined {
  if (reply?.kind !== 'executed' || reply.failure !== undefined || reply.retired.length > 0) return undefined;
  const { outcome, imageHash, features, snapshot, lacksInput, checkpointBytes, clockMs } = reply;
  if (snapshot !== undefined || lacksInput !== undefined || (outcome !== undefined && isLarge(outcome)))
    return undefined;
  const isOnImage = request?.kind === 'resume' && request.imageHash === imageHash && request.features === features;
  if (imageHash !== undefined && !isOnImage) return undefined;
  const numbers = [
    (reply.heapExhausted ? IS_EXHAUSTED : 0) |
      (outcome === undefined ? 0 : HAS_OUTCOME) |
      (imageHash === undefined ? 0 : WAITS),
    reply.startedAtMs,
    reply.durationUs,
    reply.memoryUsedBytes,
    reply.memoryPeakBytes,
    reply.instructionCount,
    checkpointBytes ?? Number.NaN,
    clockMs ?? Number.NaN,
  ];
  return { place, numbers, blob: outcome ?? NO_BYTES };
}

/** @throws RangeError */
export function readShortReply({ place, numbers, blob }: ShortItem, requests: readonly Request[]): Reply {
  const flags = numbers[0] as number;
  const reply: Mutable<ExecutionReply> = {
    kind: 'executed',
    outcome: (flags & HAS_OUTCOME) === 0 ? undefined : blob,
    failure: undefined,
    startedAtMs: numbers[1] as number,
    durationUs: numbers[2] as number,
    memoryUsedBytes: numbers[3] as number,
    memoryPeakBytes: numbers[4] as number,
    instructionCount: numbers[5] as number,
    heapExhausted: (flags & IS_EXHAUSTED) !== 0,
    retired: [],
  };
  if ((flags & WAITS) === 0) return reply;
  const request = requests[place];
  if (request?.kind !== 'resume') throw new RangeError(`A message has a reply to another request, ${place}.`);
  const checkpointBytes = numbers[6] as number;
  const clockMs = numbers[7] as number;
  if (!Number.isNaN(checkpointBytes)) reply.checkpointBytes = checkpointBytes;
  if (!Number.isNaN(clockMs)) reply.clockMs = clockMs;
  reply.imageHash = request.imageHash;
  reply.features = request.features;
  return reply;
}
