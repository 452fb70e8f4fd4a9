import { LebReader } from '../../../codec/leb128.js';

/** Opcodes that the rewrite looks for, named as in the text format. */
export const Opcode = {
  call: 0x10,
  callIndirect: 0x11,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Load: 0x28,
  i32Store: 0x36,
  i32Const: 0x41,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtS: 0x4a,
  i32GtU: 0x4b,
  i32LeS: 0x4c,
  i32LeU: 0x4d,
  i32GeS: 0x4e,
  i32GeU: 0x4f,
  i32Add: 0x6a,
  i32Sub: 0x6b,
} as const;

/** One instruction of a function. */
export interface Instruction {
  readonly opcode: number;
  /**
   * The first immediate: an index, a signed 32-bit constant, or the alignment of an access; undefined for all
   * others.
   */
  readonly immediate: number | undefined;
  /** The offset of a memory access, which is added to its address. */
  readonly offset: number | undefined;
  /** The bytes of the body that it takes. */
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the code of a function, instruction by instruction.
 *
 * @param body locals and code
 * @returns the instructions in order, including `end` of blocks and of the function
 * @throws RangeError for an instruction that is not in WebAssembly 2.0 without vectors, or that ends beyond
 *   the body
 */
export function readInstructions(body: Uint8Array): Instruction[] {
  const reader = new LebReader(body);
  for (let groups = reader.unsigned(); groups > 0; groups--) {
    reader.unsigned();
    reader.byte();
  }
  const instructions: Instruction[] = [];
  while (!reader.done) {
    const start = reader.offset;
    const opcode = reader.byte();
    const isAccess = opcode >= FIRST_ACCESS && opcode <= LAST_ACCESS;
    const immediate = isAccess ? reader.unsigned() : readImmediates(reader, opcode);
    const offset = isAccess ? reader.unsigned() : undefined;
    instructions.push({ opcode, immediate, offset, start, end: reader.offset });
  }
  return instructions;
}

/** Loads and stores: alignment and offset. */
const FIRST_ACCESS = 0x28;
const LAST_ACCESS = 0x3e;
const PREFIX = 0xfc;
/**
 * Operands of the instructions after {@link PREFIX}: the number of indices of each (core specification,
 * section 5.4).
 */
const PREFIXED_INDICES = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];

function readImmediates(reader: LebReader, opcode: number): number | undefined {
  switch (opcode) {
    // Blocks: a value type or the index of a type.
    case 0x02:
    case 0x03:
    case 0x04:
      return reader.signed();
    // Branches, calls, variables, tables, memory.size and memory.grow, ref.func: one index.
    case 0x0c:
    case 0x0d:
    case 0x10:
    case 0x20:
    case 0x21:
    case 0x22:
    case 0x23:
    case 0x24:
    case 0x25:
    case 0x26:
    case 0x3f:
    case 0x40:
    case 0xd2:
      return reader.unsigned();
    case 0x0e: {
      for (let labels = reader.unsigned() + 1; labels > 0; labels--) reader.unsigned();
      return undefined;
    }
    // An indirect call has two.
    case 0x11: {
      const type = reader.unsigned();
      reader.unsigned();
      return type;
    }
    case 0x1c:
      reader.take(reader.unsigned());
      return undefined;
    case 0x41:
      return reader.signed();
    case 0x42:
      skipLeb(reader);
      return undefined;
    case 0x43:
      reader.take(4);
      return undefined;
    case 0x44:
      reader.take(8);
      return undefined;
    case 0xd0:
      return reader.byte();
    case PREFIX: {
      const kind = reader.unsigned();
      const indices = PREFIXED_INDICES[kind];
      if (indices === undefined) throw new RangeError(`instruction 0xfc ${kind} is not known`);
      for (let i = 0; i < indices; i++) reader.unsigned();
      return undefined;
    }
    default:
      if (!isPlain(opcode)) throw new RangeError(`instruction 0x${opcode.toString(16)} is not known`);
      return undefined;
  }
}

/** Control without operands, `drop`, `select`, all numeric instructions, `ref.is_null`. */
function isPlain(opcode: number): boolean {
  if (opcode >= 0x45 && opcode <= 0xc4) return true;
  return [0x00, 0x01, 0x05, 0x0b, 0x0f, 0x1a, 0x1b, 0xd1].includes(opcode);
}

/** An integer of up to 64 bits. */
function skipLeb(reader: LebReader): void {
  while ((reader.byte() & 0x80) !== 0);
}
