import { encodeUnsigned, LebReader } from '../../../codec/leb128.js';
import { SectionId, splice, type WasmBinary } from './binary.js';
import { Opcode, readInstructions } from './code.js';
import { mapBodies } from './function-bodies.js';
import { wasm } from './instructions.js';

/**
 * The present and the new place of an emscripten binary's native stack and heap. Addresses and sizes in
 * bytes.
 */
export interface HeapMove {
  /** The top of the stack and base of the heap, which are the same address. */
  readonly from: number;
  readonly to: number;
  readonly stackBytes: { readonly from: number; readonly to: number };
  /** Minimum size of the imported memory, in pages. */
  readonly pages: { readonly from: number; readonly to: number };
  /**
   * The address of the break pointer of `sbrk`, a u32 in static data whose initial value is the base of the
   * heap.
   */
  readonly breakPointerAddress: number;
  /** Index of the stack pointer. */
  readonly stackPointerGlobal: number;
}

/**
 * Moves the heap. Its base occurs in several places: as the initial value of the stack pointer, in the data
 * of the break pointer, and, with the size of the stack, in the function that describes the main thread. All
 * of them are changed, together with the minimum size of memory.
 *
 * @throws Error if one of them does not occur exactly once
 */
export function moveHeap(binary: WasmBinary, move: HeapMove): void {
  if (binary.globalI32(move.stackPointerGlobal) !== move.from) throw misplaced('the stack pointer', 0);
  binary.replaceSection(SectionId.global, movedGlobal(binary.section(SectionId.global), move));
  replaceConstant(binary, 'the top of the stack', move.from, move.to);
  replaceConstant(binary, 'the size of the stack', move.stackBytes.from, move.stackBytes.to);
  binary.replaceSection(SectionId.data, movedData(binary.section(SectionId.data), move));
  binary.replaceSection(SectionId.import, movedMemory(binary.section(SectionId.import), move));
}

function replaceConstant(binary: WasmBinary, what: string, from: number, to: number): void {
  let found = 0;
  mapBodies(binary, (body) => {
    const constants = readInstructions(body).filter(
      ({ opcode, immediate }) => opcode === Opcode.i32Const && immediate === from,
    );
    found += constants.length;
    // From the end, so that earlier offsets stay valid.
    return constants.reduceRight(
      (changed, { start, end }) => splice(changed, start, end - start, Uint8Array.from(wasm.i32Const(to))),
      body,
    );
  });
  if (found !== 1) throw misplaced(what, found);
}

function movedGlobal(section: Uint8Array, { from, to }: HeapMove): Uint8Array {
  // It is the first global: type, mutability, then its value.
  const reader = new LebReader(section);
  reader.unsigned();
  reader.take(2);
  const { offset } = reader;
  const before = Uint8Array.from(wasm.i32Const(from));
  return splice(section, offset, before.length, Uint8Array.from(wasm.i32Const(to)));
}

/** The segment of the break pointer contains nothing else; its zeros are omitted. */
function movedData(section: Uint8Array, { from, to, breakPointerAddress }: HeapMove): Uint8Array {
  const segments = readSegments(section);
  const bytesOf = (value: number, length: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    if (bytes.subarray(length).some((byte) => byte !== 0))
      throw new Error(`${value} does not fit into ${length} bytes`);
    return bytes.subarray(0, length);
  };
  const whole = bytesOf(from, 4);
  const holders = segments.filter(({ content }) => {
    const length = Math.min(4, content.length);
    return Buffer.from(content).includes(whole) || (length === 3 && whole.subarray(0, 3).equals(content));
  });
  const [holder] = holders;
  if (holders.length !== 1 || holder?.address !== breakPointerAddress)
    throw misplaced('the break pointer', holders.length);
  const { contentAt, content } = holder;
  return splice(section, contentAt, content.length, bytesOf(to, content.length));
}

interface Segment {
  readonly address: number;
  readonly content: Uint8Array;
  /** Offset in the section. */
  readonly contentAt: number;
}

function readSegments(section: Uint8Array): Segment[] {
  const reader = new LebReader(section);
  return Array.from({ length: reader.unsigned() }, () => {
    if (reader.unsigned() !== 0 || reader.byte() !== Opcode.i32Const)
      throw new RangeError('a data segment has no constant address');
    const address = reader.signed();
    reader.byte();
    const length = reader.unsigned();
    const contentAt = reader.offset;
    return { address, contentAt, content: reader.take(length) };
  });
}

/** The memory is the only import with limits. */
function movedMemory(section: Uint8Array, { pages }: HeapMove): Uint8Array {
  const MEMORY = 2;
  const reader = new LebReader(section);
  for (let left = reader.unsigned(); left > 0; left--) {
    reader.take(reader.unsigned());
    reader.take(reader.unsigned());
    if (reader.byte() !== MEMORY) {
      reader.unsigned();
      continue;
    }
    reader.byte();
    const { offset } = reader;
    if (reader.unsigned() !== pages.from) throw misplaced('the size of memory', 0);
    return splice(section, offset, reader.offset - offset, Uint8Array.from(encodeUnsigned(pages.to)));
  }
  throw misplaced('the imported memory', 0);
}

function misplaced(what: string, found: number): Error {
  return new Error(`${what} is where the engine table says ${found} times instead of once`);
}
