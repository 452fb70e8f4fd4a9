import { packMessage } from '../codec/message-pack.js';
import type { StoredSourceMap } from '../source/source-map/stored-map.js';
import { decodeInSlices, encodeInSlices } from '../source/text-slices.js';
import { headerLengthAt, MARK_BYTES, PREAMBLE_BYTES } from '../support/sealed-container/container-format.js';
import { openInTurns, sealInTurns } from '../support/sealed-container/passing.js';
import {
  ARTIFACT_FORMAT,
  type Artifact,
  ArtifactError,
  type ArtifactHeader,
  checkHeader,
  checkMark,
  checkUnder,
  completeHeader,
  headerOutside,
  mapLength,
  mapOf,
  type OpenHeader,
  openParts,
  readHeader,
  sealArtifact,
  sealIn,
  sealUnder,
  splitMap,
  withMap,
} from './artifact.js';
import { locateSource, TEXT_32 } from './header-source.js';

/** Smaller ones take some 2 ms as a whole. */
const SLICED_FROM_BYTES = 1024 * 1024;
/** Room for a header without its source. */
const HEADER_MARGIN_BYTES = 256 * 1024;
/** Larger than the bytecode of any source, and than what can be read at once. */
export const MAX_ARTIFACT_BYTES = 512 * 1024 * 1024;
/**
 * Decoding a longer source as one string would block the thread: it is left out, and errors have lines but no
 * snippet.
 */
const MAX_DECODED_SOURCE_BYTES = 4 * 1024 * 1024;
const TEXT_32_BYTES = 5;
const EMPTY_TEXT = Buffer.from(packMessage(''));

export interface OpeningOptions {
  /** Fingerprint of the engine. */
  readonly engine: string;
  /** The secrets that may have sealed it; none for a seal without a secret. */
  readonly secrets: readonly Uint8Array[];
  /** The same limit as for a source that is compiled here. */
  readonly maxSourceBytes: number;
}

/** {@link sealArtifact}, in slices for a large one, with turns of the event loop in between. */
export async function sealInSlices(
  header: OpenHeader,
  content: Uint8Array,
  secret: Uint8Array | undefined,
  sourceMap?: StoredSourceMap,
): Promise<Uint8Array> {
  if (header.source.length + content.length < SLICED_FROM_BYTES)
    return sealArtifact(header, content, secret, sourceMap);
  const encoded = await encodeHeader(completeHeader(header, content.length, secret, sourceMap));
  const parts = [ARTIFACT_FORMAT.preamble(encoded.length), encoded, content, mapLength(sourceMap)];
  return withMap(await sealInTurns(sealUnder(secret), parts), sourceMap);
}

/**
 * {@link openParts}, in slices for a large one. It is copied before it is checked, so the original may
 * change meanwhile; only the source map is a view of it. A source of more than 4 MiB is checked and left out.
 *
 * @throws ArtifactError naming the check that failed
 */
export async function openInSlices(
  sealed: Uint8Array,
  { engine, secrets, maxSourceBytes }: OpeningOptions,
): Promise<Artifact> {
  if (sealed.length > MAX_ARTIFACT_BYTES) {
    throw new ArtifactError('length', `has ${sealed.length} bytes, at most ${MAX_ARTIFACT_BYTES} can be right`);
  }
  const preamble = Buffer.from(sealed.subarray(0, PREAMBLE_BYTES));
  checkMark(preamble, sealed.length);
  const headerEnd = PREAMBLE_BYTES + headerLengthAt(preamble, MARK_BYTES);
  if (headerEnd > PREAMBLE_BYTES + maxSourceBytes + HEADER_MARGIN_BYTES) throw tooLong(headerEnd, maxSourceBytes);
  if (sealed.length < SLICED_FROM_BYTES) {
    const parts = splitMap(sealed);
    const artifact = openParts({ ...parts, front: new Uint8Array(parts.front) }, engine, secrets);
    const sourceBytes = Buffer.byteLength(artifact.header.source, 'utf8');
    if (sourceBytes > maxSourceBytes) throw tooLong(sourceBytes, maxSourceBytes);
    return artifact;
  }
  const { front, map, trailer } = splitMap(sealed);
  const end = front.length;
  const headerIn = sealed.subarray(PREAMBLE_BYTES, Math.min(headerEnd, end));
  const contentIn = sealed.subarray(Math.min(headerEnd, end), end);
  const check = checkUnder(secrets);
  check.update(preamble);
  const encoded = await openInTurns(check, headerIn, Buffer.allocUnsafeSlow(headerIn.length));
  const content = await openInTurns(check, contentIn, new Uint8Array(new SharedArrayBuffer(contentIn.length)));
  const seal = sealIn(trailer, check, secrets);
  if (headerEnd > end) throw headerOutside();
  const header = await decodeHeader(encoded, maxSourceBytes);
  checkHeader(header, engine, content.length);
  const sourceMap = mapOf(header, map);
  return { header, content, digest: seal.toString('hex'), ...(sourceMap && { sourceMap }) };
}

/** The source is encoded separately: MessagePack takes 0.2 s for 16 MiB. */
async function encodeHeader(header: ArtifactHeader): Promise<Uint8Array> {
  if (header.source.length < SLICED_FROM_BYTES) return packMessage(header);
  const encoded = Buffer.from(packMessage({ ...header, source: '' }));
  const place = locateSource(encoded);
  if (place === undefined) throw new Error('A header has no source.');
  const source = await encodeInSlices(header.source);
  const type = Buffer.alloc(TEXT_32_BYTES);
  type.writeUInt8(TEXT_32, 0);
  type.writeUInt32BE(source.length, 1);
  return Buffer.concat([encoded.subarray(0, place.start), type, source, encoded.subarray(place.end)]);
}

/** The source is decoded separately, in slices. */
async function decodeHeader(encoded: Buffer, maxSourceBytes: number): Promise<ArtifactHeader> {
  const place = locateSource(encoded);
  if (place === undefined) throw new ArtifactError('header', 'has a header that is not one of an artifact');
  const { start, textStart, end } = place;
  if (end - textStart > maxSourceBytes) throw tooLong(end - textStart, maxSourceBytes);
  const rest = Buffer.concat([encoded.subarray(0, start), EMPTY_TEXT, encoded.subarray(end)]);
  if (rest.length > HEADER_MARGIN_BYTES) throw new ArtifactError('header', `has a header of ${rest.length} bytes`);
  const header = readHeader(rest);
  const isLeftOut = end - textStart > MAX_DECODED_SOURCE_BYTES;
  return { ...header, source: isLeftOut ? '' : await decodeInSlices(encoded.subarray(textStart, end)) };
}

function tooLong(bytes: number, maxSourceBytes: number): ArtifactError {
  return new ArtifactError('header', `has a source of ${bytes} bytes; maxSourceBytes is ${maxSourceBytes}`);
}
