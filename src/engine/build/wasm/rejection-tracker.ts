import { RejectionBlock } from '../../binary-interface.js';
import { type Code, I32, I64, wasm } from './instructions.js';

/**
 * Parameters of a JSHostPromiseRejectionTracker, which returns nothing: context, promise, reason, is handled,
 * opaque.
 */
export const TRACKER_PARAMETERS: readonly number[] = [I32, I64, I64, I32, I32];

/** Parameters and locals, by their index. */
const Local = { promise: 1, reason: 2, isHandled: 3, block: 4, count: 5, pair: 6, end: 7 } as const;
/** One group: three of type i32. */
const LOCALS: Code = [1, 3, I32];

const PAIR_BYTES_LOG2 = 4;
/** The offset of the reference count, an i32, in an object. */
const REFERENCES = 0;

const { block, brIf, get, i32Add, i32Const, i32Load, i32Store, i32Sub, i64Load, i64Store, loop, set } = wasm;
const { count, capacity, overflow, pairs, pairBytes, reason } = RejectionBlock;

/**
 * Locals and code of the function that the engine calls when a promise without a handler is rejected, and
 * again when a handler is added. `opaque` is the address of a {@link RejectionBlock}.
 *
 * It allocates nothing, calls nothing and reads at most `capacity` pairs, whatever a guest does. The list
 * holds a reference to each promise, which holds its reason. Code that adds a handler also holds the promise,
 * so releasing the list's reference never frees it.
 */
export function rejectionTrackerBody(): Uint8Array {
  const code: Code[] = [
    [...get(Local.block), ...i32Load(count), ...set(Local.count)],
    // The place of the next pair. All addresses of pairs here lack the offset of the first.
    [...get(Local.block), ...get(Local.count), ...i32Const(PAIR_BYTES_LOG2), ...wasm.i32Shl, ...i32Add],
    set(Local.end),
    [...get(Local.isHandled), ...wasm.i32Eqz],
    wasm.if(...append(), wasm.return),
    removeAndReturn(),
    [...get(Local.block), ...i32Load(overflow)],
    wasm.if(change(Local.block, overflow, i32Sub)),
  ];
  return Uint8Array.from([...LOCALS, ...code.flat(), ...wasm.end]);
}

/** Lists the promise, or counts it if there is no room. */
function append(): Code[] {
  return [
    [...get(Local.count), ...get(Local.block), ...i32Load(capacity), ...wasm.i32GeU],
    wasm.if(change(Local.block, overflow, i32Add), wasm.return),
    [...get(Local.end), ...get(Local.promise), ...i64Store(pairs)],
    [...get(Local.end), ...get(Local.reason), ...i64Store(pairs + reason)],
    change(Local.block, count, i32Add),
    changeReferences(i32Add),
  ];
}

/** If the promise is listed. The newest is checked first, because most are handled at once. */
function removeAndReturn(): Code {
  const next = 0;
  const notListed = 1;
  return block(
    [...get(Local.end), ...set(Local.pair)],
    loop(
      [...get(Local.pair), ...get(Local.block), ...wasm.i32Eq, ...brIf(notListed)],
      [...get(Local.pair), ...i32Const(pairBytes), ...i32Sub, ...set(Local.pair)],
      [...get(Local.pair), ...i64Load(pairs), ...get(Local.promise), ...wasm.i64Ne, ...brIf(next)],
    ),
    // The pairs behind it move up.
    [...get(Local.pair), ...i32Const(pairs), ...i32Add],
    [...get(Local.pair), ...i32Const(pairs + pairBytes), ...i32Add],
    [...get(Local.end), ...get(Local.pair), ...i32Sub, ...i32Const(pairBytes), ...i32Sub],
    wasm.memoryCopy,
    change(Local.block, count, i32Sub),
    changeReferences(i32Sub),
    wasm.return,
  );
}

/** Adds 1 to, or subtracts it from, the u32 at `offset` of the local's target. */
function change(pointer: number, offset: number, operation: Code): Code {
  return [...get(pointer), ...get(pointer), ...i32Load(offset), ...i32Const(1), ...operation, ...i32Store(offset)];
}

/** A JSValue that is an object has its address in the lower half. */
function changeReferences(operation: Code): Code {
  return [
    ...[...get(Local.promise), ...wasm.i32WrapI64, ...set(Local.pair)],
    ...change(Local.pair, REFERENCES, operation),
  ];
}
