import { createHash } from 'node:crypto';

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { CONTAINER_VERSION } from '../cache/artifact.js';
import { FORMS_VERSION, mayBeAnotherForm } from '../source/forms/candidates.js';
import { nameOfShape, type SourceShape } from '../source/forms/source-shape.js';
import { LOWERING_VERSION } from '../source/lowering/version.js';
import { encodeInSlices } from '../source/text-slices.js';
import { isTypeScript, STRIPPER } from '../source/typescript/strip-types.js';
import { WRAPPER_VERSION } from '../source/wrapper.js';

/**
 * From this number of characters on, a source is hashed natively and in slices. In JavaScript, 16 MiB take 90
 * ms, or 500 ms in a cold process.
 */
export const LARGE_SOURCE_CHARACTERS = 64 * 1024;

const LENGTH_BYTES = 4;
/** Of a UTF-16 unit in UTF-8. */
const MAX_BYTES_PER_UNIT = 3;

/** The part of a hash that is used here; that of @noble/hashes and that of Node have it in common. */
interface Hash {
  update(bytes: Uint8Array): unknown;
}

/** A source with everything else that its entry in the cache depends on. */
export interface KeyedText {
  readonly source: string;
  readonly filename: string;
  readonly shape?: SourceShape | undefined;
  /** JSON. */
  readonly sourceMap?: string | undefined;
  /** Whether the entry has the source. @default true */
  readonly keepsSource?: boolean;
}

export interface DerivedKey {
  /** Hex digest. */
  readonly key: string;
  /** The source in UTF-8, if it had to be encoded as a whole. */
  readonly encoded?: Uint8Array<SharedArrayBuffer>;
}

/**
 * Derives the keys of handlers from everything that their bytecode depends on: the hex SHA-256 of
 * length-prefixed fields, so that different inputs never give the same text.
 */
export class KeyDeriver {
  readonly #commonFields: readonly string[];
  /** The hash of the fields that are the same for every handler, computed once. */
  readonly #common: ReturnType<typeof sha256.create>;

  /** @param engine fingerprint of engine and rewrite, see EngineModule */
  constructor(engine: string) {
    this.#common = sha256.create();
    const versions = [`container:${CONTAINER_VERSION}`, `wrapper:${WRAPPER_VERSION}`, `lowering:${LOWERING_VERSION}`];
    this.#commonFields = [...versions, engine];
    absorbAll(this.#common, this.#commonFields);
  }

  /** The source map is not looked at: a source with one is one for {@link deriveInSlices}. */
  derive(text: KeyedText): string {
    const hash = this.#common.clone();
    hash.update(framed([...fieldsOf(text), text.source]));
    return bytesToHex(hash.digest());
  }

  /** {@link derive} for a large source, and one with a source map, with turns of the event loop in between. */
  async deriveInSlices(text: KeyedText): Promise<DerivedKey> {
    const hash = createHash('sha256');
    const map = text.sourceMap === undefined ? [] : [`map:${await digestOf(text.sourceMap)}`];
    absorbAll(hash, [...this.#commonFields, ...map, ...fieldsOf(text)]);
    const encoded = await encodeInSlices(
      text.source,
      (bytes) => hash.update(lengthOf(bytes)),
      (slice) => hash.update(slice),
    );
    return { key: hash.digest('hex'), encoded };
  }
}

async function digestOf(text: string): Promise<string> {
  const hash = createHash('sha256');
  await encodeInSlices(text, undefined, (slice) => hash.update(slice));
  return hash.digest('hex');
}

/** No name of a file begins like the fields before it and is followed by as many. */
function fieldsOf({ source, filename, shape, keepsSource = true }: KeyedText): string[] {
  const fields = formFieldsOf(source, filename, shape);
  return keepsSource ? fields : ['source:left out', ...fields];
}

function formFieldsOf(source: string, filename: string, shape: SourceShape | undefined): string[] {
  const fields = isTypeScript(filename) ? [`types:${STRIPPER}`, filename] : [filename];
  if (shape !== undefined) return [`shape:${FORMS_VERSION}`, nameOfShape(shape), ...fields];
  return mayBeAnotherForm(source) ? [`forms:${FORMS_VERSION}`, ...fields] : fields;
}

function absorbAll(hash: Hash, fields: readonly string[]): void {
  hash.update(framed(fields));
}

/** Each field behind its length, as one piece: for a small source, the calls of the hash take longer than its bytes. */
function framed(fields: readonly string[]): Uint8Array {
  let atMost = 0;
  for (const { length } of fields) atMost += LENGTH_BYTES + length * MAX_BYTES_PER_UNIT;
  const bytes = Buffer.allocUnsafe(atMost);
  let at = 0;
  for (const field of fields) {
    const length = bytes.write(field, at + LENGTH_BYTES, 'utf8');
    bytes.writeUInt32BE(length, at);
    at += LENGTH_BYTES + length;
  }
  return bytes.subarray(0, at);
}

function lengthOf(bytes: number): Uint8Array {
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, bytes);
  return length;
}
