import type { ExecutionReply, Reply, Request } from '../messages.js';
import type { Placing, ShortReader, ShortWriter } from './short-form.js';
import { isLarge, type Mutable } from './tables.js';

/** A reply that goes in short form. */
export interface ShortReply {
  readonly place: number;
  readonly reply: ExecutionReply;
}

/** Place, length of the outcome, flags; times, memory, instructions, the bytes of its checkpoint and its clock. */
const ITEM_BYTES = 4 * 4 + 7 * 8;
const IS_EXHAUSTED = 1;
const HAS_OUTCOME = 2;
/** On the image of its request. */
const WAITS = 4;
const HAS_CLOCK = 8;
const HAS_CHECKPOINT = 16;

/**
 * @param request to which it is the reply; undefined if that is not known
 * @returns undefined if it has something that the short form has no place for
 */
export function shortReplyOf(
  reply: Reply | undefined,
  place: number,
  request: Request | undefined,
): ShortReply | undefined {
  if (reply?.kind !== 'executed' || reply.failure !== undefined || reply.retired.length > 0) return undefined;
  if (reply.snapshot !== undefined || reply.lacksInput !== undefined) return undefined;
  if (reply.outcome !== undefined && isLarge(reply.outcome)) return undefined;
  const { imageHash, features } = reply;
  if (imageHash === undefined) return { place, reply };
  if (request?.kind !== 'resume' || request.imageHash !== imageHash || request.features !== features) return undefined;
  return { place, reply };
}

export function shortReplyBytes({ reply: { outcome } }: ShortReply): number {
  return ITEM_BYTES + (outcome?.length ?? 0);
}

export function writeShortReply(writer: ShortWriter, { place, reply }: ShortReply): void {
  const { outcome, checkpointBytes, clockMs } = reply;
  writer.uint32(place);
  writer.uint32(outcome?.length ?? 0);
  writer.uint32(
    (reply.heapExhausted ? IS_EXHAUSTED : 0) |
      (outcome === undefined ? 0 : HAS_OUTCOME) |
      (reply.imageHash === undefined ? 0 : WAITS) |
      (clockMs === undefined ? 0 : HAS_CLOCK) |
      (checkpointBytes === undefined ? 0 : HAS_CHECKPOINT),
  );
  writer.uint32(0);
  writer.float64(reply.startedAtMs);
  writer.float64(reply.durationUs);
  writer.float64(reply.memoryUsedBytes);
  writer.float64(reply.memoryPeakBytes);
  writer.float64(reply.instructionCount);
  writer.float64(checkpointBytes ?? 0);
  writer.float64(clockMs ?? 0);
  if (outcome !== undefined) writer.blob(outcome);
}

/** @throws RangeError */
export function readShortReply(reader: ShortReader, requests: readonly Request[]): Placing<Reply> {
  const place = reader.uint32();
  const length = reader.uint32();
  const flags = reader.uint32();
  reader.uint32();
  const startedAtMs = reader.float64();
  const durationUs = reader.float64();
  const memoryUsedBytes = reader.float64();
  const memoryPeakBytes = reader.float64();
  const instructionCount = reader.float64();
  const checkpointBytes = reader.float64();
  const clockMs = reader.float64();
  const reply: Mutable<ExecutionReply> = {
    kind: 'executed',
    outcome: (flags & HAS_OUTCOME) === 0 ? undefined : reader.blob(length),
    failure: undefined,
    startedAtMs,
    durationUs,
    memoryUsedBytes,
    memoryPeakBytes,
    instructionCount,
    heapExhausted: (flags & IS_EXHAUSTED) !== 0,
    retired: [],
  };
  if ((flags & WAITS) === 0) return { place, item: reply };
  const request = requests[place];
  if (request?.kind !== 'resume') throw new RangeError(`A message has a reply to another request, ${place}.`);
  if ((flags & HAS_CHECKPOINT) !== 0) reply.checkpointBytes = checkpointBytes;
  if ((flags & HAS_CLOCK) !== 0) reply.clockMs = clockMs;
  reply.imageHash = request.imageHash;
  reply.features = request.features;
  return { place, item: reply };
}
