import { packMessage } from '../../codec/message-pack.js';
import { readMessage } from '../../codec/message-reader.js';
import {
  ContainerFormat,
  lengthPrefix,
  MARK_BYTES,
  splitHeader,
} from '../../support/sealed-container/container-format.js';
import { isSealedInTurns, openInTurns, sealInTurns } from '../../support/sealed-container/passing.js';
import {
  CIPHER_BYTES,
  cipherCheck,
  cipherSeal,
  DIGEST_BYTES,
  macSeal,
  splitCipher,
} from '../../support/sealed-container/seals.js';
import { incompatible } from '../incompatible.js';
import type { EnvelopeKey, EnvelopeKeys } from './envelope-keys.js';

/** Raise it whenever the layout changes: unknown versions are refused. */
export const ENVELOPE_VERSION = 1;

const SEAL_NUMBERS = { 'aes-256-gcm': 1, 'hmac-sha256': 2 } as const satisfies Record<EnvelopeKeys['seal'], number>;
const KEY_ID_BYTES = 8;
const SEAL_AT = MARK_BYTES;
const KEY_ID_AT = SEAL_AT + 1;
const PREAMBLE_BYTES = KEY_ID_AT + KEY_ID_BYTES;
const HEADER_LENGTH_BYTES = 4;
const FORMAT = new ContainerFormat({ magic: 'NXSE', version: ENVELOPE_VERSION, minBytes: PREAMBLE_BYTES });
/** Of a header: thirty thousand calls that wait, with names of usual length. */
const MAX_HEADER_BYTES = 8 * 1024 * 1024;
const MAX_HEADER_VALUES = 300_000;

export interface Envelope {
  /** The header as it was sealed: plain data of limited size, whose shape the reader checks. */
  readonly header: unknown;
  readonly payload: Uint8Array;
}

/**
 * Seals a header and a payload under an id: magic, version (u16), seal (u8), key id, then
 * - encrypted: nonce, AES-256-GCM of [header length (u32), MessagePack header, payload], tag;
 * - authenticated: header length, header, payload, HMAC-SHA256.
 *
 * Integers are big-endian. Both seals cover every byte, and the id.
 *
 * @param id the only id under which it opens
 */
export async function sealEnvelope(
  id: string,
  header: unknown,
  payload: Uint8Array,
  keys: EnvelopeKeys,
): Promise<Uint8Array> {
  const [key] = keys.keys;
  if (key === undefined) throw new Error('There is no key to seal with.');
  const preamble = Buffer.concat([FORMAT.mark(), Buffer.of(SEAL_NUMBERS[keys.seal]), key.id]);
  const encoded = packMessage(header);
  const makeSeal = keys.seal === 'aes-256-gcm' ? cipherSeal : macSeal;
  const seal = makeSeal(key.key, associated(id, preamble));
  return sealInTurns(seal, [lengthPrefix(encoded.length), encoded, payload], preamble);
}

/**
 * Opens an envelope. Nothing of it is decoded before its seal is verified.
 *
 * @throws NexusError SUSPENSION_INCOMPATIBLE; `context.problem` names the check that failed
 */
export async function openEnvelope(id: string, envelope: Uint8Array, keys: EnvelopeKeys): Promise<Envelope> {
  const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.length);
  const refuse = (problem: Parameters<typeof incompatible>[0], what: string, remedy: string) =>
    incompatible(problem, `The suspended handler ${id} cannot be opened: its envelope ${what}. ${remedy}`, {
      suspensionId: id,
    });
  const restore = 'It is kept; put back a copy that is whole, or cancel it.';

  const fault = FORMAT.faultOf(bytes);
  if (fault?.check === 'length') throw refuse('truncated', `has only ${bytes.length} bytes`, restore);
  if (fault?.check === 'magic') throw refuse('magic', 'is none', restore);
  if (fault !== undefined) {
    const expected = `has version ${fault.version}, this library reads ${fault.expected}`;
    throw refuse('version', expected, 'Resume it with the version of the library that suspended it.');
  }
  if (bytes.readUInt8(SEAL_AT) !== SEAL_NUMBERS[keys.seal]) {
    const [has, remedy] =
      keys.seal === 'aes-256-gcm'
        ? ['was not sealed with a suspensionSecret', 'Resume it without one; forged envelopes also look like this.']
        : ['was sealed with a suspensionSecret', 'Configure the suspensionSecret that it was sealed with.'];
    throw refuse('key', has, remedy);
  }
  const keyId = bytes.subarray(KEY_ID_AT, PREAMBLE_BYTES);
  const key = keys.keys.find((candidate) => candidate.id.equals(keyId));
  if (key === undefined) {
    const remedy =
      keys.seal === 'aes-256-gcm'
        ? 'Add the suspensionSecret that it was sealed with to the list.'
        : 'It belongs to another store, or to a process that has ended: set a suspensionSecret where envelopes move.';
    throw refuse('key', 'was sealed with a key that is not ours', remedy);
  }

  const sealBytes = keys.seal === 'aes-256-gcm' ? CIPHER_BYTES : DIGEST_BYTES;
  if (bytes.length < PREAMBLE_BYTES + sealBytes + HEADER_LENGTH_BYTES) {
    throw refuse('truncated', `has only ${bytes.length} bytes`, restore);
  }
  const stored = bytes.subarray(PREAMBLE_BYTES);
  const open = keys.seal === 'aes-256-gcm' ? decrypt : verify;
  const content = await open(key, stored, associated(id, bytes.subarray(0, PREAMBLE_BYTES)));
  if (content === undefined) throw refuse('seal', 'is damaged, was edited, or belongs to another id', restore);
  try {
    const parts = splitHeader(content, 0);
    if (parts === undefined) throw new RangeError('the header ends outside of it');
    return { header: readMessage(parts.header, MAX_HEADER_BYTES, MAX_HEADER_VALUES), payload: parts.payload };
  } catch (error) {
    throw refuse('content', `has a header that does not decode (${String(error)})`, restore);
  }
}

/** Whether it is sealed with the key that seals now: one that is damaged is not. */
export function isSealedNewly(envelope: Uint8Array, { seal, keys }: EnvelopeKeys): boolean {
  const id = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.length).subarray(KEY_ID_AT, PREAMBLE_BYTES);
  return envelope[SEAL_AT] === SEAL_NUMBERS[seal] && keys[0]?.id.equals(id) === true;
}

/** Seals the same content with the key that seals now, under another id. @throws NexusError as {@link openEnvelope} */
export async function resealEnvelope(
  id: string,
  newId: string,
  envelope: Uint8Array,
  keys: EnvelopeKeys,
): Promise<Uint8Array> {
  const { header, payload } = await openEnvelope(id, envelope, keys);
  return sealEnvelope(newId, header, payload, keys);
}

/**
 * What an envelope says of itself without a key, for people. Its header is readable only if it was sealed without a secret, and nothing
 * vouches for it.
 *
 * @returns undefined if it is none of this version
 */
export function describeEnvelope(envelope: Uint8Array):
  | {
      readonly version: number;
      readonly seal: EnvelopeKeys['seal'];
      /** Hex. */
      readonly keyId: string;
      readonly header?: unknown;
    }
  | undefined {
  const bytes = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.length);
  const number = FORMAT.faultOf(bytes) === undefined ? bytes.readUInt8(SEAL_AT) : undefined;
  const seal = (Object.keys(SEAL_NUMBERS) as EnvelopeKeys['seal'][]).find((name) => SEAL_NUMBERS[name] === number);
  if (seal === undefined) return undefined;
  const described = { version: ENVELOPE_VERSION, seal, keyId: bytes.toString('hex', KEY_ID_AT, PREAMBLE_BYTES) };
  const parts = seal === 'hmac-sha256' ? splitHeader(bytes.subarray(PREAMBLE_BYTES), 0) : undefined;
  if (parts === undefined) return described;
  try {
    return { ...described, header: readMessage(parts.header, MAX_HEADER_BYTES, MAX_HEADER_VALUES) };
  } catch {
    return described;
  }
}

/** The data that a seal covers besides the content. The length of the id separates it from what follows. */
function associated(id: string, preamble: Uint8Array): Buffer {
  const name = Buffer.from(id, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([preamble, length, name]);
}

async function decrypt({ key }: EnvelopeKey, stored: Buffer, associated: Buffer): Promise<Buffer | undefined> {
  const { nonce, content, tag } = splitCipher(stored);
  const check = cipherCheck(key, nonce, associated);
  const opened = await openInTurns(check, content, Buffer.alloc(content.length));
  return check.matches(tag) ? opened : undefined;
}

async function verify({ key }: EnvelopeKey, stored: Buffer, associated: Buffer): Promise<Buffer | undefined> {
  const content = stored.subarray(0, -DIGEST_BYTES);
  const isRight = await isSealedInTurns(macSeal(key, associated), content, stored.subarray(-DIGEST_BYTES));
  return isRight ? content : undefined;
}
