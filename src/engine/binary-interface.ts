// What the rewritten engine and the code that runs it agree on: names of exports, layouts in linear memory, versions. The rewrite, in
// `build/`, imports it as well.

/** Names under which the rewritten module exports what it adds. */
export const ADDED_EXPORTS = {
  /** `(ctx, value*) -> value*`: JS_WriteObject with bytecode allowed; an ArrayBuffer or an exception. */
  writeBytecode: 'nexus_write_bytecode',
  /** `(ctx, arrayBuffer*) -> value*`: JS_ReadObject with bytecode allowed. */
  readBytecode: 'nexus_read_bytecode',
  /** `(ctx, arrayBuffer*) -> value*`: JS_ReadObject with object references allowed, bytecode not. */
  readValue: 'nexus_read_value',
  /** `(ctx, function: i64) -> i64`: JS_EvalFunction, which takes ownership of its argument. */
  evalFunction: 'nexus_eval_function',
} as const;

/**
 * Part of the engine fingerprint: raise it whenever this file, or `scripts/build-engine.mjs`, makes another binary from the same
 * upstream.
 */
export const REWRITE_VERSION = 7;

export const WASM_PAGE_BYTES = 65_536;

/** The engine looks at its stack when it is entered and at calls; what it calls from there may pass the guest's limit by this. */
export const STACK_MARGIN_BYTES = 64 * 1024;

/** Where the parts of linear memory lie, in bytes. */
export interface MemoryLayout {
  /** Static data is `[0, dataEnd)`; the stack `[dataEnd, heapBase)` grows down from `heapBase`. */
  readonly dataEnd: number;
  readonly heapBase: number;
  /** How far below its mark the stack may have been written, see `wasm/water-marks.ts`. */
  readonly stackSlackBytes: number;
}

export interface RewrittenEngine {
  readonly wasm: Uint8Array<ArrayBuffer>;
  readonly layout: MemoryLayout;
  /** Slot of the function table that holds our JSHostPromiseRejectionTracker, see `wasm/rejection-tracker.ts`. */
  readonly rejectionTracker: number;
}

/** Exports of a mended engine. */
export const NOTE_EXPORTS = {
  /** `() -> i32`: what the compiler came across since it was last asked, see {@link Note}. */
  takeNotes: 'nexus_take_notes',
  /** `(address)`: of a {@link PlaceTable}, or 0. */
  usePlaces: 'nexus_use_places',
} as const;

/**
 * How the places of a text that was given another form are told in those of the text that it was: a header as the engine's
 * GetLineColCache of that text, the number of pieces (u32), and the pieces, three u32 each. Offsets are in bytes.
 */
export const PlaceTable = {
  headerBytes: 16,
  /** Of the header: where lines were counted up to, from 0, and where the text begins. The others are counts, zero to begin with. */
  position: 0,
  textStart: 12,
  count: 16,
  pieces: 20,
  pieceBytes: 12,
  /** Of a piece: where it begins in the form that is compiled, what stands there in the text, and what one byte further is further there. */
  start: 0,
  original: 4,
  step: 8,
} as const;

/** Names under which the module exports its marks: globals of type i32, which nothing that is written to memory can change. */
export const MARK_EXPORTS = {
  /** The lowest that the stack pointer was, where it is looked at, since the host set it. */
  stackLow: 'nexus_stack_low',
  /** The highest that the heap's break was since the host set it. */
  heapHigh: 'nexus_heap_high',
} as const;

/**
 * What the tracker keeps in linear memory: a header of three u32, then room for `capacity` pairs of JSValues, those in
 * use first, the oldest foremost. Offsets and sizes in bytes.
 */
export const RejectionBlock = {
  /** Pairs in use. */
  count: 0,
  /** Pairs there is room for. */
  capacity: 4,
  /** Rejections that found no room and are not handled yet. Which they are is not known. */
  overflow: 8,
  pairs: 16,
  pairBytes: 16,
  /** Within a pair; the promise stands first. */
  reason: 8,
} as const;

/** An export of a mended engine, `() -> i32`: which {@link Count} the compiler could not go on with since it was last asked, or 0. */
export const COUNT_EXPORT = 'nexus_take_exceeded_count';

/** An export of a mended engine, `(address)`: where the object is in which values are noted that are thrown and no errors, see `mends/errors.ts`. */
export const THROW_EXPORT = 'nexus_note_throws_in';

/** An export of a mended engine, `(flag)`: whether functions inside of what is compiled from now on are left out of stacks. */
export const HIDE_EXPORT = 'nexus_hide_functions';

/** What bytecode counts with 16 bits in one function. */
export const Count = {
  /** Variables of other functions, and globals, that it refers to. */
  references: 1,
  /** Variables of its own. */
  variables: 2,
  /** Blocks that may have variables. */
  scopes: 3,
} as const;
