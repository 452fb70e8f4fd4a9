import { packMessage } from '../../codec/message-pack.js';
import { NexusError } from '../../errors/nexus-error.js';
import { sha256 } from '../../support/bytes/byte-slices.js';
import {
  ContainerFormat,
  headerLengthAt,
  MARK_BYTES,
  PREAMBLE_BYTES,
} from '../../support/sealed-container/container-format.js';
import { sealOf } from '../../support/sealed-container/passing.js';
import { DIGEST_BYTES, macSeal } from '../../support/sealed-container/seals.js';
import { incompatible } from '../incompatible.js';
import type { LifecycleState } from '../lifecycle.js';
import type { SuspensionFacts } from '../views.js';
import {
  type LifecycleHeader,
  MAX_HEADER_BYTES,
  type Part,
  type RecordHeader,
  readHeader,
  type TransitionHeader,
} from './record-header.js';

/** Raise it whenever the layout changes: it is also part of the directory's name. */
export const RECORD_VERSION = 2;

const FORMAT = new ContainerFormat({ magic: 'NXSR', version: RECORD_VERSION, minBytes: PREAMBLE_BYTES });
/** What a record has beyond envelope and outcome. */
export const RECORD_OVERHEAD_BYTES = PREAMBLE_BYTES + MAX_HEADER_BYTES + DIGEST_BYTES;

/** The content to write: a transition, a start, or both. */
export interface RecordContent {
  readonly transition?: { readonly id: string; readonly standing: LifecycleState };
  readonly beginning?: { readonly facts: SuspensionFacts; readonly envelope: Uint8Array };
}

/**
 * Encodes a record: magic, version (u16), header length (u32), MessagePack header, HMAC-SHA256 of everything
 * before it, content of the outcome, envelope. The header contains digests of the following parts, so it can
 * be read and verified without them.
 *
 * @returns its parts, in order
 * @throws NexusError INVALID_ARGUMENT for an info that could not be read again
 */
export async function encodeRecord({ transition, beginning }: RecordContent, key: Uint8Array): Promise<Uint8Array[]> {
  const content = transition?.standing.state === 'settled' ? transition.standing.outcome.content : new Uint8Array();
  const envelope = beginning?.envelope ?? new Uint8Array();
  const header: RecordHeader = {
    ...(transition && {
      transition: { id: transition.id, standing: withoutContent(transition.standing), content: await partOf(content) },
    }),
    ...(beginning && { beginning: { facts: beginning.facts, envelope: await partOf(envelope) } }),
  };
  const encoded = packMessage(header);
  if (beginning !== undefined) requireReadable(encoded);
  const preamble = FORMAT.preamble(encoded.length);
  return [preamble, encoded, sealOf(macSeal(key), [preamble, encoded]), content, envelope];
}

function requireReadable(header: Uint8Array): void {
  try {
    readHeader(header);
  } catch (error) {
    if (!(error instanceof NexusError)) throw error;
    throw new NexusError('INVALID_ARGUMENT', `Suspension: info could not be read again: the record ${error.message}.`, {
      context: { argument: 'info' },
    });
  }
}

/**
 * The number of bytes to read for the header that starts with these.
 *
 * @throws NexusError SUSPENSION_INCOMPATIBLE if such a header is impossible
 */
export function headerBytes(start: Buffer): number {
  const fault = FORMAT.faultOf(start);
  if (fault?.check === 'length') throw incompatible('truncated', `has only ${fault.bytes} bytes`);
  if (fault?.check === 'magic') throw incompatible('magic', 'is not a record');
  if (fault !== undefined) {
    throw incompatible('version', `has version ${fault.version}, this library reads ${fault.expected}`);
  }
  const length = headerLengthAt(start, MARK_BYTES);
  if (length > MAX_HEADER_BYTES) {
    throw incompatible(
      'truncated',
      `says that its header has ${length} bytes, at most ${MAX_HEADER_BYTES} can be right`,
    );
  }
  return PREAMBLE_BYTES + length + DIGEST_BYTES;
}

/**
 * @param bytes at least those of the header
 * @param size the size of the whole record
 * @throws NexusError SUSPENSION_INCOMPATIBLE naming the check that failed
 */
export function decodeHeader(bytes: Buffer, size: number, key: Uint8Array): RecordHeader {
  const end = headerBytes(bytes);
  if (end > bytes.length) throw incompatible('truncated', 'ends within its header');
  const sealed = bytes.subarray(0, end - DIGEST_BYTES);
  const check = macSeal(key);
  check.update(sealed);
  if (!check.matches(bytes.subarray(end - DIGEST_BYTES, end))) throw incompatible('seal', 'is damaged, or was edited');
  const header = readHeader(sealed.subarray(PREAMBLE_BYTES));
  const expected = end + (header.transition?.content.bytes ?? 0) + (header.beginning?.envelope.bytes ?? 0);
  if (size !== expected) throw incompatible('truncated', `has ${size} bytes, and should have ${expected}`);
  return header;
}

/** The complete state after a record. */
export async function lifecycleOf({ standing, content }: TransitionHeader, bytes: Buffer): Promise<LifecycleState> {
  if (standing.state !== 'settled') return standing;
  const begin = headerBytes(bytes);
  return { ...standing, outcome: { ...standing.outcome, content: await part(bytes, begin, content) } };
}

export async function envelopeOf({ transition, beginning }: RecordHeader, bytes: Buffer): Promise<Uint8Array> {
  if (beginning === undefined) throw incompatible('content', 'has no envelope');
  return part(bytes, headerBytes(bytes) + (transition?.content.bytes ?? 0), beginning.envelope);
}

async function part(record: Buffer, begin: number, { bytes, digest }: Part): Promise<Uint8Array> {
  const found = record.subarray(begin, begin + bytes);
  if (!(await sha256(found)).equals(digest)) throw incompatible('seal', 'is damaged, or was edited');
  return found;
}

function withoutContent(standing: LifecycleState): LifecycleHeader {
  if (standing.state !== 'settled') return standing;
  const { content: _, ...outcome } = standing.outcome;
  return { ...standing, outcome };
}

async function partOf(bytes: Uint8Array): Promise<Part> {
  return { bytes: bytes.length, digest: await sha256(bytes) };
}
