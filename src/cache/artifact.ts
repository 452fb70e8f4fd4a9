import { packMessage } from '../codec/message-pack.js';
import { MalformedMessageError } from '../codec/message-reader.js';
import { count, list, oneOf, readShaped, record, text } from '../codec/message-shape.js';
import { MAX_ENTRIES, MAX_ENTRY_CHARACTERS } from '../source/forms/entries.js';
import type { StoredSourceMap } from '../source/source-map/stored-map.js';
import {
  ContainerFormat,
  lengthPrefix,
  MARK_BYTES,
  PREAMBLE_BYTES,
  splitHeader,
} from '../support/sealed-container/container-format.js';
import { sealWhole } from '../support/sealed-container/passing.js';
import {
  anyOf,
  DIGEST_BYTES,
  digestSeal,
  macSeal,
  type Seal,
  type SealCheck,
} from '../support/sealed-container/seals.js';

/** Raise it whenever the layout changes: unknown versions are refused. */
export const CONTAINER_VERSION = 2;

/** The length of the source map, in front of the seal. */
const MAP_LENGTH_BYTES = 4;
/** What stands behind the source map. */
export const TRAILER_BYTES = MAP_LENGTH_BYTES + DIGEST_BYTES;

export const ARTIFACT_FORMAT = new ContainerFormat({
  magic: 'NXQJ',
  version: CONTAINER_VERSION,
  minBytes: PREAMBLE_BYTES + MAP_LENGTH_BYTES + DIGEST_BYTES,
});

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
  /** Names of the entry points of a handler. Absent for a body. */
  readonly entries?: readonly string[];
  /** Hex SHA-256 of the source map, if there is one. It vouches for the map, which the seal does not cover. */
  readonly sourceMapDigest?: string;
  readonly contentBytes: number;
  /** `'hmac-sha256'` if it was sealed with a secret. */
  readonly seal: 'hmac-sha256' | 'sha256';
}

/** Long enough for any path of a file system. */
const MAX_FILENAME_CHARACTERS = 64 * 1024;
/** The map, nine names and their values, and the entry points. */
const MAX_HEADER_VALUES = 19 + MAX_ENTRIES;
/** A header with short strings counts as more than its size. */
const HEADER_MARGIN_BYTES = 64;
const HEADER = record(
  {
    key: text(64),
    namespace: text(256),
    engine: text(256),
    filename: text(MAX_FILENAME_CHARACTERS),
    source: text(Number.POSITIVE_INFINITY),
    contentBytes: count,
    seal: oneOf('hmac-sha256', 'sha256'),
  },
  { entries: list(text(MAX_ENTRY_CHARACTERS), MAX_ENTRIES), sourceMapDigest: text(64) },
);

export interface Artifact {
  readonly header: ArtifactHeader;
  /** Bytecode, or an application's data. */
  readonly content: Uint8Array;
  /** Of a handler, a view of what was opened. It is not checked. */
  readonly sourceMap?: StoredSourceMap;
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

/** What a header says before it is sealed. */
export type OpenHeader = Omit<ArtifactHeader, 'seal' | 'contentBytes' | 'sourceMapDigest'>;

/**
 * Seals an artifact: magic, version (u16), header length (u32), MessagePack header, content, source map,
 * length of the source map (u32), MAC of everything before it but the source map, whose digest is in the header:
 * it is not read when the artifact is opened. Integers are big-endian.
 */
export function sealArtifact(
  header: OpenHeader,
  content: Uint8Array,
  secret: Uint8Array | undefined,
  sourceMap?: StoredSourceMap,
): Uint8Array {
  const encoded = packMessage(completeHeader(header, content.length, secret, sourceMap));
  const parts = [ARTIFACT_FORMAT.preamble(encoded.length), encoded, content, mapLength(sourceMap)];
  return withMap(sealWhole(sealUnder(secret), parts), sourceMap);
}

/** The length of the source map as it is sealed. */
export function mapLength(sourceMap: StoredSourceMap | undefined): Uint8Array {
  return lengthPrefix(sourceMap?.deflated.length ?? 0);
}

/** Puts the source map into what was sealed. */
export function withMap(sealed: Uint8Array, sourceMap: StoredSourceMap | undefined): Uint8Array {
  if (sourceMap === undefined) return sealed;
  const at = sealed.length - TRAILER_BYTES;
  const whole = new Uint8Array(sealed.length + sourceMap.deflated.length);
  whole.set(sealed.subarray(0, at));
  whole.set(sourceMap.deflated, at);
  whole.set(sealed.subarray(at), at + sourceMap.deflated.length);
  return whole;
}

/** An artifact in parts. */
export interface ArtifactParts {
  /** Preamble, header and content. */
  readonly front: Uint8Array;
  readonly map: Uint8Array;
  /** The length of the map, and the seal: a copy. */
  readonly trailer: Buffer;
}

/**
 * Finds the source map, which is neither sealed nor checked.
 *
 * @throws ArtifactError if it would begin outside: then the length is damaged
 */
export function splitMap(sealed: Uint8Array): ArtifactParts {
  const lengthAt = sealed.length - TRAILER_BYTES;
  const trailer = Buffer.from(sealed.subarray(lengthAt));
  const mapAt = lengthAt - trailer.readUInt32BE(0);
  if (mapAt < PREAMBLE_BYTES) throw new ArtifactError('mac', 'is damaged');
  return { front: sealed.subarray(0, mapAt), map: sealed.subarray(mapAt, lengthAt), trailer };
}

/** The seal, if it is right. @throws ArtifactError */
export function sealIn(trailer: Buffer, check: SealCheck, secrets: readonly Uint8Array[]): Buffer {
  const seal = trailer.subarray(MAP_LENGTH_BYTES);
  check.update(trailer.subarray(0, MAP_LENGTH_BYTES));
  if (!check.matches(seal)) throw wrongSeal(secrets);
  return seal;
}

/** @throws ArtifactError if only one of the two is there */
export function mapOf({ sourceMapDigest: digest }: ArtifactHeader, map: Uint8Array): StoredSourceMap | undefined {
  if ((digest === undefined) !== (map.length === 0))
    throw new ArtifactError('length', 'has a source map that is wrong');
  return digest === undefined ? undefined : { deflated: map, digest };
}

export function completeHeader(
  header: OpenHeader,
  contentBytes: number,
  secret: Uint8Array | undefined,
  sourceMap: StoredSourceMap | undefined,
): ArtifactHeader {
  return {
    ...header,
    ...(sourceMap && { sourceMapDigest: sourceMap.digest }),
    contentBytes,
    seal: secret === undefined ? 'sha256' : 'hmac-sha256',
  };
}

/**
 * Opens a sealed artifact after checking all of its bytes but those of a source map. QuickJS does not verify bytecode, so nothing that
 * fails here may reach the engine.
 *
 * @param secrets the secrets that may have sealed it; none for a seal without a secret
 * @throws ArtifactError naming the check that failed
 */
export function openArtifact(sealed: Uint8Array, engine: string, secrets: readonly Uint8Array[]): Artifact {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
  checkMark(bytes, bytes.length);
  return openParts(splitMap(bytes), engine, secrets);
}

/** {@link openArtifact} of what has the right mark. */
export function openParts(
  { front, map, trailer }: ArtifactParts,
  engine: string,
  secrets: readonly Uint8Array[],
): Artifact {
  const check = checkUnder(secrets);
  check.update(front);
  const seal = sealIn(trailer, check, secrets);
  const parts = splitHeader(Buffer.from(front.buffer, front.byteOffset, front.length), MARK_BYTES);
  if (parts === undefined) throw headerOutside();
  const header = readHeader(parts.header);
  checkHeader(header, engine, parts.payload.length);
  const sourceMap = mapOf(header, map);
  return { header, content: parts.payload, digest: seal.toString('hex'), ...(sourceMap && { sourceMap }) };
}

/**
 * @param start the first bytes, or all of them
 * @param length the total length
 * @throws ArtifactError
 */
export function checkMark(start: Buffer, length: number): void {
  const fault = ARTIFACT_FORMAT.faultOf(start, length);
  if (fault === undefined) return;
  if (fault.check === 'length') throw new ArtifactError('length', `has only ${fault.bytes} bytes`);
  if (fault.check === 'magic') throw new ArtifactError('magic', 'is not a compiled handler');
  throw new ArtifactError('version', `has container version ${fault.version}, expected ${fault.expected}`);
}

export function sealUnder(secret: Uint8Array | undefined): Seal & SealCheck {
  return secret === undefined ? digestSeal() : macSeal(secret);
}

/** @param secrets any of them may have sealed it; none for a seal without a secret */
export function checkUnder(secrets: readonly Uint8Array[]): SealCheck {
  return secrets.length === 0 ? digestSeal() : anyOf(secrets.map((secret) => macSeal(secret)));
}

export function wrongSeal(secrets: readonly Uint8Array[]): ArtifactError {
  return new ArtifactError('mac', secrets.length > 0 ? 'is damaged or not sealed with our secret' : 'is damaged');
}

export function headerOutside(): ArtifactError {
  return new ArtifactError('length', 'has a header that ends outside of it');
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

/**
 * What an artifact says of itself, for people: its header, and whether its seal is right.
 *
 * @param secrets as for {@link openArtifact}
 * @returns `isIntact` is undefined for a seal of which no secret is given
 * @throws ArtifactError if it has no header that can be read
 */
export function describeArtifact(
  sealed: Uint8Array,
  secrets: readonly Uint8Array[],
): { readonly header: ArtifactHeader; readonly isIntact: boolean | undefined; readonly sourceMapBytes: number } {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length);
  checkMark(bytes, bytes.length);
  const { front, map, trailer } = splitMap(bytes);
  const parts = splitHeader(Buffer.from(front.buffer, front.byteOffset, front.length), MARK_BYTES);
  if (parts === undefined) throw headerOutside();
  const header = readHeader(parts.header);
  const canCheck = header.seal === 'sha256' || secrets.length > 0;
  const check = checkUnder(header.seal === 'sha256' ? [] : secrets);
  check.update(front);
  check.update(trailer.subarray(0, MAP_LENGTH_BYTES));
  const isIntact = canCheck ? check.matches(trailer.subarray(MAP_LENGTH_BYTES)) : undefined;
  return { header, isIntact, sourceMapBytes: map.length };
}
