import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

import { packMessage, unpackMessage } from '../contract/message-pack.js';
import { incompatible } from './incompatible.js';
import type { Standing } from './standing.js';
import type { SuspensionFacts } from './views.js';

/** Raise it whenever the layout changes: it names the directory, too. */
export const RECORD_VERSION = 1;

const MAGIC = Buffer.from('NXSR', 'latin1');
const VERSION_AT = MAGIC.length;
const HEADER_LENGTH_AT = VERSION_AT + 2;
const PREAMBLE_BYTES = HEADER_LENGTH_AT + 4;
const MAC_BYTES = 32;

/** Bytes that follow the header, and the SHA-256 that they must have. */
interface Part {
  readonly bytes: number;
  readonly digest: Uint8Array;
}

/** A {@link Standing} as a header holds it: the content of its outcome is a part. */
type StandingHeader =
  | Exclude<Standing, { state: 'settled' }>
  | (Omit<Extract<Standing, { state: 'settled' }>, 'outcome'> & {
      readonly outcome: Omit<Extract<Standing, { state: 'settled' }>['outcome'], 'content'>;
    });

/** The suspension that this record moved, and where to. */
interface TransitionHeader {
  readonly id: string;
  readonly standing: StandingHeader;
  readonly content: Part;
}

/** A suspension that begins with this record. */
export interface BeginningHeader {
  readonly facts: SuspensionFacts;
  readonly envelope: Part;
}

/**
 * What one file says: that a suspension began, or went from one standing to the next, or both, of two generations of a run,
 * at once.
 */
export interface RecordHeader {
  readonly transition?: TransitionHeader;
  readonly beginning?: BeginningHeader;
}

/** What to write: a transition, a beginning, or both. */
export interface RecordContent {
  readonly transition?: { readonly id: string; readonly standing: Standing };
  readonly beginning?: { readonly facts: SuspensionFacts; readonly envelope: Uint8Array };
}

/**
 * A record as bytes: magic, version (u16), header length (u32), MessagePack header, HMAC-SHA256 of all before it, content of
 * the outcome, envelope. The header holds digests of what follows it, so it can be read and trusted without the rest.
 */
export function encodeRecord({ transition, beginning }: RecordContent, key: Uint8Array): Uint8Array {
  const content = transition?.standing.state === 'settled' ? transition.standing.outcome.content : new Uint8Array();
  const envelope = beginning?.envelope ?? new Uint8Array();
  const header: RecordHeader = {
    ...(transition && {
      transition: { id: transition.id, standing: withoutContent(transition.standing), content: partOf(content) },
    }),
    ...(beginning && { beginning: { facts: beginning.facts, envelope: partOf(envelope) } }),
  };
  const encoded = packMessage(header);
  const preamble = Buffer.alloc(PREAMBLE_BYTES);
  MAGIC.copy(preamble);
  preamble.writeUInt16BE(RECORD_VERSION, VERSION_AT);
  preamble.writeUInt32BE(encoded.length, HEADER_LENGTH_AT);
  return Buffer.concat([preamble, encoded, macOf([preamble, encoded], key), content, envelope]);
}

/** How many bytes to read for the header, of which these are the first. */
export function headerBytes(start: Buffer): number {
  if (start.length < PREAMBLE_BYTES) throw incompatible('truncated', `has only ${start.length} bytes`);
  if (!start.subarray(0, VERSION_AT).equals(MAGIC)) throw incompatible('magic', 'is no record');
  const version = start.readUInt16BE(VERSION_AT);
  if (version !== RECORD_VERSION) {
    throw incompatible('version', `has version ${version}, this library reads ${RECORD_VERSION}`);
  }
  return PREAMBLE_BYTES + start.readUInt32BE(HEADER_LENGTH_AT) + MAC_BYTES;
}

/**
 * @param bytes at least the header's, perhaps more
 * @param size of the whole record
 * @throws NexusError SUSPENSION_INCOMPATIBLE naming the check that failed
 */
export function decodeHeader(bytes: Buffer, size: number, key: Uint8Array): RecordHeader {
  const end = headerBytes(bytes);
  if (end > bytes.length) throw incompatible('truncated', 'ends within its header');
  const sealed = bytes.subarray(0, end - MAC_BYTES);
  if (!timingSafeEqual(macOf([sealed], key), bytes.subarray(end - MAC_BYTES, end))) {
    throw incompatible('seal', 'is damaged, or was edited');
  }
  // Sealed with our key, so this is our own writing.
  const header = unpackMessage(sealed.subarray(PREAMBLE_BYTES)) as RecordHeader;
  const expected = end + (header.transition?.content.bytes ?? 0) + (header.beginning?.envelope.bytes ?? 0);
  if (size !== expected) throw incompatible('truncated', `has ${size} bytes, and should have ${expected}`);
  return header;
}

/** The standing after a record, whole. */
export function standingOf({ standing, content }: TransitionHeader, bytes: Buffer): Standing {
  if (standing.state !== 'settled') return standing;
  const begin = headerBytes(bytes);
  return { ...standing, outcome: { ...standing.outcome, content: part(bytes, begin, content) } };
}

export function envelopeOf({ transition, beginning }: RecordHeader, bytes: Buffer): Uint8Array {
  if (beginning === undefined) throw incompatible('content', 'has no envelope');
  return part(bytes, headerBytes(bytes) + (transition?.content.bytes ?? 0), beginning.envelope);
}

function part(record: Buffer, begin: number, { bytes, digest }: Part): Uint8Array {
  const found = record.subarray(begin, begin + bytes);
  if (!sha256(found).equals(digest)) throw incompatible('seal', 'is damaged, or was edited');
  return found;
}

function withoutContent(standing: Standing): StandingHeader {
  if (standing.state !== 'settled') return standing;
  const { content: _, ...outcome } = standing.outcome;
  return { ...standing, outcome };
}

function partOf(bytes: Uint8Array): Part {
  return { bytes: bytes.length, digest: sha256(bytes) };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function macOf(parts: readonly Uint8Array[], key: Uint8Array): Buffer {
  const hmac = createHmac('sha256', key);
  for (const bytes of parts) hmac.update(bytes);
  return hmac.digest();
}
