import { packMessage } from '../../codec/message-pack.js';
import { MalformedMessageError } from '../../codec/message-reader.js';
import { binary, count, list, oneOf, readShaped, record, type Shape, text } from '../../codec/message-shape.js';
import { NexusError } from '../../errors/nexus-error.js';
import { compress, decompress, InflatedTooLargeError } from '../../support/compression.js';
import { incompatible } from '../incompatible.js';
import { openEnvelope, sealEnvelope } from '../sealed/envelope.js';
import type { EnvelopeKeys } from '../sealed/envelope-keys.js';
import { MAX_CALLS } from '../sealed/run-header.js';
import { MESSAGE_FIELDS, MESSAGE_TYPE, messageOf, type PlainMessage, type RunMessage } from './run-message.js';

/** What a generation of a run is: its begin, a wait of its handler, or its end before that was told. */
export type DurableKind = 'begin' | 'waiting' | 'end';

/** What is the same in all generations of a run. */
export interface RunFacts {
  /** As the application calls it. */
  readonly runId: string;
  /** SHA-256 of the code, and of the context and options, hex. */
  readonly codeHash: string;
  readonly inputHash: string;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** Of calls that the run may make. */
  readonly maxCalls: number;
  /** Wall-clock time of each segment. Default: as the runtime says */
  readonly timeoutMs?: number;
  readonly tenant?: string;
  readonly handlerName?: string;
  readonly panelId?: string;
}

/** A generation of a run, as it is sealed. */
export interface DurableContent {
  readonly kind: DurableKind;
  readonly facts: RunFacts;
  /** Until somebody has told its effects, it is due at this time, which says that nobody has. */
  readonly arrivalMs: number;
  /** The code and its input, or the result of the segment before, encoded. */
  readonly document: Uint8Array;
  /** The handler that waits, sealed by itself. */
  readonly inner?: Uint8Array;
  /** The id under which that was sealed. @default that of the generation */
  readonly innerId?: string;
  /** Ids of calls that were made, and whose answers come from elsewhere. */
  readonly later?: readonly string[];
  /** Messages that were in the mailbox, in order, and that nothing has used. They come before those that are in it. */
  readonly carried?: readonly CarriedMessage[];
  /** Of the end of a run that failed: where it can be tried again from. */
  readonly again?: TriedAgain;
  /** How often the run was tried again after it failed. @default 0 */
  readonly retries?: number;
  /** What the part of the application that drives the run keeps with each of its generations. @default nothing */
  readonly notes?: string;
}

/** A message that was taken out of the mailbox. */
export interface CarriedMessage {
  readonly id: string;
  readonly message: RunMessage;
}

/** The generation before a failure. Its handler is that of the end, and its messages are those that the end carries. */
export interface TriedAgain {
  readonly kind: 'begin' | 'waiting';
  readonly document: Uint8Array;
}

const NAME = text(128);
const ANY_NAME = text(64 * 1024);
const HASH = text(64);
const MAX_INNER_BYTES = 2 ** 30;
/** In characters. */
export const MAX_NOTES = 4 * 1024 * 1024;
/** A mailbox, and the answers that a handler waits for. */
const MAX_CARRIED = 50_000;
/** A source, state and arguments, or a result. */
const MAX_DOCUMENT_BYTES = 128 * 1024 * 1024;

interface Header {
  readonly kind: DurableKind;
  readonly facts: RunFacts;
  readonly arrivalMs: number;
  readonly innerBytes: number;
  readonly innerId?: string;
  readonly later?: readonly string[];
  /** Of what is carried, what is tried again, and notes, behind the handler. */
  readonly extraBytes?: number;
  readonly retries?: number;
}

/** As it is behind the handler. */
interface Extra {
  readonly carried?: readonly ({ readonly id: string } & PlainMessage)[];
  readonly again?: TriedAgain;
  readonly notes?: string;
}

const HEADER = record(
  {
    kind: oneOf('begin', 'waiting', 'end'),
    facts: record(
      { runId: NAME, codeHash: HASH, inputHash: HASH, startedAtMs: count, maxCalls: count },
      { timeoutMs: count, tenant: ANY_NAME, handlerName: ANY_NAME, panelId: ANY_NAME },
    ),
    arrivalMs: count,
    innerBytes: count,
  },
  { later: list(text(64), MAX_CALLS), innerId: NAME, extraBytes: count, retries: count },
) as Shape<Header>;

const EXTRA = record(
  {},
  {
    carried: list(record({ id: ANY_NAME, type: MESSAGE_TYPE }, MESSAGE_FIELDS), MAX_CARRIED),
    again: record({ kind: oneOf('begin', 'waiting'), document: binary() }),
    notes: text(MAX_NOTES),
  },
) as Shape<Extra>;
const EXTRA_BOUNDS = { maxBytes: 2 * MAX_DOCUMENT_BYTES, maxValues: 16 * MAX_CARRIED };

/** The content is larger than {@link openDurable} accepts. */
export class ContentTooLargeError extends Error {}

/**
 * @param id the only id under which it opens
 * @throws ContentTooLargeError for what {@link openDurable} would refuse
 */
export async function sealDurable(id: string, content: DurableContent, keys: EnvelopeKeys): Promise<Uint8Array> {
  const { kind, facts, arrivalMs, document, inner = new Uint8Array(), innerId, later = [], retries = 0 } = content;
  const extra = await packExtra(content);
  const header: Header = {
    ...{ kind, facts, arrivalMs, innerBytes: inner.length },
    ...(innerId !== undefined && innerId !== id && { innerId }),
    ...(later.length > 0 && { later }),
    ...(extra.length > 0 && { extraBytes: extra.length }),
    ...(retries > 0 && { retries }),
  };
  const problem = HEADER(header);
  if (problem !== undefined) throw new ContentTooLargeError(`its header ${problem}`);
  requireAtMost(inner.length, MAX_INNER_BYTES, 'the handler');
  requireAtMost(document.length, MAX_DOCUMENT_BYTES, kind === 'begin' ? 'the input' : 'the result of its last step');
  return sealEnvelope(id, header, Buffer.concat([inner, extra, await compress(document)]), keys);
}

function requireAtMost(given: number, most: number, what: string, unit = 'bytes'): void {
  if (given > most) throw new ContentTooLargeError(`${what} has ${given} ${unit}, more than ${most}`);
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE if it is damaged, foreign, or no run that was started */
export async function openDurable(id: string, envelope: Uint8Array, keys: EnvelopeKeys): Promise<DurableContent> {
  const { header, payload } = await openEnvelope(id, envelope, keys);
  const fault = (what: string) =>
    incompatible('content', `The run at ${id} cannot be opened: ${what}. It is kept.`, { suspensionId: id });
  const problem = HEADER(header);
  if (problem !== undefined) throw fault(`its header ${problem}`);
  const { kind, facts, arrivalMs, innerBytes, innerId, later, extraBytes = 0, retries } = header as Header;
  if (innerBytes > Math.min(MAX_INNER_BYTES, payload.length)) throw fault('it ends within its handler');
  const extraAt = innerBytes;
  const documentAt = extraAt + extraBytes;
  if (documentAt > payload.length) throw fault('it ends within its messages or notes');
  try {
    const document = await decompress(payload.subarray(documentAt), MAX_DOCUMENT_BYTES);
    const extra = extraBytes === 0 ? {} : await unpackExtra(payload.subarray(extraAt, documentAt));
    const hasHandler = kind === 'waiting' || (kind === 'end' && extra.again?.kind === 'waiting');
    if (hasHandler !== innerBytes > 0) throw fault('it has no handler, or one too many');
    if (extra.again !== undefined && kind !== 'end') throw fault('it has not ended, and is to be tried again');
    const inner = innerBytes > 0 && {
      inner: payload.subarray(0, innerBytes),
      ...(innerId !== undefined && { innerId }),
    };
    return {
      kind,
      facts,
      arrivalMs,
      document,
      ...inner,
      ...(later && { later }),
      ...(retries && { retries }),
      ...extra,
    };
  } catch (error) {
    if (error instanceof NexusError) throw error;
    if (error instanceof MalformedMessageError) throw fault(`it ${error.message}`);
    throw fault(error instanceof InflatedTooLargeError ? 'it is too large' : `it does not inflate (${String(error)})`);
  }
}

async function packExtra({ carried = [], again, notes }: DurableContent): Promise<Uint8Array> {
  if (carried.length === 0 && again === undefined && notes === undefined) return new Uint8Array();
  const extra: Extra = {
    ...(carried.length > 0 && { carried: carried.map(({ id, message }) => ({ id, ...message })) }),
    ...(again !== undefined && { again }),
    ...(notes !== undefined && { notes }),
  };
  requireAtMost(carried.length, MAX_CARRIED, 'what it carries', 'messages');
  requireAtMost(notes?.length ?? 0, MAX_NOTES, 'what is noted', 'characters');
  const packed = packMessage(extra);
  requireAtMost(packed.length, MAX_DOCUMENT_BYTES, 'what it carries');
  return compress(packed);
}

/** @throws MalformedMessageError, InflatedTooLargeError */
async function unpackExtra(bytes: Uint8Array): Promise<Pick<DurableContent, 'carried' | 'again' | 'notes'>> {
  const { carried, again, notes } = readShaped(await decompress(bytes, MAX_DOCUMENT_BYTES), EXTRA_BOUNDS, EXTRA);
  const messages = carried?.map(({ id, ...plain }): CarriedMessage => {
    const message = messageOf(plain);
    if (message === undefined) throw new MalformedMessageError('carries what is no message');
    return { id, message };
  });
  return {
    ...(messages && { carried: messages }),
    ...(again && { again }),
    ...(notes !== undefined && { notes }),
  };
}
