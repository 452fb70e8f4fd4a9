import { concatBytes } from '../../../codec/concat-bytes.js';
import { encodeUnsigned, LebReader } from '../../../codec/leb128.js';
import { I32, wasm } from './instructions.js';

const HEADER_BYTES = 8;

export const SectionId = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  global: 6,
  export: 7,
  element: 9,
  code: 10,
  data: 11,
} as const;
const ExternalKind = { function: 0, table: 1, memory: 2, global: 3 } as const;
const FUNCTION_TYPE = 0x60;
const FUNCTION_REFERENCE = 0x70;
/** A segment that fills table 0 with functions by index, from a constant offset on. */
const ACTIVE_SEGMENT = 0;
const I32_CONST = 0x41;
const MUTABLE = 1;

interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

interface DataSegment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Limits of a function table, in slots. */
interface Table {
  readonly minimum: number;
  readonly maximum: number | undefined;
}

/**
 * A WebAssembly binary, parsed as far as appending and mending need: functions can be read, copied under a
 * new index, exported, put into the table and given another body. Everything else is kept byte for byte, so
 * existing indices stay valid.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 */
export class WasmBinary {
  readonly #header: Uint8Array;
  readonly #sections: readonly Section[];
  /** The number of imported functions: their indices come first. */
  readonly importedFunctions: number;
  readonly #exports: ReadonlyMap<string, { kind: number; index: number }>;
  readonly #appended = new Map<number, Uint8Array[]>();
  /** The bodies of the functions that the original module defines. */
  readonly #bodies: Uint8Array[];
  #isMended = false;
  /** The data section, after it was first read. */
  #data: Uint8Array | undefined;
  /** Replaced sections, by id. */
  readonly #replaced = new Map<number, Uint8Array>();
  #functionCount: number;
  #globalsAppended = 0;
  /** The table of the module, after it has grown. */
  #table: Table | undefined;

  /** @throws RangeError if the bytes are not a well-formed module in the form that emscripten creates */
  constructor(bytes: Uint8Array) {
    this.#header = bytes.subarray(0, HEADER_BYTES);
    this.#sections = readSections(bytes);
    this.importedFunctions = countImportedFunctions(this.section(SectionId.import));
    this.#exports = new Map(readVector(this.section(SectionId.export), readExport));
    this.#functionCount = new LebReader(this.section(SectionId.function)).unsigned();
    this.#bodies = readVector(this.section(SectionId.code), (reader) => reader.take(reader.unsigned()));
  }

  /** The index of an exported function; undefined if no function is exported under that name. */
  exportedFunction(name: string): number | undefined {
    const entry = this.#exports.get(name);
    return entry?.kind === ExternalKind.function ? entry.index : undefined;
  }

  /** Locals and code of a function defined in this module. */
  functionBody(index: number): Uint8Array {
    const body = this.#bodies[index - this.importedFunctions];
    if (body === undefined) throw new RangeError(`function ${index} is not one that the module came with`);
    return body;
  }

  setFunctionBody(index: number, body: Uint8Array): void {
    this.functionBody(index);
    this.#isMended = true;
    this.#bodies[index - this.importedFunctions] = body;
  }

  /** Indices of the original functions whose code contains `pattern`, once for each occurrence. */
  functionsWith(pattern: Uint8Array): number[] {
    return this.#bodies.flatMap((body, i) => occurrences(body, pattern).map(() => this.importedFunctions + i));
  }

  /** The place of `pattern` in the module's data, with all bytes that follow in its segment. */
  findData(pattern: Uint8Array): { address: number; bytes: Uint8Array }[] {
    return this.#dataSegments().flatMap(({ address, bytes }) =>
      occurrences(bytes, pattern).map((at) => ({ address: address + at, bytes: bytes.subarray(at) })),
    );
  }

  /** @throws RangeError if the bytes at `address` are not all in one segment */
  writeData(address: number, bytes: Uint8Array): void {
    const segment = this.#dataSegments().find(
      (candidate) =>
        candidate.address <= address && address + bytes.length <= candidate.address + candidate.bytes.length,
    );
    if (segment === undefined) throw new RangeError(`there is no data at ${address}`);
    segment.bytes.set(bytes, address - segment.address);
  }

  /** As a copy. */
  #dataSegments(): DataSegment[] {
    this.#data ??= Uint8Array.from(this.section(SectionId.data));
    return readVector(this.#data, readDataSegment);
  }

  /** The function's index in the type section. */
  functionType(index: number): number {
    return nthItem(this.section(SectionId.function), index - this.importedFunctions, (reader) => reader.unsigned());
  }

  /** The initial value of a global of type i32 with a constant initialiser. */
  globalI32(index: number): number {
    return nthItem(this.section(SectionId.global), index, readConstantI32Global);
  }

  /** The index of the type of functions that take `parameters` and return nothing, or undefined. */
  procedureType(parameters: readonly number[]): number | undefined {
    return this.typeOf(parameters, []);
  }

  /** The index of the type of functions from `parameters` to `results`, or undefined. */
  typeOf(parameters: readonly number[], results: readonly number[]): number | undefined {
    const types = readVector(this.section(SectionId.type), readFunctionType);
    const same = (bytes: Uint8Array, wanted: readonly number[]) => Buffer.from(bytes).equals(Uint8Array.from(wanted));
    const index = types.findIndex((type) => same(type.parameters, parameters) && same(type.results, results));
    return index === -1 ? undefined : index;
  }

  /** Appends a function of the given type and returns its index. */
  appendFunction(type: number, body: Uint8Array): number {
    this.#append(SectionId.function, Uint8Array.from(encodeUnsigned(type)));
    this.#append(SectionId.code, concatBytes([Uint8Array.from(encodeUnsigned(body.length)), body]));
    return this.importedFunctions + this.#functionCount++;
  }

  exportFunction(name: string, index: number): void {
    this.#export(name, ExternalKind.function, index);
  }

  exportGlobal(name: string, index: number): void {
    this.#export(name, ExternalKind.global, index);
  }

  /** Appends a mutable global of type i32, and returns its index. */
  appendGlobalI32(value: number): number {
    const index = new LebReader(this.section(SectionId.global)).unsigned() + this.#globalsAppended++;
    this.#append(SectionId.global, Uint8Array.from([I32, MUTABLE, ...wasm.i32Const(value), ...wasm.end]));
    return index;
  }

  /** The content of a section, without what was appended. */
  section(id: number): Uint8Array {
    return this.#replaced.get(id) ?? this.#upstream(id);
  }

  /** Indices that refer to items of the section must hold for the new content as well. */
  replaceSection(id: number, body: Uint8Array): void {
    this.#upstream(id);
    this.#replaced.set(id, body);
  }

  /**
   * Adds a slot with a function to the end of the module's table, through which the module can call it.
   *
   * @returns the index of the slot
   * @throws RangeError unless the module has exactly one function table and defines it itself
   */
  appendToTable(functionIndex: number): number {
    const { minimum: slot, maximum } = this.#table ?? readTable(this.section(SectionId.table));
    this.#table = { minimum: slot + 1, maximum: maximum === undefined ? undefined : Math.max(maximum, slot + 1) };
    const offset = [...wasm.i32Const(slot), ...wasm.end];
    const functions = [1, ...encodeUnsigned(functionIndex)];
    this.#append(SectionId.element, Uint8Array.from([ACTIVE_SEGMENT, ...offset, ...functions]));
    return slot;
  }

  encode(): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array[] = [this.#header];
    for (const { id } of this.#sections) {
      const body = this.#rewritten(id) ?? this.section(id);
      const added = this.#appended.get(id);
      const whole = added === undefined ? body : appendToVector(body, added);
      parts.push(Uint8Array.from([id, ...encodeUnsigned(whole.length)]), whole);
    }
    return concatBytes(parts);
  }

  #rewritten(id: number): Uint8Array | undefined {
    if (id === SectionId.table) return this.#table && encodeTable(this.#table);
    if (id === SectionId.data) return this.#data;
    if (id !== SectionId.code || !this.#isMended) return undefined;
    const items = this.#bodies.flatMap((body) => [Uint8Array.from(encodeUnsigned(body.length)), body]);
    return concatBytes([Uint8Array.from(encodeUnsigned(this.#bodies.length)), ...items]);
  }

  #export(name: string, kind: number, index: number): void {
    const text = Buffer.from(name);
    this.#append(
      SectionId.export,
      Uint8Array.from([...encodeUnsigned(text.length), ...text, kind, ...encodeUnsigned(index)]),
    );
  }

  #append(section: number, item: Uint8Array): void {
    this.#upstream(section);
    const items = this.#appended.get(section);
    if (items === undefined) this.#appended.set(section, [item]);
    else items.push(item);
  }

  #upstream(id: number): Uint8Array {
    const section = this.#sections.find((candidate) => candidate.id === id);
    if (section === undefined) throw new RangeError(`module has no section ${id}`);
    return section.body;
  }
}

/** All offsets at which `pattern` occurs in `bytes`. */
export function occurrences(bytes: Uint8Array, pattern: Uint8Array): number[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: number[] = [];
  for (let at = haystack.indexOf(pattern); at !== -1; at = haystack.indexOf(pattern, at + 1)) found.push(at);
  return found;
}

/** A copy of `bytes` in which the `length` bytes at `offset` are replaced. */
export function splice(bytes: Uint8Array, offset: number, length: number, replacement: Uint8Array): Uint8Array {
  return concatBytes([bytes.subarray(0, offset), replacement, bytes.subarray(offset + length)]);
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

/** Vectors are not indexed: reaching an item means reading the items before it. */
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
  return concatBytes([Uint8Array.from(encodeUnsigned(count + items.length)), body.subarray(reader.offset), ...items]);
}

function readName(reader: LebReader): string {
  return Buffer.from(reader.take(reader.unsigned())).toString('utf8');
}

function readExport(reader: LebReader): [string, { kind: number; index: number }] {
  return [readName(reader), { kind: reader.byte(), index: reader.unsigned() }];
}

function readConstantI32Global(reader: LebReader): number {
  const [type, , opcode] = [reader.byte(), reader.byte(), reader.byte()];
  if (type !== 0x7f || opcode !== I32_CONST) throw new RangeError('the global is not a constant i32');
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

function readDataSegment(reader: LebReader): DataSegment {
  const [flags, opcode] = [reader.unsigned(), reader.byte()];
  if (flags !== ACTIVE_SEGMENT || opcode !== I32_CONST) throw new RangeError('data at no constant address');
  const address = reader.signed();
  reader.byte();
  return { address, bytes: reader.take(reader.unsigned()) };
}

function readFunctionType(reader: LebReader): { parameters: Uint8Array; results: Uint8Array } {
  if (reader.byte() !== FUNCTION_TYPE) throw new RangeError('the type is not a function type');
  return { parameters: reader.take(reader.unsigned()), results: reader.take(reader.unsigned()) };
}

function readTable(body: Uint8Array): Table {
  const reader = new LebReader(body);
  const [count, type, flags] = [reader.unsigned(), reader.byte(), reader.byte()];
  if (count !== 1 || type !== FUNCTION_REFERENCE || flags > 1) throw new RangeError('not one plain table of functions');
  return { minimum: reader.unsigned(), maximum: flags === 1 ? reader.unsigned() : undefined };
}

function encodeTable({ minimum, maximum }: Table): Uint8Array {
  const limits =
    maximum === undefined ? [0, ...encodeUnsigned(minimum)] : [1, ...[minimum, maximum].flatMap(encodeUnsigned)];
  return Uint8Array.from([1, FUNCTION_REFERENCE, ...limits]);
}

function skipLimits(reader: LebReader): void {
  const hasMaximum = (reader.byte() & 1) !== 0;
  reader.unsigned();
  if (hasMaximum) reader.unsigned();
}
