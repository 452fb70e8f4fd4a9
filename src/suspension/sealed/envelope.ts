import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { packMessage } from '../../codec/message-pack.js';
import { readMessage } from '../../codec/message-reader.js';
import { byteSlicesInTurns } from '../../support/byte-slices.js';
import { incompatible } from '../incompatible.js';
import type { EnvelopeKey, EnvelopeKeys } from './envelope-keys.js';

/** Raise it whenever the layout changes: unknown versions are refused. */
export const ENVELOPE_VERSION = 1;

const MAGIC = Buffer.from('NXSE', 'latin1');
const SEAL_NUMBERS = { 'aes-256-gcm': 1, 'hmac-sha256': 2 } as const satisfies Record<EnvelopeKeys['seal'], number>;
const KEY_ID_BYTES = 8;
const VERSION_AT = MAGIC.length;
const SEAL_AT = VERSION_AT + 2;
const KEY_ID_AT = SEAL_AT + 1;
const PREAMBLE_BYTES = KEY_ID_AT + KEY_ID_BYTES;
const HEADER_LENGTH_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const MAC_BYTES = 32;
/** Room for thirty thousand pending calls with names of usual length. */
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
  const preamble = Buffer.alloc(PREAMBLE_BYTES);
  MAGIC.copy(preamble);
  preamble.writeUInt16BE(ENVELOPE_VERSION, VERSION_AT);
  preamble.writeUInt8(SEAL_NUMBERS[keys.seal], SEAL_AT);
  key.id.copy(preamble, KEY_ID_AT);

  const encoded = packMessage(header);
  const length = Buffer.alloc(HEADER_LENGTH_BYTES);
  length.writeUInt32BE(encoded.length);
  const content = [length, encoded, payload];
  const seal = keys.seal === 'aes-256-gcm' ? encrypt : authenticate;
  return seal(id, preamble, content, key.key);
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

  if (bytes.length < PREAMBLE_BYTES) throw refuse('truncated', `has only ${bytes.length} bytes`, restore);
  if (!bytes.subarray(0, VERSION_AT).equals(MAGIC)) throw refuse('magic', 'is none', restore);
  const version = bytes.readUInt16BE(VERSION_AT);
  if (version !== ENVELOPE_VERSION) {
    const expected = `has version ${version}, this library reads ${ENVELOPE_VERSION}`;
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

  const sealBytes = keys.seal === 'aes-256-gcm' ? NONCE_BYTES + TAG_BYTES : MAC_BYTES;
  if (bytes.length < PREAMBLE_BYTES + sealBytes + HEADER_LENGTH_BYTES) {
    throw refuse('truncated', `has only ${bytes.length} bytes`, restore);
  }
  const content = await (keys.seal === 'aes-256-gcm' ? decrypt(id, bytes, key.key) : verify(id, bytes, key.key));
  if (content === undefined) throw refuse('seal', 'is damaged, was edited, or belongs to another id', restore);
  const headerEnd = HEADER_LENGTH_BYTES + content.readUInt32BE(0);
  try {
    if (headerEnd > content.length) throw new RangeError('the header ends outside of it');
    return {
      header: readMessage(content.subarray(HEADER_LENGTH_BYTES, headerEnd), MAX_HEADER_BYTES, MAX_HEADER_VALUES),
      payload: content.subarray(headerEnd),
    };
  } catch (error) {
    throw refuse('content', `has a header that does not decode (${String(error)})`, restore);
  }
}

/** The data that a seal covers besides the content. The length of the id separates it from what follows. */
function associated(id: string, preamble: Uint8Array): Buffer {
  const name = Buffer.from(id, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(name.length);
  return Buffer.concat([preamble, length, name]);
}

/** Slice by slice, into one buffer of the right size. */
async function encrypt(
  id: string,
  preamble: Buffer,
  content: readonly Uint8Array[],
  key: EnvelopeKey['key'],
): Promise<Uint8Array> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated(id, preamble));
  const sealed = new Writer(preamble.length + NONCE_BYTES + lengthOf(content) + TAG_BYTES);
  sealed.write(preamble);
  sealed.write(nonce);
  for (const part of content) {
    for await (const slice of byteSlicesInTurns(part)) sealed.write(cipher.update(slice));
  }
  sealed.write(cipher.final());
  sealed.write(cipher.getAuthTag());
  return sealed.bytes;
}

async function decrypt(id: string, bytes: Buffer, key: EnvelopeKey['key']): Promise<Buffer | undefined> {
  const end = bytes.length - TAG_BYTES;
  const begin = PREAMBLE_BYTES + NONCE_BYTES;
  const nonce = bytes.subarray(PREAMBLE_BYTES, begin);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated(id, bytes.subarray(0, PREAMBLE_BYTES)));
  decipher.setAuthTag(bytes.subarray(end));
  const content = new Writer(end - begin);
  for await (const slice of byteSlicesInTurns(bytes.subarray(begin, end))) content.write(decipher.update(slice));
  try {
    decipher.final();
    return Buffer.from(content.bytes.buffer);
  } catch {
    return undefined;
  }
}

async function authenticate(
  id: string,
  preamble: Buffer,
  content: readonly Uint8Array[],
  key: Uint8Array,
): Promise<Uint8Array> {
  const sealed = new Writer(preamble.length + lengthOf(content) + MAC_BYTES);
  sealed.write(preamble);
  const hmac = createHmac('sha256', key).update(associated(id, preamble));
  for (const part of content) {
    for await (const slice of byteSlicesInTurns(part)) {
      hmac.update(slice);
      sealed.write(slice);
    }
  }
  sealed.write(hmac.digest());
  return sealed.bytes;
}

async function verify(id: string, bytes: Buffer, key: Uint8Array): Promise<Buffer | undefined> {
  const end = bytes.length - MAC_BYTES;
  const content = bytes.subarray(PREAMBLE_BYTES, end);
  const hmac = createHmac('sha256', key).update(associated(id, bytes.subarray(0, PREAMBLE_BYTES)));
  for await (const slice of byteSlicesInTurns(content)) hmac.update(slice);
  return timingSafeEqual(hmac.digest(), bytes.subarray(end)) ? content : undefined;
}

/** A separate buffer that is filled from the start. */
class Writer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #end = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  write(part: Uint8Array): void {
    this.bytes.set(part, this.#end);
    this.#end += part.length;
  }
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
