import { LRUCache } from 'lru-cache';
import { isPrepared, type Prepared, PreparedMark, type PrepareOptions } from '../../api/context.js';
import { decodeOwnFields, OWN_DOCUMENT, ValueDecoder } from '../../codec/values/decoding/decode.js';
import { NotTransferable } from '../../codec/values/encoding/not-transferable.js';
import { Tag } from '../../codec/values/format.js';
import { RecordKeys } from '../../codec/values/record-keys.js';
import { Walker } from '../../codec/values/walker.js';
import { invalidArgument } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { encodeSharedInSlices } from '../../protocol/context-encoding.js';
import { covers, type Grant } from '../../protocol/grant.js';
import type { PreparedValue } from '../../protocol/prepared-value.js';
import { sha256 } from '../../support/bytes/byte-slices.js';
import type { SharedBytes } from '../../support/bytes/shared-bytes.js';
import { inSlices } from '../../support/slices.js';

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
  /** Parts that are being made, by the same. */
  readonly #making = new Map<string, Promise<PreparedValue>>();

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
    let document: SharedBytes;
    try {
      document = await encodeSharedInSlices([value], ROOTS, { maxBytes, honoursToJson });
    } catch (error) {
      throw isTooLarge(error) ? this.#tooLarge() : error;
    }
    const hash = (await sha256(document)).toString('hex');
    const known = this.#contents.get(hash);
    if (known === undefined && this.#bytes + document.length > maxBytes) throw this.#tooLarge(document.length);
    const content = known ?? this.#add({ hash, document, handles: 0 });
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
   * @returns a promise if the part is not known: it is made in slices
   * @throws, or rejects with, NexusError SERIALIZATION_ERROR, INVALID_ARGUMENT if it is no plain object
   */
  stateOf(prepared: Prepared, readable: Grant): object | Promise<object> {
    const content = this.#requireState(prepared);
    if (readable === true) return prepared;
    const { keys } = content;
    return keys === undefined
      ? this.#readKeys(content).then((read) => this.#readablePart(prepared, content, read, readable))
      : this.#readablePart(prepared, content, keys, readable);
  }

  #requireState(prepared: Prepared): Content {
    const content = requireContent(() => this.#require(prepared), 'stateSnapshot');
    if (isRecord(content)) return content;
    throw invalidArgument('context.stateSnapshot', prepared, 'a plain object that was prepared, not another value');
  }

  async #readKeys(content: Content): Promise<readonly string[]> {
    const reading = new RecordKeys(content.document);
    content.keys = await inSlices((until) => (reading.run(until) ? { done: reading.keys } : undefined));
    return content.keys;
  }

  #readablePart(
    prepared: Prepared,
    content: Content,
    keys: readonly string[],
    readable: Grant,
  ): object | Promise<object> {
    const read = keys.filter((key) => covers(readable, key));
    if (read.length === keys.length) return prepared;
    const name = `${content.hash} ${JSON.stringify(read)}`;
    const known = this.#parts.get(name);
    if (known !== undefined) return new PreparedPart(known);
    const making = this.#making.get(name) ?? this.#makePart(name, content, read);
    return making.then((part) => new PreparedPart(part));
  }

  /** Calls at the same time share it. */
  #makePart(name: string, content: Content, keys: readonly string[]): Promise<PreparedValue> {
    const making = partOf(content, keys);
    this.#making.set(name, making);
    const forget = () => this.#making.delete(name);
    making.then((part) => {
      forget();
      // Without a handle nobody asks for it again.
      if (content.handles > 0) this.#parts.set(name, part);
    }, forget);
    return making;
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
export class PreparedPart {
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

/** Some keys of a record, as a document of their own. */
async function partOf({ document }: PreparedValue, keys: readonly string[]): Promise<PreparedValue> {
  const decoder = new ValueDecoder(document, true, OWN_DOCUMENT);
  const state = (await inSlices((until) => (decoder.run(until) ? { done: decoder.fields[0] } : undefined))) as Record<
    string,
    unknown
  >;
  const part = Object.fromEntries(keys.map((key) => [key, state[key]]));
  const encoded = await encodeSharedInSlices([part], ROOTS, { maxBytes: Number.POSITIVE_INFINITY });
  return { hash: (await sha256(encoded)).toString('hex'), document: encoded };
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
