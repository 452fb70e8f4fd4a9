const VERSION_BYTES = 2;
const LENGTH_BYTES = 4;
const MAGIC_BYTES = 4;
/** Magic and version. */
export const MARK_BYTES = MAGIC_BYTES + VERSION_BYTES;
/** Mark and length of the header. */
export const PREAMBLE_BYTES = MARK_BYTES + LENGTH_BYTES;

/** What is wrong with the first bytes of a container. */
export type MarkFault =
  | { readonly check: 'length'; readonly bytes: number }
  | { readonly check: 'magic' }
  | { readonly check: 'version'; readonly version: number; readonly expected: number };

/** What all containers of one kind begin with. */
export interface ContainerKind {
  /** Four characters of Latin-1. */
  readonly magic: string;
  /** Raised whenever the layout changes: another version is refused. */
  readonly version: number;
  /** Fewer cannot be a container of this kind. */
  readonly minBytes: number;
}

/**
 * How containers begin: magic, version (u16), and in most of them right behind it the header's length (u32). Integers are big-endian.
 * What follows, and what of it is sealed, is the kind's own matter.
 */
export class ContainerFormat {
  readonly version: number;
  readonly #magic: Buffer;
  readonly #minBytes: number;

  constructor({ magic, version, minBytes }: ContainerKind) {
    this.version = version;
    this.#magic = Buffer.from(magic, 'latin1');
    this.#minBytes = minBytes;
  }

  mark(): Buffer {
    const mark = Buffer.alloc(MARK_BYTES);
    this.#magic.copy(mark);
    mark.writeUInt16BE(this.version, MAGIC_BYTES);
    return mark;
  }

  preamble(headerBytes: number): Buffer {
    return Buffer.concat([this.mark(), lengthPrefix(headerBytes)]);
  }

  /**
   * @param start the first bytes, or all
   * @param length of all
   */
  faultOf(start: Buffer, length = start.length): MarkFault | undefined {
    if (length < this.#minBytes) return { check: 'length', bytes: length };
    if (!start.subarray(0, MAGIC_BYTES).equals(this.#magic)) return { check: 'magic' };
    const version = start.readUInt16BE(MAGIC_BYTES);
    return version === this.version ? undefined : { check: 'version', version, expected: this.version };
  }
}

export function lengthPrefix(headerBytes: number): Buffer {
  const prefix = Buffer.alloc(LENGTH_BYTES);
  prefix.writeUInt32BE(headerBytes);
  return prefix;
}

/** How long a header says it is. It may lie. */
export function headerLengthAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at);
}

/**
 * Parts a header from what follows it.
 *
 * @param content in which the header's length begins at `at`; it ends where the seal begins
 * @returns views; undefined when the header would end outside
 */
export function splitHeader(
  content: Buffer,
  at: number,
): { readonly header: Buffer; readonly payload: Buffer } | undefined {
  const begin = at + LENGTH_BYTES;
  if (begin > content.length) return undefined;
  const end = begin + headerLengthAt(content, at);
  if (end > content.length) return undefined;
  return { header: content.subarray(begin, end), payload: content.subarray(end) };
}
