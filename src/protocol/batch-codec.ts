import type { ExecutionLimits } from '../api/limits.js';
import { packMessage, unpackMessage } from '../codec/message-pack.js';
import { LIMIT_KEYS } from '../config/limits.js';
import type { LocaleSettings } from '../config/locale.js';
import type { SourceShape } from '../source/forms/source-shape.js';
import { asShared } from '../support/shared-bytes.js';
import { blockOf, type CheckpointArea, type KnownBlocks } from './checkpoint.js';
import type { KeptImage } from './kept-image.js';
import type { LibrarySet } from './library-set.js';
import type { Message } from './mailbox.js';
import type { CallDeadline, ExecuteRequest, ExecutionReply, PackedContext, Reply, Request } from './messages.js';
import type { PreparedValue } from './prepared-value.js';

/** Bytes from this size on are shared: copying them into and out of the message would cost more. */
const SHARED_FROM_BYTES = 16 * 1024;

const LIMIT_NAMES = Object.keys(LIMIT_KEYS) as (keyof ExecutionLimits)[];

/** Bytes in the message, or the index of an item of {@link Message.shared}. */
type Placed = Uint8Array | number;

/**
 * A batch of requests in one message. Common data (limits, grants and bytecode) is included once. perf:
 * arrays instead of maps, because field names would be most of the message and of its time.
 */
type PackedBatch = readonly [
  limits: readonly (readonly number[])[],
  encodedGrants: readonly Uint8Array[],
  bytecodes: readonly Placed[],
  requests: readonly PackedRequest[],
  librarySets: readonly (readonly [id: string, packed: Placed])[],
  prepared: readonly (readonly [hash: string, document: number])[],
  /** Those that the worker does not know yet. */
  blocks: readonly (readonly [block: number, shared: number])[],
  images: readonly (readonly [id: string, abi: number, packed: number])[],
];

type PackedRequest =
  | readonly [kind: 'compile', source: string | Placed, filename: string, shape: SourceShape | null]
  | readonly [
      kind: 'execute',
      key: string,
      bytecode: number,
      input: Placed,
      encodedGrants: number,
      limits: number,
      now: number | null,
      seed: number | null,
      deadline: PackedDeadline | null,
      packed:
        | readonly [
            state: Placed | null,
            args: Placed | null,
            scope: Placed | null,
            readable: PackedContext['readable'],
          ]
        | null,
      tenant: string | null,
      logRing: number | null,
      librarySet: number | null,
      localeSettings: PackedSettings | null,
      leftOut: PackedLeftOut,
      prepared: readonly number[] | null,
      area: PackedArea | null,
    ]
  | readonly [
      kind: 'resume',
      key: string,
      snapshot: Placed,
      imageHash: string,
      features: number,
      answers: Placed,
      limits: number,
      now: number | null,
      deadline: PackedDeadline | null,
      tenant: string | null,
      logRing: number | null,
      instructionsBefore: number,
      librarySet: number | null,
      localeSettings: PackedSettings | null,
      leftOut: PackedLeftOut,
      prepared: readonly number[] | null,
      area: PackedArea | null,
      checkpoint: PackedArea | null,
      image: number | null,
      renewal: Placed | null,
    ]
  | readonly [kind: 'load', key: string, bytecode: number, librarySet: number | null]
  | readonly [kind: 'image', librarySet: number | null, image: number | null, features: number, isExported: boolean];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type PackedDeadline = readonly [ms: number, atMs: number];
type PackedLeftOut = 'kept' | readonly [encoded: Placed, spentMs: number] | null;
type PackedSettings = readonly [locale: string, timeZone: string];
type PackedArea = readonly [id: number, block: number, start: number, length: number];

const NO_AREAS: readonly undefined[] = [];

/**
 * For the main thread.
 *
 * @param areas for each request where its VM is written if it waits, in place of its own
 * @param known the numbers of the blocks that the worker knows, to which those of this message are added
 */
export function encodeBatch(
  requests: readonly Request[],
  areas: readonly (CheckpointArea | undefined)[] = NO_AREAS,
  known = new Set<number>(),
): Message {
  const limits = new Table<ExecutionLimits>();
  const encodedGrants = new Table<Uint8Array>();
  const bytecodes = new Table<Uint8Array>();
  const shared = new Table<Uint8Array>();
  const librarySets = new Table<LibrarySet>();
  const setOf = (set: LibrarySet | undefined) => (set === undefined ? null : librarySets.numberOf(set));
  const images = new Table<KeptImage>();
  const imageOf = (image: KeptImage | undefined) => (image === undefined ? null : images.numberOf(image));
  const prepared = new Table<PreparedValue>();
  const numbersOf = (values: readonly PreparedValue[] | undefined) =>
    values === undefined ? null : values.map((value) => prepared.numberOf(value));
  const place = (bytes: Uint8Array): Placed => {
    if (bytes.length < SHARED_FROM_BYTES) return bytes;
    return shared.numberOf(asShared(bytes));
  };
  const ring = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : shared.numberOf(bytes));
  const optional = (bytes: Uint8Array | undefined) => (bytes === undefined ? null : place(bytes));
  const packLeftOut = (leftOut: ExecuteRequest['leftOut']): PackedLeftOut => {
    if (leftOut === undefined || leftOut === 'kept') return leftOut ?? null;
    return [place(leftOut.encoded), leftOut.spentMs];
  };
  const blocks: (readonly [block: number, shared: number])[] = [];
  const areaOf = (area: CheckpointArea | undefined): PackedArea | null => {
    if (area === undefined) return null;
    const { id, block, start, bytes } = area;
    if (!known.has(block)) {
      known.add(block);
      blocks.push([block, shared.numberOf(blockOf(area))]);
    }
    return [id, block, start, bytes.length];
  };
  const encoded = requests.map((request, i): PackedRequest => {
    switch (request.kind) {
      case 'compile':
        return [
          'compile',
          typeof request.source === 'string' ? request.source : place(request.source),
          request.filename,
          request.shape ?? null,
        ];
      case 'execute': {
        const { packed } = request;
        return [
          'execute',
          request.key,
          bytecodes.numberOf(request.bytecode),
          place(request.input),
          encodedGrants.numberOf(request.encodedGrants),
          limits.numberOf(request.limits),
          request.now ?? null,
          request.seed ?? null,
          packDeadline(request.deadline),
          packed === undefined
            ? null
            : [optional(packed.state), optional(packed.args), optional(packed.scope), packed.readable],
          request.tenant ?? null,
          ring(request.logRing),
          setOf(request.librarySet),
          packSettings(request.localeSettings),
          packLeftOut(request.leftOut),
          numbersOf(request.prepared),
          areaOf(areas[i] ?? request.area),
        ];
      }
      case 'resume':
        return [
          'resume',
          request.key,
          place(request.snapshot),
          request.imageHash,
          request.features,
          place(request.answers),
          limits.numberOf(request.limits),
          request.now ?? null,
          packDeadline(request.deadline),
          request.tenant ?? null,
          ring(request.logRing),
          request.instructionsBefore,
          setOf(request.librarySet),
          packSettings(request.localeSettings),
          packLeftOut(request.leftOut),
          numbersOf(request.prepared),
          areaOf(areas[i] ?? request.area),
          areaOf(request.checkpoint),
          imageOf(request.image),
          optional(request.renewal),
        ];
      case 'load':
        return ['load', request.key, bytecodes.numberOf(request.bytecode), setOf(request.librarySet)];
      case 'image': {
        const { librarySet, image, features, isExported } = request;
        return ['image', setOf(librarySet), imageOf(image), features, isExported];
      }
      default:
        throw request satisfies never;
    }
  });
  const packedLimits = limits.items.map((item) => LIMIT_NAMES.map((name) => item[name]));
  const sets = librarySets.items.map(({ id, packed }) => [id, shared.numberOf(packed)] as const);
  const values = prepared.items.map(({ hash, document }) => [hash, shared.numberOf(document)] as const);
  const batch: PackedBatch = [
    packedLimits,
    encodedGrants.items,
    bytecodes.items.map(place),
    encoded,
    sets,
    values,
    blocks,
    images.items.map(({ id, abi, packed }) => [id, abi, shared.numberOf(packed)] as const),
  ];
  return { packed: packMessage(batch), shared: shared.items };
}

/** For the worker. @param known the blocks that it knows, to which those of this message are added */
export function decodeBatch({ packed, shared }: Message, known: KnownBlocks = new Map()): Request[] {
  const [packedLimits, encodedGrants, packedBytecodes, requests, packedSets, packedValues, blocks, packedImages] =
    unpackMessage(packed) as PackedBatch;
  for (const [block, index] of blocks) known.set(block, at(shared, index) as Uint8Array<SharedArrayBuffer>);
  const limits = packedLimits.map(
    (values) => Object.fromEntries(LIMIT_NAMES.map((name, i) => [name, values[i]])) as unknown as ExecutionLimits,
  );
  const placed = (bytes: Placed) => (typeof bytes === 'number' ? at(shared, bytes) : bytes);
  const bytecodes = packedBytecodes.map(placed);
  const librarySets = packedSets.map(([id, bytes]) => ({ id, packed: placed(bytes) }) as LibrarySet);
  const values = packedValues.map(([hash, number]) => ({ hash, document: at(shared, number) }) as PreparedValue);
  const images = packedImages.map(([id, abi, number]) => ({ id, abi, packed: at(shared, number) }) as KeptImage);
  const preparedOf = (numbers: readonly number[]) => numbers.map((number) => at(values, number));
  return requests.map((request): Request => {
    switch (request[0]) {
      case 'compile': {
        const [kind, source, filename, shape] = request;
        const text = typeof source === 'string' ? source : placed(source);
        return { kind, source: text, filename, ...(shape !== null && { shape }) };
      }
      case 'execute': {
        const [kind, key, bytecode, input, right, limit, now, seed, deadline, context, tenant, logRing, set] = request;
        const settings = request[13];
        // What is not always there is assigned: to spread it costs as much as all the rest.
        const execute: Mutable<Extract<Request, { kind: 'execute' }>> = {
          kind,
          key,
          bytecode: at(bytecodes, bytecode),
          input: placed(input),
          encodedGrants: at(encodedGrants, right),
          limits: at(limits, limit),
        };
        if (now !== null) execute.now = now;
        if (seed !== null) execute.seed = seed;
        if (deadline !== null) execute.deadline = { ms: deadline[0], atMs: deadline[1] };
        if (context !== null) execute.packed = unpackContext(context, placed);
        if (tenant !== null) execute.tenant = tenant;
        if (logRing !== null) execute.logRing = at(shared, logRing);
        if (settings !== null) execute.localeSettings = { locale: settings[0], timeZone: settings[1] };
        if (set !== null) execute.librarySet = at(librarySets, set);
        if (request[14] !== null) execute.leftOut = unpackLeftOut(request[14], placed);
        const prepared = request[15];
        if (prepared !== null) execute.prepared = preparedOf(prepared);
        if (request[16] !== null) execute.area = unpackArea(request[16], known);
        return execute;
      }
      case 'resume': {
        const [kind, key, snapshot, imageHash, features, answers, limit, now, deadline, tenant, logRing, before, set] =
          request;
        const settings = request[13];
        const resume: Mutable<Extract<Request, { kind: 'resume' }>> = {
          kind,
          key,
          snapshot: placed(snapshot),
          imageHash,
          features,
          answers: placed(answers),
          limits: at(limits, limit),
          instructionsBefore: before,
        };
        if (now !== null) resume.now = now;
        if (deadline !== null) resume.deadline = { ms: deadline[0], atMs: deadline[1] };
        if (tenant !== null) resume.tenant = tenant;
        if (logRing !== null) resume.logRing = at(shared, logRing);
        if (settings !== null) resume.localeSettings = { locale: settings[0], timeZone: settings[1] };
        if (set !== null) resume.librarySet = at(librarySets, set);
        if (request[14] !== null) resume.leftOut = unpackLeftOut(request[14], placed);
        if (request[15] !== null) resume.prepared = preparedOf(request[15]);
        if (request[16] !== null) resume.area = unpackArea(request[16], known);
        if (request[17] !== null) resume.checkpoint = unpackArea(request[17], known);
        if (request[18] !== null) resume.image = at(images, request[18]);
        if (request[19] !== null) resume.renewal = placed(request[19]);
        return resume;
      }
      case 'load': {
        const [kind, key, bytecode, set] = request;
        return {
          kind,
          key,
          bytecode: at(bytecodes, bytecode),
          ...(set !== null && { librarySet: at(librarySets, set) }),
        };
      }
      case 'image': {
        const [kind, set, image, features, isExported] = request;
        const librarySet = set === null ? undefined : at(librarySets, set);
        return { kind, librarySet, image: image === null ? undefined : at(images, image), features, isExported };
      }
      default:
        throw unknownRequest(request);
    }
  });
}

function unpackLeftOut(
  leftOut: NonNullable<PackedLeftOut>,
  placed: (bytes: Placed) => Uint8Array,
): NonNullable<ExecuteRequest['leftOut']> {
  return leftOut === 'kept' ? leftOut : { encoded: placed(leftOut[0]), spentMs: leftOut[1] };
}

function packSettings(settings: LocaleSettings | undefined): PackedSettings | null {
  return settings === undefined ? null : [settings.locale, settings.timeZone];
}

function packDeadline(deadline: CallDeadline | undefined): PackedDeadline | null {
  return deadline === undefined ? null : [deadline.ms, deadline.atMs];
}

/** @throws RangeError if the block was never passed */
function unpackArea([id, block, start, length]: PackedArea, known: KnownBlocks): CheckpointArea {
  const bytes = known.get(block)?.subarray(start, start + length);
  if (bytes === undefined) throw new RangeError(`A message names block ${block}, which is not known here.`);
  return { id, block, start, bytes };
}

type PackedExecute = Extract<PackedRequest, readonly ['execute', ...unknown[]]>;

function unpackContext(
  [state, args, scope, readable]: NonNullable<PackedExecute[9]>,
  placed: (bytes: Placed) => Uint8Array,
): PackedContext {
  return {
    ...(state !== null && { state: placed(state) }),
    ...(args !== null && { args: placed(args) }),
    ...(scope !== null && { scope: placed(scope) }),
    readable,
  };
}

/** In the order of {@link packReply}. */
type PackedReply =
  | null
  | readonly [kind: 'other', reply: Exclude<Reply, { kind: 'executed' }>]
  | readonly [kind: 'bytecode', bytecode: Placed, entries?: readonly string[]]
  | readonly [kind: 'image', hash: string, packed: Placed | null]
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
      snapshot: Placed | null,
      imageHash: string | null,
      features: number | null,
      lacksInput: true | null,
      checkpointBytes: number | null,
      clockMs: number | null,
    ];

type PackedReplies = readonly [memoryBytes: number, replies: readonly PackedReply[]];

/**
 * For the worker.
 *
 * @param replies undefined for a revoked request
 * @param memoryBytes the memory of the worker's VMs
 */
export function encodeReplies(replies: readonly (Reply | undefined)[], memoryBytes: number): Message {
  const shared: Uint8Array[] = [];
  const packed = replies.map((reply) => packReply(reply, shared));
  return { packed: packMessage([memoryBytes, packed] satisfies PackedReplies), shared };
}

/** @param shared receives large bytes */
function packReply(reply: Reply | undefined, shared: Uint8Array[]): PackedReply {
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

/** For the main thread. */
export function decodeReplies({ packed, shared }: Message) {
  const [memoryBytes, replies] = unpackMessage(packed) as PackedReplies;
  return { memoryBytes, replies: replies.map((reply) => unpackReply(reply, shared)) };
}

function unpackReply(packed: PackedReply, shared: readonly Uint8Array[]): Reply | undefined {
  if (packed === null) return undefined;
  if (packed[0] === 'bytecode') {
    const [, placed, entries] = packed;
    const bytecode = typeof placed === 'number' ? at(shared, placed) : placed;
    return { kind: 'compiled', outcome: { ok: true, bytecode, ...(entries !== undefined && { entries }) } };
  }
  if (packed[0] === 'image') {
    const [kind, hash, placed] = packed;
    const bytes = typeof placed === 'number' ? at(shared, placed) : placed;
    return { kind, hash, ...(bytes !== null && { packed: bytes }) };
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

function place(bytes: Uint8Array, shared: Uint8Array[]): Placed {
  return bytes.length < SHARED_FROM_BYTES ? bytes : shared.push(asShared(bytes)) - 1;
}

function unknownRequest(request: never): RangeError {
  return new RangeError(`A message has a request of kind ${String((request as readonly unknown[])[0])}.`);
}

/** Items by index, each included once. */
class Table<T> {
  readonly items: T[] = [];

  numberOf(item: T): number {
    const known = this.items.lastIndexOf(item);
    return known >= 0 ? known : this.items.push(item) - 1;
  }
}

/** @throws RangeError if a message refers to an item that it does not contain */
function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`A message names item ${index} of ${items.length}.`);
  return item;
}
