import type { StackLimit } from '../../known-engines.js';
import { splice, type WasmBinary } from './binary.js';
import { type Instruction, Opcode, readInstructions } from './code.js';
import { mapBodies } from './function-bodies.js';

/** Maps each unsigned comparison to the signed one. */
const SIGNED = new Map<number, number>([
  [Opcode.i32LtU, Opcode.i32LtS],
  [Opcode.i32GtU, Opcode.i32GtS],
  [Opcode.i32LeU, Opcode.i32LeS],
  [Opcode.i32GeU, Opcode.i32GeS],
]);

/**
 * Corrects the engine's stack overflow checks for a stack at low addresses. The engine subtracts the size of
 * a frame, up to 1.5 MB, from the stack pointer and compares the difference, as an unsigned number, with the
 * limit. If the stack pointer is less than the size, the difference would be a large number and pass.
 *
 * @throws Error if the number of comparisons differs from the table
 */
export function makeStackChecksSigned(binary: WasmBinary, limit: StackLimit): void {
  const found = countStackChecks(binary, limit, true);
  if (found !== limit.checks) throw new Error(`${found} checks of the stack found instead of ${limit.checks}`);
}

/** @param isChanging whether they are changed to signed comparisons */
export function countStackChecks(
  binary: WasmBinary,
  limit: Pick<StackLimit, 'runtimeOffset' | 'limitOffset'>,
  isChanging = false,
): number {
  let found = 0;
  mapBodies(binary, (body) => {
    const instructions = readInstructions(body);
    let changed = body;
    instructions.forEach((_, index) => {
      if (!loadsLimit(instructions, index, limit)) return;
      const consumer = consumerOf(instructions, index);
      const signed = consumer && SIGNED.get(consumer.opcode);
      if (consumer === undefined || signed === undefined) return;
      found++;
      if (isChanging) changed = splice(changed, consumer.start, 1, Uint8Array.of(signed));
    });
    return changed;
  });
  return found;
}

/** Whether this instruction loads the limit of a runtime, through a pointer that was loaded before. */
function loadsLimit(
  instructions: readonly Instruction[],
  index: number,
  limit: Pick<StackLimit, 'runtimeOffset' | 'limitOffset'>,
): boolean {
  if (!isLoad(instructions[index], limit.limitOffset)) return false;
  const address = instructions[index - 1];
  if (isLoad(address, limit.runtimeOffset)) return true;
  if (address?.opcode === Opcode.localTee) return isLoad(instructions[index - 2], limit.runtimeOffset);
  if (address?.opcode !== Opcode.localGet) return false;
  const assignments = instructions.flatMap(({ opcode, immediate }, at) =>
    (opcode === Opcode.localSet || opcode === Opcode.localTee) && immediate === address.immediate ? [at] : [],
  );
  return assignments.some((at) => isLoad(instructions[at - 1], limit.runtimeOffset));
}

function isLoad(instruction: Instruction | undefined, offset: number): boolean {
  return instruction?.opcode === Opcode.i32Load && instruction.offset === offset;
}

/**
 * The instruction that consumes the value of the one at `index`; undefined if it comes after a block or a
 * call.
 */
function consumerOf(instructions: readonly Instruction[], index: number): Instruction | undefined {
  let above = 0;
  for (const instruction of instructions.slice(index + 1)) {
    const operands = OPERANDS.get(instruction.opcode);
    if (operands === undefined) return undefined;
    if (operands > above) return instruction;
    above += 1 - operands;
  }
  return undefined;
}

/** The number of operands, by opcode, of instructions without control flow. Each leaves one value. */
const OPERANDS = new Map<number, number>([
  ...opcodes(Opcode.localGet, 0),
  ...opcodes(Opcode.localTee, 1),
  ...opcodes(Opcode.globalGet, 0),
  ...opcodes(Opcode.i32Const, 0),
  // Loads of any type.
  ...opcodes(0x28, 1, 0x35),
  // select
  ...opcodes(0x1b, 3),
  // i32.eqz, i32.wrap_i64
  ...opcodes(0x45, 1),
  ...opcodes(0xa7, 1),
  // Comparisons and arithmetic of i32.
  ...opcodes(0x46, 2, 0x4f),
  ...opcodes(Opcode.i32Add, 2, 0x78),
]);

function opcodes(from: number, operands: number, to = from): [number, number][] {
  return Array.from({ length: to - from + 1 }, (_, i) => [from + i, operands]);
}
