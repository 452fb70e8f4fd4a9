import { packMessage, unpackMessage } from '../codec/message-pack.js';
import { type KnownHere, KnownToWorker, nothingKnown } from './batch/known.js';
import { packRequests } from './batch/pack-requests.js';
import type { PackedBatch } from './batch/packed-batch.js';
import { type PackedReplies, type PackedReply, packReply, unpackReply } from './batch/packed-replies.js';
import { isShortForm, readShortForm, type ShortItem, writeShortForm } from './batch/short-form.js';
import { REPLY_NUMBERS, readShortReply, shortReplyOf } from './batch/short-replies.js';
import { REQUEST_NUMBERS, readShortRequest, shortRequestOf } from './batch/short-requests.js';
import { ItemTable } from './batch/tables.js';
import { unpackRequests } from './batch/unpack-requests.js';
import type { CheckpointArea } from './checkpoint.js';
import type { Message } from './mailbox.js';
import type { Reply, Request } from './messages.js';

const NO_AREAS: readonly undefined[] = [];
const NO_REQUESTS: readonly Request[] = [];
const NOTHING_SHARED: readonly Uint8Array[] = [];

/**
 * For the main thread.
 *
 * @param areas for each request where its VM is written if it waits, in place of its own
 * @param known what the worker knows, to which that of this message is added
 */
export function encodeBatch(
  requests: readonly Request[],
  areas: readonly (CheckpointArea | undefined)[] = NO_AREAS,
  known = new KnownToWorker(),
): Message {
  const areaOf = (i: number, request: Request) => areas[i] ?? ('area' in request ? request.area : undefined);
  // All of them before anything becomes known with this message: a number may be given anew.
  const short = requests.map((request, i) => shortRequestOf(request, i, areaOf(i, request), known));
  const isShort = short.filter((item) => item !== undefined);
  const others = requests.flatMap((request, i) =>
    short[i] === undefined ? [[request, areaOf(i, request)] as const] : [],
  );
  if (others.length === 0 && isShort.length > 0) {
    return { packed: writeShortForm(isShort, requests.length, undefined), shared: NOTHING_SHARED };
  }
  const { batch, shared } = packRequests(others, known);
  const rest = packMessage(batch);
  return { packed: isShort.length === 0 ? rest : writeShortForm(isShort, requests.length, rest), shared };
}

/** For the worker. @param known what it knows, to which that of this message is added */
export function decodeBatch({ packed, shared }: Message, known: KnownHere = nothingKnown()): Request[] {
  const unpack = (rest: Uint8Array) => unpackRequests(unpackMessage(rest) as PackedBatch, shared, known);
  if (!isShortForm(packed)) return unpack(packed);
  return readShortForm(packed, REQUEST_NUMBERS, (item) => readShortRequest(item, known), unpack).items;
}

/**
 * For the worker.
 *
 * @param replies undefined for a revoked request
 * @param memoryBytes the memory of the worker's VMs
 * @param requests to which these are the replies. @default not known
 */
export function encodeReplies(
  replies: readonly (Reply | undefined)[],
  memoryBytes: number,
  requests: readonly Request[] = NO_REQUESTS,
): Message {
  const short: ShortItem[] = [];
  const others: PackedReply[] = [];
  const shared = new ItemTable<Uint8Array>();
  for (let i = 0; i < replies.length; i++) {
    const item = shortReplyOf(replies[i], i, requests[i]);
    if (item === undefined) others.push(packReply(replies[i], shared));
    else short.push(item);
  }
  const isAllShort = short.length > 0 && others.length === 0;
  const rest = isAllShort ? undefined : packMessage([memoryBytes, others] satisfies PackedReplies);
  const packed =
    rest !== undefined && short.length === 0 ? rest : writeShortForm(short, replies.length, rest, memoryBytes);
  return { packed, shared: shared.items };
}

/** For the main thread. @param requests to which these are the replies. @default not known */
export function decodeReplies(
  { packed, shared }: Message,
  requests: readonly Request[] = NO_REQUESTS,
): { readonly memoryBytes: number; readonly replies: (Reply | undefined)[] } {
  const unpack = (rest: Uint8Array) => {
    const [memoryBytes, replies] = unpackMessage(rest) as PackedReplies;
    return { memoryBytes, replies: replies.map((reply) => unpackReply(reply, shared)) };
  };
  if (!isShortForm(packed)) return unpack(packed);
  const { items, number } = readShortForm<Reply | undefined>(
    packed,
    REPLY_NUMBERS,
    (item) => readShortReply(item, requests),
    (rest) => unpack(rest).replies,
  );
  return { memoryBytes: number, replies: items };
}
