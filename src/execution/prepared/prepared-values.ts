import { LRUCache } from 'lru-cache';
import { isPrepared, type Prepared, PreparedMark, type PrepareOptions } from '../../api/context.js';
import { decodeOwnFields } from '../../codec/values/decoding/decode.js';
import { NotTransferable } from '../../codec/values/encoding/not-transferable.js';
import { Tag } from '../../codec/values/format.js';
import { Walker } from '../../codec/values/walker.js';
import { invalidArgument } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { encodeFields, encodeFieldsInSlices } from '../../protocol/context-encoding.js';
import { covers, type Grant } from '../../protocol/grant.js';
import type { PreparedValue } from '../../protocol/prepared-value.js';
import { sha256 } from '../../support/byte-slices.js';
import { sha256Hex } from '../../support/sha256-hex.js';
import { toShared } from '../../support/shared-bytes.js';

const ROOTS = ['value'];
/** Of one call: images are found by the list of them. */
const MAX_VALUES = 100;

/** A document, once for all handles with the same content. */
interface Content extends PreparedValue {
  /** Once they were asked for: the keys of a plain object. */
  keys?: readonly string[];
  /** Undisposed handles. */
  handles: number;
}

/** The values that a runtime has prepared. */
export class PreparedValues {
  readonly #maxBytes: number;
  /** By hash: those with handles. */
  readonly #contents = new Map<string, Content>();
  #bytes = 0;
  /** The content of a handle; undefined once it is disposed. */
  readonly #handles = new WeakMap<object, Content | undefined>();
  /** A handle that nobody has any more needs no bytes. */
  readonly #forgotten = new FinalizationRegistry<Content>((content) => this.#release(content));
  /** Parts of states, for calls that may read no more: by hash and keys. */
  readonly #parts: LRUCache<string, PreparedValue>;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#parts = new LRUCache({
      maxSize: Math.max(1, maxBytes),
      sizeCalculation: ({ document }) => Math.max(1, document.length),
    });
  }

  /** Bytes of all values that are not disposed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws NexusError SERIALIZATION_ERROR naming the path, INVALID_ARGUMENT if it is too large */
  async prepare(value: unknown, { toJSON: honoursToJson = false }: PrepareOptions = {}): Promise<Prepared> {
    const maxBytes = this.#maxBytes;
    let encoded: Uint8Array;
    try {
      encoded = await encodeFieldsInSlices([value], ROOTS, { maxBytes, honoursToJson });
    } catch (error) {
      throw isTooLarge(error) ? this.#tooLarge() : error;
    }
    const hash = (await sha256(encoded)).toString('hex');
    const known = this.#contents.get(hash);
    if (known === undefined && this.#bytes + encoded.length > maxBytes) throw this.#tooLarge(encoded.length);
    const content = known ?? this.#add({ hash, document: toShared(encoded), handles: 0 });
    content.handles++;
    const handle: PreparedHandle = new PreparedHandle(content, {
      value: () => this.#valueOf(handle),
      dispose: () => this.#dispose(handle),
    });
    this.#handles.set(handle, content);
    this.#forgotten.register(handle, content, handle);
    return handle;
  }

  #add(content: Content): Content {
    this.#contents.set(content.hash, content);
    this.#bytes += content.document.length;
    return content;
  }

  #dispose(handle: Prepared): void {
    const content = this.#handles.get(handle);
    if (content === undefined) return;
    this.#handles.set(handle, undefined);
    this.#forgotten.unregister(handle);
    this.#release(content);
  }

  #release(content: Content): void {
    if (--content.handles > 0) return;
    this.#contents.delete(content.hash);
    this.#bytes -= content.document.length;
    for (const key of [...this.#parts.keys()]) if (key.startsWith(content.hash)) this.#parts.delete(key);
  }

  /** Collects the prepared values of one call. */
  collect(): PreparedReferences {
    return new PreparedReferences((value) => this.#require(value));
  }

  /** @throws NotTransferable if it was disposed, or another runtime prepared it */
  #require(value: Prepared): Content {
    const content = this.#handles.get(value);
    if (content !== undefined) return content;
    throw new NotTransferable(
      this.#handles.has(value)
        ? 'is a prepared value that was disposed; prepare it again'
        : 'is a prepared value of another runtime; prepare it with the runtime that makes the call',
    );
  }

  /**
   * What stands for a prepared state in a document: itself, or the part of it that may be read.
   *
   * @throws NexusError SERIALIZATION_ERROR, INVALID_ARGUMENT if it is no plain object
   */
  stateOf(prepared: Prepared, readable: Grant): object {
    const content = requireContent(() => this.#require(prepared), 'stateSnapshot');
    if (!isRecord(content)) {
      throw invalidArgument('context.stateSnapshot', prepared, 'a plain object that was prepared, not another value');
    }
    if (readable === true) return prepared;
    content.keys ??= keysOf(content);
    const { keys } = content;
    const read = keys.filter((key) => covers(readable, key));
    return read.length === keys.length ? prepared : new PreparedPart(this.#part(content, read));
  }

  #part(content: Content, keys: readonly string[]): PreparedValue {
    const name = `${content.hash} ${JSON.stringify(keys)}`;
    const known = this.#parts.get(name);
    if (known !== undefined) return known;
    const state = decodedValueOf(content) as Record<string, unknown>;
    const part = Object.fromEntries(keys.map((key) => [key, state[key]]));
    const encoded = encodeFields([part], ROOTS, { maxBytes: Number.POSITIVE_INFINITY });
    const made = { hash: sha256Hex(encoded), document: toShared(encoded) };
    this.#parts.set(name, made);
    return made;
  }

  #valueOf(handle: Prepared): unknown {
    return decodedValueOf(requireContent(() => this.#require(handle), 'value'));
  }

  #tooLarge(bytes?: number): NexusError {
    const size = bytes === undefined ? 'more bytes than' : `${bytes} bytes, more than`;
    const used = this.#bytes === 0 ? '' : ` beside the ${this.#bytes} that are prepared already`;
    return new NexusError(
      'INVALID_ARGUMENT',
      `The value has ${size} maxPreparedBytes (${this.#maxBytes}) allows${used}; small objects count more than they have. Dispose of prepared values, prepare less, or raise maxPreparedBytes.`,
      {
        context: {
          limit: 'maxPreparedBytes',
          value: this.#maxBytes,
          used: this.#bytes,
          ...(bytes !== undefined && { bytes }),
        },
      },
    );
  }
}

/** The prepared values to which a document refers, in the order of their numbers. */
export class PreparedReferences {
  readonly #require: (value: Prepared) => PreparedValue;
  #values: PreparedValue[] | undefined;
  /** By number. Two that are encoded alike are two objects, as the values themselves would be. */
  readonly #handles: object[] = [];

  constructor(require: (value: Prepared) => PreparedValue) {
    this.#require = require;
  }

  /** Undefined if there are none. */
  get values(): readonly PreparedValue[] | undefined {
    return this.#values;
  }

  /** For the encoder. @throws NotTransferable */
  readonly numberOf = (value: object): number | undefined => {
    if (value instanceof PreparedPart) return this.#add(value, value.content);
    return isPrepared(value) ? this.#add(value, this.#require(value)) : undefined;
  };

  #add(handle: object, content: PreparedValue): number {
    const known = this.#handles.indexOf(handle);
    if (known >= 0) return known;
    if (this.#handles.length >= MAX_VALUES) {
      throw new NotTransferable(`is one of more than ${MAX_VALUES} prepared values; prepare them as one`);
    }
    this.#handles.push(handle);
    this.#values ??= [];
    return this.#values.push(content) - 1;
  }
}

/** What stands for the state in a document: the part of a prepared one that may be read. */
class PreparedPart {
  readonly content: PreparedValue;

  constructor(content: PreparedValue) {
    this.content = content;
  }
}

class PreparedHandle extends PreparedMark implements Prepared {
  readonly bytes: number;
  readonly hash: string;
  readonly #dispose: () => void;

  constructor(
    { hash, document }: PreparedValue,
    { value, dispose }: { readonly value: () => unknown; readonly dispose: () => void },
  ) {
    super(value);
    this.hash = hash;
    this.bytes = document.length;
    this.#dispose = dispose;
  }

  dispose(): void {
    this.#dispose();
  }

  [Symbol.dispose](): void {
    this.#dispose();
  }
}
Object.defineProperty(PreparedHandle, 'name', { value: 'Prepared' });

function isRecord({ document }: PreparedValue): boolean {
  const walker = new Walker(document);
  walker.enterDocument();
  return walker.reader.byte() === Tag.object;
}

/** Of one that {@link isRecord}. */
function keysOf({ document }: PreparedValue): readonly string[] {
  const walker = new Walker(document);
  walker.enterDocument();
  const keys: string[] = [];
  for (let members = walker.enterRecord(); members > 0; members--) {
    keys.push(walker.name());
    walker.skip();
  }
  return keys;
}

function decodedValueOf({ document }: PreparedValue): unknown {
  return decodeOwnFields(document)[0];
}

function requireContent<T>(require: () => T, path: string): T {
  try {
    return require();
  } catch (error) {
    if (!(error instanceof NotTransferable)) throw error;
    throw new NexusError('SERIALIZATION_ERROR', `${path} ${error.reason}.`, { context: { path } });
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof NexusError && error.context['limit'] === 'maxContextBytes';
}
