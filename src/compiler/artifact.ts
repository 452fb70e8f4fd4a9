import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { packMessage } from '../contract/message-pack.js';
import { MalformedMessageError } from '../contract/message-reader.js';
import { count, oneOf, readShaped, record, text } from '../contract/message-shape.js';

/** Raise it whenever the layout changes: an unknown version is refused. */
export const CONTAINER_VERSION = 1;

const MAGIC = Buffer.from('NXQJ', 'latin1');
const PREAMBLE_BYTES = MAGIC.length + 2 + 4;
const MAC_BYTES = 32;

/** Everything an artifact says about itself. What its key depends on stands here in full. */
export interface ArtifactHeader {
  /** Hex SHA-256, see `key.ts`. */
  readonly key: string;
  /** `'handler'` for bytecode; data of an application has the application's own. */
  readonly namespace: string;
  readonly engine: string;
  readonly filename: string;
  /** The author's text, for snippets in errors. Never executed. */
  readonly source: string;
  readonly contentBytes: number;
  /** `'hmac-sha256'` when it was sealed with a secret. */
  readonly seal: 'hmac-sha256' | 'sha256';
}

/** Long enough for any path of a file system. */
const MAX_FILENAME_CHARACTERS = 64 * 1024;
/** The map, seven names and what they name. */
const MAX_HEADER_VALUES = 15;
/** A header with short texts counts more than it has bytes. */
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
  /** The MAC, hex: names the content, whatever the header says. */
  readonly digest: string;
}

export type ArtifactProblem = (typeof ARTIFACT_PROBLEMS)[number];
export const ARTIFACT_PROBLEMS = ['length', 'magic', 'version', 'mac', 'header', 'engine', 'key'] as const;

/** Bytes that are no artifact this runtime may load, and why. */
export class ArtifactError extends Error {
  readonly problem: ArtifactProblem;

  constructor(problem: ArtifactProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

/**
 * Seals an artifact: magic, version (u16), header length (u32), MessagePack header, content, MAC over all before it.
 * Integers are big-endian.
 */
export function sealArtifact(
  header: Omit<ArtifactHeader, 'seal' | 'contentBytes'>,
  content: Uint8Array,
  secret: Uint8Array | undefined,
): Uint8Array {
  const complete: ArtifactHeader = {
    ...header,
    contentBytes: content.length,
    seal: secret === undefined ? 'sha256' : 'hmac-sha256',
  };
  const encoded = packMessage(complete);
  const sealed = Buffer.alloc(PREAMBLE_BYTES + encoded.length + content.length + MAC_BYTES);
  MAGIC.copy(sealed, 0);
  sealed.writeUInt16BE(CONTAINER_VERSION, MAGIC.length);
  sealed.writeUInt32BE(encoded.length, MAGIC.length + 2);
  sealed.set(encoded, PREAMBLE_BYTES);
  sealed.set(content, PREAMBLE_BYTES + encoded.length);
  const end = sealed.length - MAC_BYTES;
  sealed.set(mac(sealed.subarray(0, end), secret), end);
  return sealed;
}

/**
 * Opens a sealed artifact after checking every byte of it. QuickJS does not verify bytecode, so nothing that fails here
 * may reach the engine.
 *
 * @param secrets any of them may have sealed it; none for a seal without a secret
 * @throws ArtifactError naming the check that failed
 */
export function openArtifact(sealed: Uint8Array, engine: string, secrets: readonly Uint8Array[]): Artifact {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
  if (bytes.length < PREAMBLE_BYTES + MAC_BYTES) throw new ArtifactError('length', `has only ${bytes.length} bytes`);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new ArtifactError('magic', 'is no compiled handler');
  const version = bytes.readUInt16BE(MAGIC.length);
  if (version !== CONTAINER_VERSION) {
    throw new ArtifactError('version', `has container version ${version}, expected ${CONTAINER_VERSION}`);
  }
  const end = bytes.length - MAC_BYTES;
  if (!isSealed(bytes.subarray(0, end), bytes.subarray(end), secrets)) {
    throw new ArtifactError('mac', secrets.length === 0 ? 'is damaged' : 'is damaged or not sealed with our secret');
  }
  const headerEnd = PREAMBLE_BYTES + bytes.readUInt32BE(MAGIC.length + 2);
  if (headerEnd > end) throw new ArtifactError('length', 'has a header that ends outside of it');
  const header = readHeader(bytes.subarray(PREAMBLE_BYTES, headerEnd));
  if (header.engine !== engine) {
    throw new ArtifactError('engine', `was compiled for engine ${header.engine}, this is ${engine}`);
  }
  if (header.contentBytes !== end - headerEnd) throw new ArtifactError('length', 'has a content length that is wrong');
  return { header, content: bytes.subarray(headerEnd, end), digest: bytes.subarray(end).toString('hex') };
}

function isSealed(bytes: Uint8Array, seal: Uint8Array, secrets: readonly Uint8Array[]): boolean {
  const candidates = secrets.length === 0 ? [undefined] : secrets;
  return candidates.some((secret) => timingSafeEqual(mac(bytes, secret), seal));
}

function mac(bytes: Uint8Array, secret: Uint8Array | undefined): Buffer {
  const hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  return hash.update(bytes).digest();
}

/**
 * The MAC was right, so this is our own writing, unless there is no secret: then anyone may have written it, and nothing but the fields
 * of a header is read.
 */
function readHeader(encoded: Uint8Array): ArtifactHeader {
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
