import { binary, count, list, oneOf, record, type Shape, text } from '../../codec/message-shape.js';
import { compress, decompress, InflatedTooLargeError } from '../../support/compression.js';
import { incompatible } from '../incompatible.js';
import { openEnvelope, sealEnvelope } from '../sealed/envelope.js';
import type { EnvelopeKeys } from '../sealed/envelope-keys.js';
import { MAX_CALLS } from '../sealed/run-header.js';

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
  /** Ids of calls that were made, and whose answers come from elsewhere. */
  readonly later?: readonly string[];
  /** What the part of the application that drives the run keeps with each of its generations. @default nothing */
  readonly notes?: string;
}

const NAME = text(128);
const ANY_NAME = text(64 * 1024);
const HASH = text(64);
const MAX_INNER_BYTES = 2 ** 30;
/** In characters. */
export const MAX_NOTES = 4 * 1024 * 1024;
/** A source, state and arguments, or a result. */
const MAX_DOCUMENT_BYTES = 128 * 1024 * 1024;

interface Header {
  readonly kind: DurableKind;
  readonly facts: RunFacts;
  readonly arrivalMs: number;
  readonly innerBytes: number;
  readonly later?: readonly string[];
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
  { later: list(text(64), MAX_CALLS), notes: text(MAX_NOTES) },
) as Shape<Header>;

/** @param id the only id under which it opens */
export async function sealDurable(id: string, content: DurableContent, keys: EnvelopeKeys): Promise<Uint8Array> {
  const { kind, facts, arrivalMs, document, inner = new Uint8Array(), later = [], notes } = content;
  const optional = { ...(later.length > 0 && { later }), ...(notes !== undefined && { notes }) };
  const header: Header = { kind, facts, arrivalMs, innerBytes: inner.length, ...optional };
  return sealEnvelope(id, header, Buffer.concat([inner, await compress(document)]), keys);
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE if it is damaged, foreign, or no run that was started */
export async function openDurable(id: string, envelope: Uint8Array, keys: EnvelopeKeys): Promise<DurableContent> {
  const { header, payload } = await openEnvelope(id, envelope, keys);
  const fault = (what: string) =>
    incompatible('content', `The run at ${id} cannot be opened: ${what}. It is kept.`, { suspensionId: id });
  const problem = HEADER(header);
  if (problem !== undefined) throw fault(`its header ${problem}`);
  const { kind, facts, arrivalMs, innerBytes, later, notes } = header as Header;
  if (innerBytes > Math.min(MAX_INNER_BYTES, payload.length)) throw fault('it ends within its handler');
  if ((kind === 'waiting') !== innerBytes > 0) throw fault('it has no handler, or one too many');
  try {
    const document = await decompress(payload.subarray(innerBytes), MAX_DOCUMENT_BYTES);
    const inner = innerBytes > 0 && { inner: payload.subarray(0, innerBytes) };
    return {
      kind,
      facts,
      arrivalMs,
      document,
      ...inner,
      ...(later && { later }),
      ...(notes !== undefined && { notes }),
    };
  } catch (error) {
    throw fault(error instanceof InflatedTooLargeError ? 'it is too large' : `it does not inflate (${String(error)})`);
  }
}

/** What is told to a run. */
export type RunMessage =
  | { readonly type: 'answer'; readonly callId: string; readonly document: Uint8Array }
  /** A call that was to be answered from elsewhere is made after all, by who has the run. */
  | { readonly type: 'release'; readonly callId: string }
  | { readonly type: 'cancel' };

const MESSAGE = record({ type: oneOf('answer', 'release', 'cancel') }, { callId: NAME, document: binary() }) as Shape<{
  readonly type: 'answer' | 'release' | 'cancel';
  readonly callId?: string;
  readonly document?: Uint8Array;
}>;

/** @param runId of the store, so that it opens in no other run, and under no other id */
export function sealMessage(runId: string, id: string, message: RunMessage, keys: EnvelopeKeys): Promise<Uint8Array> {
  return sealEnvelope(`${runId}:message:${id}`, message, new Uint8Array(), keys);
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
export async function openMessage(
  runId: string,
  id: string,
  content: Uint8Array,
  keys: EnvelopeKeys,
): Promise<RunMessage> {
  const { header } = await openEnvelope(`${runId}:message:${id}`, content, keys);
  const fault = (what: string) =>
    incompatible('content', `A message to the run ${runId} cannot be read: ${what}. It is kept.`, { runId });
  const problem = MESSAGE(header);
  if (problem !== undefined) throw fault(`it ${problem}`);
  const { type, callId, document } = header as { type: string; callId?: string; document?: Uint8Array };
  if (type === 'cancel') return { type };
  if (type === 'release' && callId !== undefined) return { type, callId };
  if (callId === undefined || document === undefined) throw fault('it is no answer');
  return { type: 'answer', callId, document };
}
