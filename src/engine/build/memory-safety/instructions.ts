import { encodeUnsigned } from '../../../codec/leb128.js';
import { type Code, wasm as written } from '../wasm/instructions.js';

/** The alignment of an access to one byte. */
const NO_ALIGNMENT = 0;

/**
 * Also the instructions that mends look for or insert, named as in the text format (core specification,
 * section 5.4).
 */
export const wasm = {
  ...written,
  unreachable: [0x00] as Code,
  call: (functionIndex: number): Code => [0x10, ...encodeUnsigned(functionIndex)],
  callIndirect: (type: number): Code => [0x11, ...encodeUnsigned(type), 0x00],
  /** Of two values, the upper if the condition is 0, otherwise the lower. */
  select: [0x1b] as Code,
  tee: (local: number): Code => [0x22, ...encodeUnsigned(local)],
  i32Load8: (offset: number): Code => [0x2d, NO_ALIGNMENT, ...encodeUnsigned(offset)],
  i32Store8: (offset: number): Code => [0x3a, NO_ALIGNMENT, ...encodeUnsigned(offset)],
  /** Takes target, byte and length in bytes. */
  memoryFill: [0xfc, 0x0b, 0x00] as Code,
  i32Ne: [0x47] as Code,
  i32LtU: [0x49] as Code,
  i64GeS: [0x59] as Code,
  i64GeU: [0x5a] as Code,
  i32And: [0x71] as Code,
  i32Or: [0x72] as Code,
} as const;
