import type { ExecutionLimits } from '../api/limits.js';
import { packMessage, unpackMessage } from '../codec/message-pack.js';
import { LIMIT_KEYS } from '../config/limits.js';
import { asShared } from '../support/shared-bytes.js';
import type { Message } from './mailbox.js';
import type { CallDeadline, ExecutionReply, PackedContext, Reply, Request } from './messages.js';

/** From this size on, bytes are shared: copying them into the message and out of it would cost more. */
const SHARED_FROM_BYTES = 16 * 1024;

const LIMIT_NAMES = Object.keys(LIMIT_KEYS) as (keyof ExecutionLimits)[];

/** Bytes in the message, or the number of an item of {@link Message.shared}. */
type Placed = Uint8Array | number;

/**
 * A batch of requests is one message. What they have in common, limits, rights and bytecode, is in it once; arrays, not maps: the names of
 * the fields would be most of the message, and most of the time it takes.
 */
type PackedBatch = readonly [
  limits: readonly (readonly number[])[],
  rights: readonly Uint8Array[],
  bytecodes: readonly Placed[],
  requests: readonly PackedRequest[],
];

type PackedRequest = PackedCompile | PackedExecute | PackedResume | PackedLoad;

/** What the requests of a batch have in common, each once. */
class BatchTables {
  readonly limits = new Table<ExecutionLimits>();
  readonly rights = new Table<Uint8Array>();
  readonly bytecodes = new Table<Uint8Array>();
  readonly shared = new Table<Uint8Array>();

  place(bytes: Uint8Array): Placed {
    return bytes.length < SHARED_FROM_BYTES ? bytes : this.shared.numberOf(asShared(bytes));
  }

  placeOptional(bytes: Uint8Array | undefined): Placed | null {
    return bytes === undefined ? null : this.place(bytes);
  }
}

/** The same, at the other end. */
interface BatchContent {
  readonly limits: readonly ExecutionLimits[];
  readonly rights: readonly Uint8Array[];
  readonly bytecodes: readonly Uint8Array[];
  readonly shared: readonly Uint8Array[];
}

function placed(bytes: Placed, shared: readonly Uint8Array[]): Uint8Array {
  return typeof bytes === 'number' ? at(shared, bytes) : bytes;
}

/** Main thread. */
export function encodeBatch(requests: readonly Request[]): Message {
  const tables = new BatchTables();
  const packed = requests.map((request) => packRequest(request, tables));
  const limits = tables.limits.items.map((item) => LIMIT_NAMES.map((name) => item[name]));
  const bytecodes = tables.bytecodes.items.map((bytecode) => tables.place(bytecode));
  const batch: PackedBatch = [limits, tables.rights.items, bytecodes, packed];
  return { packed: packMessage(batch), shared: tables.shared.items };
}

/** Worker. */
export function decodeBatch({ packed, shared }: Message): Request[] {
  const [packedLimits, rights, packedBytecodes, requests] = unpackMessage(packed) as PackedBatch;
  const limits = packedLimits.map(
    (values) => Object.fromEntries(LIMIT_NAMES.map((name, i) => [name, values[i]])) as unknown as ExecutionLimits,
  );
  const bytecodes = packedBytecodes.map((bytes) => placed(bytes, shared));
  const content: BatchContent = { limits, rights, bytecodes, shared };
  return requests.map((request) => unpackRequest(request, content));
}

function packRequest(request: Request, tables: BatchTables): PackedRequest {
  switch (request.kind) {
    case 'compile':
      return packCompile(request, tables);
    case 'execute':
      return packExecute(request, tables);
    case 'resume':
      return packResume(request, tables);
    case 'load':
      return ['load', request.key, tables.bytecodes.numberOf(request.bytecode)];
    default:
      throw request satisfies never;
  }
}

function unpackRequest(packed: PackedRequest, content: BatchContent): Request {
  switch (packed[0]) {
    case 'compile':
      return unpackCompile(packed, content);
    case 'execute':
      return unpackExecute(packed, content);
    case 'resume':
      return unpackResume(packed, content);
    case 'load': {
      const [kind, key, bytecode] = packed;
      return { kind, key, bytecode: at(content.bytecodes, bytecode) };
    }
    default:
      throw unknownRequest(packed);
  }
}

type Compile = Extract<Request, { kind: 'compile' }>;
type Execute = Extract<Request, { kind: 'execute' }>;
type Resume = Extract<Request, { kind: 'resume' }>;

type PackedLoad = readonly [kind: 'load', key: string, bytecode: number];
type PackedCompile = readonly [kind: 'compile', source: string | Placed, filename: string];

function packCompile({ source, filename }: Compile, tables: BatchTables): PackedCompile {
  return ['compile', typeof source === 'string' ? source : tables.place(source), filename];
}

function unpackCompile([kind, source, filename]: PackedCompile, { shared }: BatchContent): Compile {
  return { kind, source: typeof source === 'string' ? source : placed(source, shared), filename };
}

type PackedExecute = readonly [
  kind: 'execute',
  key: string,
  bytecode: number,
  input: Placed,
  rights: number,
  limits: number,
  now: number | null,
  seed: number | null,
  deadline: PackedDeadline | null,
  packed: PackedFields | null,
  tenant: string | null,
];

function packExecute(request: Execute, tables: BatchTables): PackedExecute {
  return [
    'execute',
    request.key,
    tables.bytecodes.numberOf(request.bytecode),
    tables.place(request.input),
    tables.rights.numberOf(request.rights),
    tables.limits.numberOf(request.limits),
    request.now ?? null,
    request.seed ?? null,
    packDeadline(request.deadline),
    request.packed === undefined ? null : packFields(request.packed, tables),
    request.tenant ?? null,
  ];
}

function unpackExecute(packed: PackedExecute, content: BatchContent): Execute {
  const [kind, key, bytecode, input, rights, limits, now, seed, deadline, fields, tenant] = packed;
  return {
    kind,
    key,
    bytecode: at(content.bytecodes, bytecode),
    input: placed(input, content.shared),
    rights: at(content.rights, rights),
    limits: at(content.limits, limits),
    ...(now !== null && { now }),
    ...(seed !== null && { seed }),
    ...(deadline !== null && { deadline: unpackDeadline(deadline) }),
    ...(fields !== null && { packed: unpackFields(fields, content.shared) }),
    ...(tenant !== null && { tenant }),
  };
}

type PackedResume = readonly [
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
];

function packResume(request: Resume, tables: BatchTables): PackedResume {
  return [
    'resume',
    request.key,
    tables.place(request.snapshot),
    request.imageHash,
    request.features,
    tables.place(request.answers),
    tables.limits.numberOf(request.limits),
    request.now ?? null,
    packDeadline(request.deadline),
    request.tenant ?? null,
  ];
}

function unpackResume(packed: PackedResume, content: BatchContent): Resume {
  const [kind, key, snapshot, imageHash, features, answers, limits, now, deadline, tenant] = packed;
  return {
    kind,
    key,
    snapshot: placed(snapshot, content.shared),
    imageHash,
    features,
    answers: placed(answers, content.shared),
    limits: at(content.limits, limits),
    ...(now !== null && { now }),
    ...(deadline !== null && { deadline: unpackDeadline(deadline) }),
    ...(tenant !== null && { tenant }),
  };
}

type PackedDeadline = readonly [ms: number, atMs: number];

function packDeadline(deadline: CallDeadline | undefined): PackedDeadline | null {
  return deadline === undefined ? null : [deadline.ms, deadline.atMs];
}

function unpackDeadline([ms, atMs]: PackedDeadline): CallDeadline {
  return { ms, atMs };
}

/** Fields of a context that came as MessagePack. */
type PackedFields = readonly [
  state: Placed | null,
  args: Placed | null,
  scope: Placed | null,
  readable: PackedContext['readable'],
];

function packFields({ state, args, scope, readable }: PackedContext, tables: BatchTables): PackedFields {
  return [tables.placeOptional(state), tables.placeOptional(args), tables.placeOptional(scope), readable];
}

function unpackFields([state, args, scope, readable]: PackedFields, shared: readonly Uint8Array[]): PackedContext {
  return {
    ...(state !== null && { state: placed(state, shared) }),
    ...(args !== null && { args: placed(args, shared) }),
    ...(scope !== null && { scope: placed(scope, shared) }),
    readable,
  };
}

type PackedReply =
  | null
  | readonly [kind: 'other', reply: Exclude<Reply, { kind: 'executed' }>]
  | readonly [kind: 'bytecode', bytecode: Placed]
  | PackedExecuted;

type PackedReplies = readonly [memoryBytes: number, replies: readonly PackedReply[]];

/**
 * Worker.
 *
 * @param replies undefined for a request that was taken back
 * @param memoryBytes of the worker's VMs
 */
export function encodeReplies(replies: readonly (Reply | undefined)[], memoryBytes: number): Message {
  const shared: Uint8Array[] = [];
  const packed = replies.map((reply) => packReply(reply, shared));
  return { packed: packMessage([memoryBytes, packed] satisfies PackedReplies), shared };
}

/** @param shared what large bytes are added to */
function packReply(reply: Reply | undefined, shared: Uint8Array[]): PackedReply {
  if (reply === undefined) return null;
  if (reply.kind === 'compiled' && reply.outcome.ok) {
    // In memory that all workers see, where the cache keeps it: the main thread copies nothing.
    return ['bytecode', place(reply.outcome.bytecode, shared)];
  }
  if (reply.kind !== 'executed') return ['other', reply];
  return packExecuted(reply, shared);
}

/** Main thread. */
export function decodeReplies({ packed, shared }: Message) {
  const [memoryBytes, replies] = unpackMessage(packed) as PackedReplies;
  return { memoryBytes, replies: replies.map((reply) => unpackReply(reply, shared)) };
}

function unpackReply(packed: PackedReply, shared: readonly Uint8Array[]): Reply | undefined {
  if (packed === null) return undefined;
  if (packed[0] === 'bytecode') {
    return { kind: 'compiled', outcome: { ok: true, bytecode: placed(packed[1], shared) } };
  }
  return packed[0] === 'other' ? packed[1] : unpackExecuted(packed, shared);
}

type PackedExecuted = readonly [
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
];

function packExecuted(reply: ExecutionReply, shared: Uint8Array[]): PackedExecuted {
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
    // It is kept: the main thread copies nothing of a large one.
    reply.snapshot === undefined ? null : place(reply.snapshot, shared),
    reply.imageHash ?? null,
    reply.features ?? null,
  ];
}

function unpackExecuted(packed: PackedExecuted, shared: readonly Uint8Array[]): Reply {
  const [kind, outcome, failure, startedAtMs, durationUs, memoryUsedBytes, memoryPeakBytes, ...rest] = packed;
  const [instructionCount, heapExhausted, retired, snapshot, imageHash, features] = rest;
  return {
    kind,
    outcome: outcome ?? undefined,
    failure: failure ?? undefined,
    startedAtMs,
    durationUs,
    memoryUsedBytes,
    memoryPeakBytes,
    instructionCount,
    heapExhausted,
    retired,
    ...(snapshot !== null &&
      imageHash !== null &&
      features !== null && {
        // A view would keep the replies of all others with it.
        snapshot: typeof snapshot === 'number' ? at(shared, snapshot) : Uint8Array.prototype.slice.call(snapshot),
        imageHash,
        features,
      }),
  };
}

function place(bytes: Uint8Array, shared: Uint8Array[]): Placed {
  return bytes.length < SHARED_FROM_BYTES ? bytes : shared.push(asShared(bytes)) - 1;
}

function unknownRequest(request: never): RangeError {
  return new RangeError(`A message has a request of kind ${String((request as readonly unknown[])[0])}.`);
}

/** Items by number, each in it once. */
class Table<T> {
  readonly items: T[] = [];

  numberOf(item: T): number {
    const known = this.items.lastIndexOf(item);
    return known >= 0 ? known : this.items.push(item) - 1;
  }
}

/** @throws RangeError when a message names what is not in it */
function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`A message names item ${index} of ${items.length}.`);
  return item;
}
