import { packMessage, unpackMessage } from '../codec/message-pack.js';
import { type KnownHere, KnownToWorker, nothingKnown } from './batch/known.js';
import { RequestPacker } from './batch/pack-requests.js';
import type { PackedBatch } from './batch/packed-batch.js';
import { type PackedReplies, type PackedReply, packReply, unpackReply } from './batch/packed-replies.js';
import { HEAD_BYTES, isShortForm, merged, type Placing, ShortReader, ShortWriter } from './batch/short-form.js';
import {
  readShortReply,
  type ShortReply,
  shortReplyBytes,
  shortReplyOf,
  writeShortReply,
} from './batch/short-replies.js';
import {
  readShortRequest,
  type ShortRequest,
  shortRequestBytes,
  shortRequestOf,
  writeShortRequest,
} from './batch/short-requests.js';
import { ItemTable } from './batch/tables.js';
import { RequestUnpacker } from './batch/unpack-requests.js';
import type { CheckpointArea } from './checkpoint.js';
import type { Message } from './mailbox.js';
import type { Reply, Request } from './messages.js';

const NOTHING: readonly undefined[] = [];
const NO_REQUESTS: readonly Request[] = [];

/**
 * For the main thread.
 *
 * @param areas for each request where its VM is written if it waits, in place of its own
 * @param known what the worker knows, to which that of this message is added
 */
export function encodeBatch(
  requests: readonly Request[],
  areas: readonly (CheckpointArea | undefined)[] = NOTHING,
  known = new KnownToWorker(),
): Message {
  const short: ShortRequest[] = [];
  const others: number[] = [];
  // Before anything becomes known with this message: a number may be given anew.
  for (const [i, request] of requests.entries()) {
    const item = request.kind === 'resume' ? shortRequestOf(request, i, areas[i] ?? request.area, known) : undefined;
    if (item === undefined) others.push(i);
    else short.push(item);
  }
  if (others.length === 0 && short.length > 0) {
    return {
      packed: inShortForm(short, shortRequestBytes, writeShortRequest, requests.length),
      shared: NOTHING_SHARED,
    };
  }
  const packer = new RequestPacker(known);
  for (const i of others) {
    const request = requests[i] as Request;
    packer.add(request, areas[i] ?? areaOf(request));
  }
  const rest = packMessage(packer.finish());
  const packed =
    short.length === 0 ? rest : inShortForm(short, shortRequestBytes, writeShortRequest, requests.length, rest);
  return { packed, shared: packer.shared.items };
}

const NOTHING_SHARED: readonly Uint8Array[] = [];

function areaOf(request: Request): CheckpointArea | undefined {
  return 'area' in request ? request.area : undefined;
}

/** For the worker. @param known what it knows, to which that of this message is added */
export function decodeBatch({ packed, shared }: Message, known: KnownHere = nothingKnown()): Request[] {
  if (!isShortForm(packed)) return unpackRequests(packed, shared, known);
  const reader = new ShortReader(packed);
  const short: Placing<Request>[] = [];
  for (let i = 0; i < reader.short; i++) short.push(readShortRequest(reader, known));
  const others = reader.rest.length === 0 ? NO_REQUESTS : unpackRequests(reader.rest, shared, known);
  return merged(short, others, reader.items);
}

function unpackRequests(packed: Uint8Array, shared: readonly Uint8Array[], known: KnownHere): Request[] {
  const batch = unpackMessage(packed) as PackedBatch;
  const unpacker = new RequestUnpacker(batch, shared, known);
  return batch[3].map((request) => unpacker.read(request));
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
  const short: ShortReply[] = [];
  const others: PackedReply[] = [];
  const shared = new ItemTable<Uint8Array>();
  for (let i = 0; i < replies.length; i++) {
    const item = shortReplyOf(replies[i], i, requests[i]);
    if (item === undefined) others.push(packReply(replies[i], shared));
    else short.push(item);
  }
  if (short.length === 0) {
    return { packed: packMessage([memoryBytes, others] satisfies PackedReplies), shared: shared.items };
  }
  const rest = others.length === 0 ? undefined : packMessage([memoryBytes, others] satisfies PackedReplies);
  const packed = inShortForm(short, shortReplyBytes, writeShortReply, replies.length, rest, memoryBytes);
  return { packed, shared: shared.items };
}

/** For the main thread. @param requests to which these are the replies. @default not known */
export function decodeReplies(
  { packed, shared }: Message,
  requests: readonly Request[] = NO_REQUESTS,
): { readonly memoryBytes: number; readonly replies: (Reply | undefined)[] } {
  if (!isShortForm(packed)) return unpackReplies(packed, shared);
  const reader = new ShortReader(packed);
  const short: Placing<Reply | undefined>[] = [];
  for (let i = 0; i < reader.short; i++) short.push(readShortReply(reader, requests));
  const others = reader.rest.length === 0 ? NOTHING : unpackReplies(reader.rest, shared).replies;
  return { memoryBytes: reader.number, replies: merged(short, others, reader.items) };
}

function unpackReplies(packed: Uint8Array, shared: readonly Uint8Array[]) {
  const [memoryBytes, replies] = unpackMessage(packed) as PackedReplies;
  return { memoryBytes, replies: replies.map((reply) => unpackReply(reply, shared)) };
}

/**
 * @param items how many there are in all
 * @param rest all others, as MessagePack
 */
function inShortForm<T>(
  short: readonly T[],
  bytesOf: (item: T) => number,
  write: (writer: ShortWriter, item: T) => void,
  items: number,
  rest: Uint8Array = NO_BYTES,
  number = 0,
): Uint8Array {
  let length = HEAD_BYTES + rest.length;
  for (const item of short) length += bytesOf(item);
  const writer = new ShortWriter(length);
  writer.head(items, short.length, number);
  for (const item of short) write(writer, item);
  writer.rest(rest);
  return writer.bytes;
}

const NO_BYTES = new Uint8Array(0);
