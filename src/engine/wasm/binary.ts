import { encodeUnsigned, LebReader } from './leb128.js';

const HEADER_BYTES = 8;

const SectionId = { import: 2, function: 3, global: 6, export: 7, code: 10 } as const;
const ExternalKind = { function: 0, table: 1, memory: 2, global: 3 } as const;

interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

/**
 * A WebAssembly binary, opened just as far as appending needs: functions can be read, copied under a new index and
 * exported. What is there is carried over byte for byte, so existing indices stay valid.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 */
export class WasmBinary {
  readonly #header: Uint8Array;
  readonly #sections: readonly Section[];
  readonly #importedFunctions: number;
  readonly #exports: ReadonlyMap<string, { kind: number; index: number }>;
  readonly #appended = new Map<number, Uint8Array[]>();
  #functionCount: number;

  /** @throws RangeError when the bytes are not a well-formed module of the shape emscripten makes */
  constructor(bytes: Uint8Array) {
    this.#header = bytes.subarray(0, HEADER_BYTES);
    this.#sections = readSections(bytes);
    this.#importedFunctions = countImportedFunctions(this.#body(SectionId.import));
    this.#exports = new Map(readVector(this.#body(SectionId.export), readExport));
    this.#functionCount = new LebReader(this.#body(SectionId.function)).unsigned();
  }

  /** Index of an exported function, or undefined when nothing of that name and kind is exported. */
  exportedFunction(name: string): number | undefined {
    const entry = this.#exports.get(name);
    return entry?.kind === ExternalKind.function ? entry.index : undefined;
  }

  /** Locals and code of a function defined in this module. */
  functionBody(index: number): Uint8Array {
    return nthItem(this.#body(SectionId.code), index - this.#importedFunctions, (reader) =>
      reader.take(reader.unsigned()),
    );
  }

  /** Index into the type section. */
  functionType(index: number): number {
    return nthItem(this.#body(SectionId.function), index - this.#importedFunctions, (reader) => reader.unsigned());
  }

  /** Initial value of a global of type i32 whose initialiser is a constant. */
  globalI32(index: number): number {
    return nthItem(this.#body(SectionId.global), index, readConstantI32Global);
  }

  /** Appends a function of the same type as `like` and returns its index. */
  appendFunction(like: number, body: Uint8Array): number {
    this.#append(SectionId.function, Uint8Array.from(encodeUnsigned(this.functionType(like))));
    this.#append(SectionId.code, concat([Uint8Array.from(encodeUnsigned(body.length)), body]));
    return this.#importedFunctions + this.#functionCount++;
  }

  exportFunction(name: string, index: number): void {
    const text = Buffer.from(name);
    const entry = [...encodeUnsigned(text.length), ...text, ExternalKind.function, ...encodeUnsigned(index)];
    this.#append(SectionId.export, Uint8Array.from(entry));
  }

  encode(): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array[] = [this.#header];
    for (const { id, body } of this.#sections) {
      const added = this.#appended.get(id);
      const whole = added === undefined ? body : appendToVector(body, added);
      parts.push(Uint8Array.from([id, ...encodeUnsigned(whole.length)]), whole);
    }
    return concat(parts);
  }

  #append(section: number, item: Uint8Array): void {
    const items = this.#appended.get(section);
    if (items === undefined) this.#appended.set(section, [item]);
    else items.push(item);
  }

  #body(id: number): Uint8Array {
    const section = this.#sections.find((candidate) => candidate.id === id);
    if (section === undefined) throw new RangeError(`module has no section ${id}`);
    return section.body;
  }
}

/** Every offset at which `pattern` occurs in `bytes`. */
export function occurrences(bytes: Uint8Array, pattern: Uint8Array): number[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: number[] = [];
  for (let at = haystack.indexOf(pattern); at !== -1; at = haystack.indexOf(pattern, at + 1)) found.push(at);
  return found;
}

/** A copy of `bytes` in which the `length` bytes at `offset` are replaced. */
export function splice(bytes: Uint8Array, offset: number, length: number, replacement: Uint8Array): Uint8Array {
  return concat([bytes.subarray(0, offset), replacement, bytes.subarray(offset + length)]);
}

function readSections(bytes: Uint8Array): Section[] {
  const sections: Section[] = [];
  const reader = new LebReader(bytes, HEADER_BYTES);
  while (!reader.done) sections.push({ id: reader.byte(), body: reader.take(reader.unsigned()) });
  return sections;
}

function readVector<T>(body: Uint8Array, readItem: (reader: LebReader) => T): T[] {
  const reader = new LebReader(body);
  const count = reader.unsigned();
  return Array.from({ length: count }, () => readItem(reader));
}

/** Vectors are not indexed: reaching an item means reading those before it. */
function nthItem<T>(body: Uint8Array, index: number, readItem: (reader: LebReader) => T): T {
  const reader = new LebReader(body);
  const count = reader.unsigned();
  if (index < 0 || index >= count) throw new RangeError(`item ${index} of ${count} does not exist`);
  for (let i = 0; i < index; i++) readItem(reader);
  return readItem(reader);
}

function appendToVector(body: Uint8Array, items: readonly Uint8Array[]): Uint8Array {
  const reader = new LebReader(body);
  const count = reader.unsigned();
  return concat([Uint8Array.from(encodeUnsigned(count + items.length)), body.subarray(reader.offset), ...items]);
}

function readName(reader: LebReader): string {
  return Buffer.from(reader.take(reader.unsigned())).toString('utf8');
}

function readExport(reader: LebReader): [string, { kind: number; index: number }] {
  return [readName(reader), { kind: reader.byte(), index: reader.unsigned() }];
}

function readConstantI32Global(reader: LebReader): number {
  const [type, , opcode] = [reader.byte(), reader.byte(), reader.byte()];
  if (type !== 0x7f || opcode !== 0x41) throw new RangeError('global is no constant i32');
  const value = reader.signed();
  reader.byte();
  return value;
}

function countImportedFunctions(body: Uint8Array): number {
  const kinds = readVector(body, (reader) => {
    readName(reader);
    readName(reader);
    const kind = reader.byte();
    if (kind === ExternalKind.function) reader.unsigned();
    else if (kind === ExternalKind.memory) skipLimits(reader);
    else throw new RangeError(`import of kind ${kind} not expected`);
    return kind;
  });
  return kinds.filter((kind) => kind === ExternalKind.function).length;
}

function skipLimits(reader: LebReader): void {
  const hasMaximum = (reader.byte() & 1) !== 0;
  reader.unsigned();
  if (hasMaximum) reader.unsigned();
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
