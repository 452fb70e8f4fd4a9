import { encodeSigned64, encodeUnsigned } from '../../../codec/leb128.js';

/** Value types. */
export const I32 = 0x7f;
export const I64 = 0x7e;

/** The bytes of one instruction, or of several. */
export type Code = readonly number[];

const NO_RESULT = 0x40;
const ELSE = 0x05;
const END = 0x0b;
/** The alignment of an access, as a power of two. */
const ALIGN_4 = 2;
const ALIGN_8 = 3;

/**
 * Instructions that are generated or searched for, named as in the text format (core specification, section
 * 5.4).
 */
export const wasm = {
  block: (...body: Code[]): Code => [0x02, NO_RESULT, ...body.flat(), END],
  loop: (...body: Code[]): Code => [0x03, NO_RESULT, ...body.flat(), END],
  if: (...body: Code[]): Code => [0x04, NO_RESULT, ...body.flat(), END],
  ifElse: (then: readonly Code[], otherwise: readonly Code[]): Code => [
    ...[0x04, NO_RESULT, ...then.flat(), ELSE, ...otherwise.flat(), END],
  ],
  /** Only the start of such an instruction, for patterns. */
  openIf: [0x04, NO_RESULT] as Code,
  else: [ELSE] as Code,
  br: (depth: number): Code => [0x0c, ...encodeUnsigned(depth)],
  /** Leaves the block `depth` levels further out, or restarts it if it is a loop. */
  brIf: (depth: number): Code => [0x0d, ...encodeUnsigned(depth)],
  unreachable: [0x00] as Code,
  return: [0x0f] as Code,
  call: (index: number): Code => [0x10, ...encodeUnsigned(index)],
  drop: [0x1a] as Code,
  select: [0x1b] as Code,
  end: [END] as Code,

  get: (local: number): Code => [0x20, ...encodeUnsigned(local)],
  set: (local: number): Code => [0x21, ...encodeUnsigned(local)],
  tee: (local: number): Code => [0x22, ...encodeUnsigned(local)],
  globalGet: (global: number): Code => [0x23, ...encodeUnsigned(global)],
  globalSet: (global: number): Code => [0x24, ...encodeUnsigned(global)],

  i32Load: (offset: number): Code => [0x28, ALIGN_4, ...encodeUnsigned(offset)],
  i64Load: (offset: number): Code => [0x29, ALIGN_8, ...encodeUnsigned(offset)],
  i32Load8u: (offset: number): Code => [0x2d, 0, ...encodeUnsigned(offset)],
  i32Load16u: (offset: number): Code => [0x2f, 1, ...encodeUnsigned(offset)],
  i32Store8: (offset: number): Code => [0x3a, 0, ...encodeUnsigned(offset)],
  i32Store16: (offset: number): Code => [0x3b, 1, ...encodeUnsigned(offset)],
  i32Store: (offset: number): Code => [0x36, ALIGN_4, ...encodeUnsigned(offset)],
  i64Store: (offset: number, alignment = ALIGN_8): Code => [0x37, alignment, ...encodeUnsigned(offset)],
  /** Takes target, source and length in bytes; the areas may overlap. */
  memoryCopy: [0xfc, 0x0a, 0x00, 0x00] as Code,
  /** Takes target, byte and length. */
  memoryFill: [0xfc, 0x0b, 0x00] as Code,

  i32Const: (value: number): Code => [0x41, ...encodeSigned64(BigInt(value))],
  i64Const: (value: bigint): Code => [0x42, ...encodeSigned64(value)],
  i32Eqz: [0x45] as Code,
  i32Eq: [0x46] as Code,
  i32Ne: [0x47] as Code,
  i32LtS: [0x48] as Code,
  i32LtU: [0x49] as Code,
  i32GtU: [0x4b] as Code,
  i32GeU: [0x4f] as Code,
  i64Eq: [0x51] as Code,
  i64Ne: [0x52] as Code,
  i32LeU: [0x4d] as Code,
  i64GtU: [0x56] as Code,
  i64LeU: [0x58] as Code,
  i64GeU: [0x5a] as Code,
  i32Add: [0x6a] as Code,
  i32Sub: [0x6b] as Code,
  i32Mul: [0x6c] as Code,
  i32DivS: [0x6d] as Code,
  i32And: [0x71] as Code,
  i32Or: [0x72] as Code,
  i32Xor: [0x73] as Code,
  i32Shl: [0x74] as Code,
  i32ShrU: [0x76] as Code,
  i64Mul: [0x7e] as Code,
  i64And: [0x83] as Code,
  i64Or: [0x84] as Code,
  i64ShrS: [0x87] as Code,
  i64ShrU: [0x88] as Code,
  i32WrapI64: [0xa7] as Code,
  i64ExtendI32s: [0xac] as Code,
  i64ExtendI32u: [0xad] as Code,
} as const;
