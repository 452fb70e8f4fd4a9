import type { Mutable } from '../../support/mutable.js';
import type { ExecutionReply, Reply } from '../messages.js';
import { at, type ItemTable, type PlacedBytes, place, placed } from './tables.js';

/** In the order of {@link packReply}. */
export type PackedReply =
  | null
  | readonly [kind: 'other', reply: Exclude<Reply, { kind: 'executed' }>]
  | readonly [kind: 'bytecode', bytecode: PlacedBytes, entries?: readonly string[]]
  | readonly [kind: 'image', hash: string, packed: PlacedBytes | null]
  | readonly [
      kind: 'executed',
      outcome: Uint8Array | null,
      failure: ExecutionReply['failure'] | null,
      startedAtMs: number,
      durationUs: number,
      memoryUsedBytes: number,
      memoryPeakBytes: number,
      instructionCount: number,
      heapExhausted: boolean,
      retired: ExecutionReply['retired'],
      snapshot: PlacedBytes | null,
      imageHash: string | null,
      features: number | null,
      lacksInput: true | null,
      checkpointBytes: number | null,
      clockMs: number | null,
    ];

export type PackedReplies = readonly [memoryBytes: number, replies: readonly PackedReply[]];

/** @param shared receives large bytes */
export function packReply(reply: Reply | undefined, shared: ItemTable<Uint8Array>): PackedReply {
  if (reply === undefined) return null;
  if (reply.kind === 'compiled' && reply.outcome.ok) {
    // In shared memory, where the cache keeps it, so the main thread copies nothing.
    const { bytecode, entries } = reply.outcome;
    return entries === undefined
      ? ['bytecode', place(bytecode, shared)]
      : ['bytecode', place(bytecode, shared), entries];
  }
  if (reply.kind === 'image') {
    return ['image', reply.hash, reply.packed === undefined ? null : place(reply.packed, shared)];
  }
  if (reply.kind !== 'executed') return ['other', reply];
  return [
    'executed',
    reply.outcome ?? null,
    reply.failure ?? null,
    reply.startedAtMs,
    reply.durationUs,
    reply.memoryUsedBytes,
    reply.memoryPeakBytes,
    reply.instructionCount,
    reply.heapExhausted,
    reply.retired,
    // It is kept, so the main thread copies nothing of a large one.
    reply.snapshot === undefined ? null : place(reply.snapshot, shared),
    reply.imageHash ?? null,
    reply.features ?? null,
    reply.lacksInput ?? null,
    reply.checkpointBytes ?? null,
    reply.clockMs ?? null,
  ];
}

export function unpackReply(packed: PackedReply, shared: readonly Uint8Array[]): Reply | undefined {
  if (packed === null) return undefined;
  if (packed[0] === 'bytecode') {
    const bytecode = placed(packed[1], shared);
    const entries = packed[2];
    return { kind: 'compiled', outcome: { ok: true, bytecode, ...(entries !== undefined && { entries }) } };
  }
  if (packed[0] === 'image') {
    const [kind, hash, bytes] = packed;
    return { kind, hash, ...(bytes !== null && { packed: placed(bytes, shared) }) };
  }
  if (packed[0] === 'other') return packed[1];
  // By index: taking it apart goes through an iterator.
  const reply: Mutable<ExecutionReply> = {
    kind: packed[0],
    outcome: packed[1] ?? undefined,
    failure: packed[2] ?? undefined,
    startedAtMs: packed[3],
    durationUs: packed[4],
    memoryUsedBytes: packed[5],
    memoryPeakBytes: packed[6],
    instructionCount: packed[7],
    heapExhausted: packed[8],
    retired: packed[9],
  };
  if (packed[13] === true) reply.lacksInput = true;
  const snapshot = packed[10];
  const imageHash = packed[11];
  const features = packed[12];
  if (imageHash === null || features === null) return reply;
  if (packed[14] !== null) reply.checkpointBytes = packed[14];
  if (packed[15] !== null) reply.clockMs = packed[15];
  // A view would keep the replies of all others with it.
  if (snapshot !== null)
    reply.snapshot = typeof snapshot === 'number' ? at(shared, snapshot) : Uint8Array.prototype.slice.call(snapshot);
  reply.imageHash = imageHash;
  reply.features = features;
  return reply;
}
