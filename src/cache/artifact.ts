import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { concatBytes } from '../codec/concat-bytes.js';
import { packMessage } from '../codec/message-pack.js';
import { MalformedMessageError } from '../codec/message-reader.js';
import { count, oneOf, readShaped, record, text } from '../codec/message-shape.js';

/** Raise it whenever the layout changes: unknown versions are refused. */
export const CONTAINER_VERSION = 1;

const MAGIC = Buffer.from('NXQJ', 'latin1');
export const PREAMBLE_BYTES = MAGIC.length + 2 + 4;
export const MAC_BYTES = 32;

/** The header of an artifact. It contains everything on which the key depends. */
export interface ArtifactHeader {
  /** Hex SHA-256, see `key.ts`. */
  readonly key: string;
  /** `'handler'` for bytecode; the application's namespace for its data. */
  readonly namespace: string;
  readonly engine: string;
  readonly filename: string;
  /** The author's source, for snippets in errors. Never executed. */
  readonly source: string;
  readonly contentBytes: number;
  /** `'hmac-sha256'` if it was sealed with a secret. */
  readonly seal: 'hmac-sha256' | 'sha256';
}

/** Long enough for any path of a file system. */
const MAX_FILENAME_CHARACTERS = 64 * 1024;
/** The map, seven names and their values. */
const MAX_HEADER_VALUES = 15;
/** A header with short strings counts as more than its size. */
const HEADER_MARGIN_BYTES = 64;
const HEADER = record({
  key: text(64),
  namespace: text(256),
  engine: text(256),
  filename: text(MAX_FILENAME_CHARACTERS),
  source: text(Number.POSITIVE_INFINITY),
  contentBytes: count,
  seal: oneOf('hmac-sha256', 'sha256'),
});

export interface Artifact {
  readonly header: ArtifactHeader;
  /** Bytecode, or an application's data. */
  readonly content: Uint8Array;
  /** The MAC in hex: it identifies the content, whatever the header says. */
  readonly digest: string;
}

export type ArtifactProblem = (typeof ARTIFACT_PROBLEMS)[number];
export const ARTIFACT_PROBLEMS = ['length', 'magic', 'version', 'mac', 'header', 'engine', 'key'] as const;

/** Bytes that are not an artifact that this runtime may load, with the reason. */
export class ArtifactError extends Error {
  readonly problem: ArtifactProblem;

  constructor(problem: ArtifactProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/** A hash or a MAC. */
export interface Sealing {
  update(bytes: Uint8Array): Sealing;
  digest(): Buffer;
}

/** A header before it is sealed. */
export type OpenHeader = Omit<ArtifactHeader, 'seal' | 'contentBytes'>;

/**
 * Seals an artifact: magic, version (u16), header length (u32), MessagePack header, content, MAC of
 * everything before it. Integers are big-endian.
 */
export function sealArtifact(header: OpenHeader, content: Uint8Array, secret: Uint8Array | undefined): Uint8Array {
  const encoded = packMessage(completeHeader(header, content.length, secret));
  const preamble = writePreamble(encoded.length);
  const hash = hashUnder(secret).update(preamble).update(encoded).update(content);
  return concatBytes([preamble, encoded, content, hash.digest()]);
}

export function completeHeader(
  header: OpenHeader,
  contentBytes: number,
  secret: Uint8Array | undefined,
): ArtifactHeader {
  return { ...header, contentBytes, seal: secret === undefined ? 'sha256' : 'hmac-sha256' };
}

export function writePreamble(headerBytes: number): Buffer {
  const preamble = Buffer.alloc(PREAMBLE_BYTES);
  MAGIC.copy(preamble, 0);
  preamble.writeUInt16BE(CONTAINER_VERSION, MAGIC.length);
  preamble.writeUInt32BE(headerBytes, MAGIC.length + 2);
  return preamble;
}

/**
 * Opens a sealed artifact after checking all of its bytes. QuickJS does not verify bytecode, so nothing that
 * fails here may reach the engine.
 *
 * @param secrets the secrets that may have sealed it; none for a seal without a secret
 * @throws ArtifactError naming the check that failed
 */
export function openArtifact(sealed: Uint8Array, engine: string, secrets: readonly Uint8Array[]): Artifact {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
  const { headerEnd, end } = readFrame(bytes, bytes.length);
  const hashes = hashesUnder(secrets);
  for (const hash of hashes) hash.update(bytes.subarray(0, end));
  checkSeal(hashes, bytes.subarray(end), secrets.length > 0);
  if (headerEnd > end) throw new ArtifactError('length', 'has a header that ends outside of it');
  const header = readHeader(bytes.subarray(PREAMBLE_BYTES, headerEnd));
  checkHeader(header, engine, end - headerEnd);
  return { header, content: bytes.subarray(headerEnd, end), digest: bytes.subarray(end).toString('hex') };
}

/** The information in the first bytes of an artifact. The seal is not checked yet. */
export interface Frame {
  readonly headerEnd: number;
  /** The start of the seal. */
  readonly end: number;
}

/**
 * @param start the first bytes, or all of them
 * @param length the total length
 * @throws ArtifactError
 */
export function readFrame(start: Buffer, length: number): Frame {
  if (length < PREAMBLE_BYTES + MAC_BYTES) throw new ArtifactError('length', `has only ${length} bytes`);
  if (!start.subarray(0, MAGIC.length).equals(MAGIC)) throw new ArtifactError('magic', 'is not a compiled handler');
  const version = start.readUInt16BE(MAGIC.length);
  if (version !== CONTAINER_VERSION) {
    throw new ArtifactError('version', `has container version ${version}, expected ${CONTAINER_VERSION}`);
  }
  return { headerEnd: PREAMBLE_BYTES + start.readUInt32BE(MAGIC.length + 2), end: length - MAC_BYTES };
}

/** One for each secret that may have sealed it. */
export function hashesUnder(secrets: readonly Uint8Array[]): Sealing[] {
  return secrets.length === 0 ? [hashUnder(undefined)] : secrets.map(hashUnder);
}

export function hashUnder(secret: Uint8Array | undefined): Sealing {
  return secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
}

/**
 * @param hashes the hashes of the sealed bytes, see {@link hashesUnder}
 * @throws ArtifactError
 */
export function checkSeal(hashes: readonly Sealing[], seal: Uint8Array, hasSecret: boolean): void {
  if (hashes.some((hash) => timingSafeEqual(hash.digest(), seal))) return;
  throw new ArtifactError('mac', hasSecret ? 'is damaged or not sealed with our secret' : 'is damaged');
}

/** @throws ArtifactError */
export function checkHeader({ engine: made, contentBytes }: ArtifactHeader, engine: string, actualBytes: number): void {
  if (made !== engine) throw new ArtifactError('engine', `was compiled for engine ${made}, this is ${engine}`);
  if (contentBytes !== actualBytes) throw new ArtifactError('length', 'has a content length that is wrong');
}

/**
 * If there is a secret, the valid MAC proves that this library wrote it. Otherwise anyone may have written
 * it, so only the fields of a header are accepted.
 */
export function readHeader(encoded: Uint8Array): ArtifactHeader {
  try {
    return readShaped(
      encoded,
      { maxBytes: encoded.length + HEADER_MARGIN_BYTES, maxValues: MAX_HEADER_VALUES },
      HEADER,
    );
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) throw error;
    throw new ArtifactError('header', `has a header that ${error.message}`);
  }
}
