import { LebReader } from '../../../codec/leb128.js';
import { SectionId, type WasmBinary } from './binary.js';
import { type Instruction, Opcode, readInstructions } from './code.js';
import { forEachBody } from './function-bodies.js';

/** A function's use of the native stack. */
export interface FunctionNode {
  /** Indices of the functions that it may call: directly, or through the table any function of the right type. */
  readonly callees: ReadonlySet<number>;
  /** The size of its frame, without allocations of variable size. */
  readonly frameBytes: number;
}

/**
 * Determines which functions of a module may call which. Imported functions are not included, because ours
 * never call back into the module.
 */
export function readCallGraph(binary: WasmBinary, stackPointer: number): Map<number, FunctionNode> {
  const types = canonicalTypes(binary.section(SectionId.type));
  const typeOf = (index: number) => types[binary.functionType(index)];
  const imported = binary.importedFunctions;
  const byType = new Map<number | undefined, number[]>();
  for (const index of tableFunctions(binary.section(SectionId.element))) {
    if (index < imported) continue;
    byType.set(typeOf(index), [...(byType.get(typeOf(index)) ?? []), index]);
  }
  const graph = new Map<number, FunctionNode>();
  forEachBody(binary, (body, index) => {
    const instructions = readInstructions(body);
    const callees = new Set<number>();
    for (const { opcode, immediate = 0 } of instructions) {
      if (opcode === Opcode.call && immediate >= imported) callees.add(immediate);
      if (opcode !== Opcode.callIndirect) continue;
      for (const callee of byType.get(types[immediate]) ?? []) callees.add(callee);
    }
    graph.set(index, { callees, frameBytes: frameBytes(instructions, stackPointer) });
  });
  return graph;
}

/** The sum of all constant steps by which the function lowers the stack pointer. */
function frameBytes(instructions: readonly Instruction[], stackPointer: number): number {
  let bytes = 0;
  instructions.forEach(({ opcode, immediate }, index) => {
    if (opcode !== Opcode.globalGet || immediate !== stackPointer) return;
    const [constant, operation] = instructions.slice(index + 1, index + 3);
    if (constant?.opcode !== Opcode.i32Const) return;
    const size = constant.immediate ?? 0;
    if (operation?.opcode === Opcode.i32Sub) bytes += Math.max(0, size);
    if (operation?.opcode === Opcode.i32Add) bytes += Math.max(0, -size);
  });
  return bytes;
}

/** Maps the index of a type to the first index with an equal type. */
function canonicalTypes(section: Uint8Array): number[] {
  const reader = new LebReader(section);
  const first = new Map<string, number>();
  return Array.from({ length: reader.unsigned() }, (_, index) => {
    const { offset } = reader;
    reader.byte();
    reader.take(reader.unsigned());
    reader.take(reader.unsigned());
    const text = Buffer.from(section.subarray(offset, reader.offset)).toString('hex');
    if (!first.has(text)) first.set(text, index);
    return first.get(text) ?? index;
  });
}

/** Indices of the functions that active segments put into the table. */
function tableFunctions(section: Uint8Array): number[] {
  const reader = new LebReader(section);
  const functions: number[] = [];
  for (let segments = reader.unsigned(); segments > 0; segments--) {
    if (reader.unsigned() !== 0 || reader.byte() !== Opcode.i32Const) {
      throw new RangeError('a segment of the table has no constant offset');
    }
    reader.signed();
    reader.byte();
    for (let left = reader.unsigned(); left > 0; left--) functions.push(reader.unsigned());
  }
  return functions;
}

/**
 * Chooses few functions so that every cycle of calls contains at least one of them.
 *
 * @param chosen functions that are included in any case
 */
export function breakCycles(graph: ReadonlyMap<number, FunctionNode>, chosen: Iterable<number>): Set<number> {
  const breaking = new Set(chosen);
  for (;;) {
    const [largest] = findCycles(graph, breaking).sort((a, b) => b.length - a.length || (a[0] ?? 0) - (b[0] ?? 0));
    if (largest === undefined) return breaking;
    breaking.add(mostEntangled(graph, largest));
  }
}

/** The function with the most paths through it. */
function mostEntangled(graph: ReadonlyMap<number, FunctionNode>, component: readonly number[]): number {
  const members = new Set(component);
  const entering = new Map<number, number>();
  const leaving = new Map<number, number>();
  for (const index of component) {
    for (const callee of graph.get(index)?.callees ?? []) {
      if (!members.has(callee)) continue;
      entering.set(callee, (entering.get(callee) ?? 0) + 1);
      leaving.set(index, (leaving.get(index) ?? 0) + 1);
    }
  }
  const waysThrough = (index: number) => (entering.get(index) ?? 0) * (leaving.get(index) ?? 0);
  return component.reduce((best, index) => {
    const difference = waysThrough(index) - waysThrough(best);
    return difference > 0 || (difference === 0 && index < best) ? index : best;
  });
}

/** The strongly connected components that contain a cycle, without the calls of `without` (Tarjan). */
function findCycles(graph: ReadonlyMap<number, FunctionNode>, without: ReadonlySet<number>): number[][] {
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const components: number[][] = [];
  const calleesOf = (index: number) => [...(graph.get(index)?.callees ?? [])].filter((callee) => !without.has(callee));
  for (const root of graph.keys()) {
    if (order.has(root) || without.has(root)) continue;
    const path: { index: number; callees: number[] }[] = [];
    const enter = (index: number) => {
      order.set(index, order.size);
      low.set(index, order.size - 1);
      open.push(index);
      isOpen.add(index);
      path.push({ index, callees: calleesOf(index) });
    };
    const lower = (index: number, to = 0) => low.set(index, Math.min(low.get(index) ?? 0, to));
    enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { index } = top;
      const callee = top.callees.pop();
      if (callee !== undefined) {
        if (!order.has(callee)) enter(callee);
        else if (isOpen.has(callee)) lower(index, order.get(callee));
        continue;
      }
      path.pop();
      const caller = path.at(-1);
      if (caller !== undefined) lower(caller.index, low.get(index));
      if (low.get(index) !== order.get(index)) continue;
      const component = open.splice(open.lastIndexOf(index));
      for (const member of component) isOpen.delete(member);
      if (component.length > 1 || graph.get(index)?.callees.has(index)) components.push(component);
    }
  }
  return components;
}

/**
 * The greatest sum of frame sizes on a path of calls that starts anywhere and ends before entering a function
 * of `marked`.
 *
 * @param marked functions of which every cycle contains one
 */
export function longestUnmarkedWay(graph: ReadonlyMap<number, FunctionNode>, marked: ReadonlySet<number>): number {
  const known = new Map<number, number>();
  const under = new Set<number>();
  const longestFrom = (index: number): number => {
    const before = known.get(index);
    if (before !== undefined) return before;
    if (under.has(index)) throw new Error(`function ${index} calls itself without passing a mark`);
    under.add(index);
    const { callees, frameBytes: own } = graph.get(index) ?? { callees: [], frameBytes: 0 };
    let beyond = 0;
    for (const callee of callees) if (!marked.has(callee)) beyond = Math.max(beyond, longestFrom(callee));
    under.delete(index);
    known.set(index, own + beyond);
    return own + beyond;
  };
  return Math.max(...[...graph.keys()].map(longestFrom));
}
