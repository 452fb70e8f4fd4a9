import { concatBytes } from '../../../codec/concat-bytes.js';
import { MARK_EXPORTS } from '../../binary-interface.js';
import type { WasmBinary } from './binary.js';
import { breakCycles, longestUnmarkedWay, readCallGraph } from './call-graph.js';
import { type Instruction, Opcode, readInstructions } from './code.js';
import { forEachBody, mapBodies } from './function-bodies.js';
import { type Code, wasm } from './instructions.js';

/**
 * How far below the stack pointer a function without calls may write (LLVM's red zone on WebAssembly), in
 * bytes.
 */
const RED_ZONE_BYTES = 128;

export interface MarkedPlaces {
  readonly stackPointerGlobal: number;
  /** The address of the break pointer of `sbrk`. */
  readonly breakPointerAddress: number;
  /** Where stack and heap meet: the initial value of both marks. */
  readonly heapBase: number;
}

/**
 * Makes the module keep two marks: how far down its stack and how far up its heap were used. A correct engine
 * writes nothing between the two.
 *
 * Checking the stack pointer wherever it is lowered made JSON a twentieth slower. So it is checked where a
 * frame has a variable size, and in some functions such that every cycle of calls contains one. Between two
 * checks there can only be a finite chain of calls with frames of constant sizes: the greatest sum is the
 * error of the mark.
 *
 * @returns how far below the lower mark the stack may have been written, in bytes
 * @throws Error if the break is not moved in exactly one place, or a function writes further below the stack
 *   pointer than allowed
 */
export function addWaterMarks(binary: WasmBinary, places: MarkedPlaces): number {
  const { stackPointerGlobal, breakPointerAddress } = places;
  const graph = readCallGraph(binary, stackPointerGlobal);
  const dynamic: number[] = [];
  forEachBody(binary, (body, index) => {
    const instructions = readInstructions(body);
    requireRedZone(instructions, stackPointerGlobal);
    if (instructions.some((_, at) => lowersByVariable(instructions, at, stackPointerGlobal))) dynamic.push(index);
  });
  const marked = breakCycles(graph, dynamic);

  const stackLow = binary.appendGlobalI32(places.heapBase);
  const heapHigh = binary.appendGlobalI32(places.heapBase);
  binary.exportGlobal(MARK_EXPORTS.stackLow, stackLow);
  binary.exportGlobal(MARK_EXPORTS.heapHigh, heapHigh);
  let breakMoves = 0;
  mapBodies(binary, (body, index) => {
    const instructions = readInstructions(body);
    /** By the offset at which the code is inserted. */
    const marks = new Map<number, Code>();
    if (marked.has(index)) marks.set(entryOf(instructions, stackPointerGlobal), noteLow(stackPointerGlobal, stackLow));
    instructions.forEach(({ end }, at) => {
      if (lowersByVariable(instructions, at, stackPointerGlobal)) marks.set(end, noteLow(stackPointerGlobal, stackLow));
      const moved = movedBreak(instructions, at, breakPointerAddress);
      if (moved === undefined) return;
      breakMoves++;
      marks.set(end, noteHigh(moved, heapHigh));
    });
    return withMarks(body, marks);
  });
  if (breakMoves !== 1) throw new Error(`the break is moved in ${breakMoves} places instead of one`);
  return longestUnmarkedWay(graph, marked) + RED_ZONE_BYTES;
}

function withMarks(body: Uint8Array, marks: ReadonlyMap<number, Code>): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const [offset, code] of [...marks].sort(([a], [b]) => a - b)) {
    parts.push(body.subarray(from, offset), Uint8Array.from(code));
    from = offset;
  }
  return concatBytes([...parts, body.subarray(from)]);
}

/** The offset after the creation of the function's frame if that comes first; otherwise the start of its code. */
function entryOf(instructions: readonly Instruction[], stackPointer: number): number {
  for (const instruction of instructions) {
    if (is(instruction, Opcode.globalSet, stackPointer)) return instruction.end;
    if (!FRAME_MAKING.has(instruction.opcode)) break;
  }
  return instructions[0]?.start ?? 0;
}

const FRAME_MAKING: ReadonlySet<number> = new Set([
  Opcode.globalGet,
  Opcode.i32Const,
  Opcode.i32Add,
  Opcode.i32Sub,
  Opcode.localGet,
  Opcode.localSet,
  Opcode.localTee,
]);

/**
 * Whether this instruction sets the stack pointer to something other than a constant distance from its
 * previous value.
 */
function lowersByVariable(instructions: readonly Instruction[], index: number, stackPointer: number): boolean {
  if (!is(instructions[index], Opcode.globalSet, stackPointer)) return false;
  return !makesFrame(instructions, index, stackPointer) && !leavesFrame(instructions, index, stackPointer);
}

/** `global.get`, a constant, `i32.sub` or `i32.add`, `local.tee`. */
function makesFrame(instructions: readonly Instruction[], index: number, stackPointer: number): boolean {
  const [pointer, constant, operation, kept] = instructions.slice(Math.max(0, index - 4), index);
  if (!is(pointer, Opcode.globalGet, stackPointer) || constant?.opcode !== Opcode.i32Const) return false;
  return (
    (operation?.opcode === Opcode.i32Sub || operation?.opcode === Opcode.i32Add) && kept?.opcode === Opcode.localTee
  );
}

/** The frame's size is added to an address that was the stack pointer: the sum is higher. */
function leavesFrame(instructions: readonly Instruction[], index: number, stackPointer: number): boolean {
  const [local, constant, operation] = instructions.slice(Math.max(0, index - 3), index);
  if (local?.opcode !== Opcode.localGet || constant?.opcode !== Opcode.i32Const) return false;
  const sign = operation?.opcode === Opcode.i32Add ? 1 : operation?.opcode === Opcode.i32Sub ? -1 : 0;
  if (sign * (constant.immediate ?? 0) <= 0) return false;
  const assignments = [...instructions.keys()].filter((at) => assigns(instructions[at], local.immediate));
  return assignments.length > 0 && assignments.every((at) => becomesStackPointer(instructions, at, stackPointer));
}

function assigns(instruction: Instruction | undefined, local: number | undefined): boolean {
  if (instruction?.immediate !== local) return false;
  return instruction?.opcode === Opcode.localSet || instruction?.opcode === Opcode.localTee;
}

/** A `local.tee` whose value becomes the stack pointer. */
function becomesStackPointer(instructions: readonly Instruction[], index: number, stackPointer: number): boolean {
  return instructions[index]?.opcode === Opcode.localTee && is(instructions[index + 1], Opcode.globalSet, stackPointer);
}

/** The local with the new break, if the break is moved here. */
function movedBreak(instructions: readonly Instruction[], index: number, breakPointer: number): number | undefined {
  if (instructions[index]?.opcode !== Opcode.i32Store) return undefined;
  const [address, value] = instructions.slice(Math.max(0, index - 2), index);
  if (!is(address, Opcode.i32Const, breakPointer) || value?.opcode !== Opcode.localGet) return undefined;
  return value.immediate;
}

/** A function that does not lower the stack pointer may use memory below it, but only within the red zone. */
function requireRedZone(instructions: readonly Instruction[], stackPointer: number): void {
  if (instructions.some((instruction) => is(instruction, Opcode.globalSet, stackPointer))) return;
  instructions.forEach((instruction, index) => {
    if (!is(instruction, Opcode.globalGet, stackPointer)) return;
    const [constant, operation] = instructions.slice(index + 1, index + 3);
    if (constant?.opcode !== Opcode.i32Const || operation?.opcode !== Opcode.i32Sub) return;
    const bytes = constant.immediate ?? 0;
    if (bytes > RED_ZONE_BYTES) throw new Error(`a function writes ${bytes} bytes below the stack pointer`);
  });
}

function noteLow(stackPointer: number, low: number): Code {
  const isLower = [...wasm.globalGet(stackPointer), ...wasm.globalGet(low), ...wasm.i32LtU];
  return [...isLower, ...wasm.if([...wasm.globalGet(stackPointer), ...wasm.globalSet(low)])];
}

function noteHigh(local: number, high: number): Code {
  const isHigher = [...wasm.get(local), ...wasm.globalGet(high), ...wasm.i32GtU];
  return [...isHigher, ...wasm.if([...wasm.get(local), ...wasm.globalSet(high)])];
}

function is(instruction: Instruction | undefined, opcode: number, immediate: number): boolean {
  return instruction?.opcode === opcode && instruction.immediate === immediate;
}
