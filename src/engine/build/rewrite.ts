import { ADDED_EXPORTS, type RewrittenEngine } from '../binary-interface.js';
import type { EngineTable } from '../known-engines.js';
import { containMemory } from './contain-memory.js';
import { mendFunctions } from './memory-safety/function-mend.js';
import { mendsOf } from './memory-safety/known-mends.js';
import { applyMends } from './mends/index.js';
import { occurrences, splice, WasmBinary } from './wasm/binary.js';
import { wasm } from './wasm/instructions.js';
import { rejectionTrackerBody, TRACKER_PARAMETERS } from './wasm/rejection-tracker.js';

/** As a power of two. */
const I64_ALIGNMENT = 3;

/**
 * Adds bytecode writing, reading and evaluation to the stock engine.
 *
 * The stock binary contains the whole bytecode reader and writer, but a flag turns them off. We append copies
 * of the two exported functions with that flag on, and export JS_EvalFunction. One function is our own: the
 * one that the engine calls when it rejects promises. Existing functions are changed by {@link
 * withoutTailCalls}, {@link containMemory}, `memory-safety/` and `mends/`.
 *
 * @param mends without them, functions stay as upstream compiled them
 * @throws Error if the binary does not have the shape that the table describes; the message says which fact
 *   failed
 */
export function rewriteEngine(
  upstream: Uint8Array,
  table: EngineTable,
  mends = mendsOf(table.upstreamSha256),
): RewrittenEngine {
  const { wasm, rejectionTracker } = addFunctions(upstream, table, mends);
  // Last, so that the added functions respect the bounds as well.
  return { ...containMemory(wasm, table), rejectionTracker };
}

/** {@link rewriteEngine} with upstream's memory: for finding the facts of a table. */
export function addFunctions(
  upstream: Uint8Array,
  table: EngineTable,
  mends = mendsOf(table.upstreamSha256),
): Omit<RewrittenEngine, 'layout'> {
  const binary = new WasmBinary(mendFunctions(withoutTailCalls(upstream, table), mends));
  applyMends(binary, table.mends);
  const writer = exported(binary, table.exports.writer);
  const reader = exported(binary, table.exports.reader);

  const { frameOffset } = table.readerFlags;
  const readerFlags = (flags: bigint) => i64ConstStore(flags, frameOffset);
  const additions: [name: string, like: number, from: Uint8Array, to: Uint8Array][] = [
    [
      ADDED_EXPORTS.writeBytecode,
      writer,
      i64Const(table.writerFlags.upstream),
      i64Const(table.writerFlags.withBytecode),
    ],
    [ADDED_EXPORTS.readBytecode, reader, readerFlags(0n), readerFlags(table.readerFlags.withBytecode)],
    [ADDED_EXPORTS.readValue, reader, readerFlags(0n), readerFlags(table.readerFlags.withReferences)],
  ];
  for (const [name, like, from, to] of additions) {
    const body = replaceOnce(binary.functionBody(like), from, to, name);
    binary.exportFunction(name, binary.appendFunction(binary.functionType(like), body));
  }
  binary.exportFunction(ADDED_EXPORTS.evalFunction, table.evalFunctionIndex);

  const trackerType = binary.procedureType(TRACKER_PARAMETERS);
  if (trackerType === undefined) throw new Error('the binary has no function type for a rejection tracker');
  const rejectionTracker = binary.appendToTable(binary.appendFunction(trackerType, rejectionTrackerBody()));

  return { wasm: binary.encode(), rejectionTracker };
}

/**
 * The compiler fuses a call and the following `return` into one instruction with the place of the `return`:
 * an error in `return a\n.b()\n.c()` would be reported at the first line. This makes it look for an opcode
 * that does not exist. Nothing is lost, because a fused call takes a frame like any other.
 */
function withoutTailCalls(upstream: Uint8Array, { tailCall }: EngineTable): Uint8Array {
  const NO_OPCODE = 0n;
  const asked = (opcode: bigint) => {
    const constant = wasm.i64Const((-1n << 32n) | opcode);
    return Uint8Array.from([...constant, ...wasm.i64Store(tailCall.frameOffset, I64_ALIGNMENT)]);
  };
  const from = asked(tailCall.returnOpcode);
  const to = asked(NO_OPCODE);
  if (from.length !== to.length) throw new Error('the question for tail calls changes its length');
  return replaceOnce(upstream, from, to, 'tail calls');
}

function exported(binary: WasmBinary, name: string): number {
  const index = binary.exportedFunction(name);
  if (index === undefined) throw new Error(`the binary exports no function ${name}`);
  return index;
}

function replaceOnce(body: Uint8Array, from: Uint8Array, to: Uint8Array, purpose: string): Uint8Array {
  const found = occurrences(body, from);
  if (found.length !== 1)
    throw new Error(`what is replaced for ${purpose} occurs ${found.length} times instead of once`);
  return splice(body, found[0] ?? 0, from.length, to);
}

function i64Const(value: bigint): Uint8Array {
  return Uint8Array.from(wasm.i64Const(value));
}

function i64ConstStore(value: bigint, offset: number): Uint8Array {
  const alignment = 2;
  return Uint8Array.from([...wasm.i64Const(value), ...wasm.i64Store(offset, alignment)]);
}
