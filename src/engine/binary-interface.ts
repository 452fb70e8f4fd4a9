// The contract between the rewritten engine and the code that runs it: names of exports, layouts in linear
// memory, versions. The rewrite in `build/` imports it as well.

/** The names of the exports that the rewrite adds. */
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
 * Part of the engine fingerprint: raise it whenever this file or `scripts/images/` creates a
 * different binary from the same upstream.
 */
export const REWRITE_VERSION = 10;

export const WASM_PAGE_BYTES = 65_536;

/**
 * The engine checks its stack on entry and at calls; functions that it calls from there may exceed the
 * guest's limit by this.
 */
export const STACK_MARGIN_BYTES = 64 * 1024;

/** The places of the parts of linear memory, in bytes. */
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
  /** `() -> i32`: the constructs that the compiler met since the last call, see {@link Note}. */
  takeNotes: 'nexus_take_notes',
  /** `(address)`: sets the {@link PlaceTable}, or 0 for none. */
  usePlaces: 'nexus_use_places',
} as const;

/**
 * A table that maps the places of a rewritten source to those of the original: a header like the engine's
 * GetLineColCache of the original, the number of pieces (u32), and the pieces, three u32 each. Offsets are in
 * bytes.
 */
export const PlaceTable = {
  headerBytes: 16,
  /**
   * Header: the position up to which lines were counted, from 0, and the address of the text. The other
   * fields are counts and initially zero.
   */
  position: 0,
  textStart: 12,
  count: 16,
  pieces: 20,
  pieceBytes: 12,
  /**
   * Piece: where it starts in the compiled form, the corresponding place in the original, and how far the
   * original advances with each byte.
   */
  start: 0,
  original: 4,
  step: 8,
} as const;

/** The exports of the marks: globals of type i32, which writes to memory cannot change. */
export const MARK_EXPORTS = {
  /** The lowest value of the stack pointer, where it is checked, since the host reset it. */
  stackLow: 'nexus_stack_low',
  /** The highest value of the heap's break since the host reset it. */
  heapHigh: 'nexus_heap_high',
} as const;

/**
 * The tracker's data in linear memory: a header of three u32, then room for `capacity` pairs of JSValues,
 * oldest first. Offsets and sizes are in bytes.
 */
export const RejectionBlock = {
  /** Pairs in use. */
  count: 0,
  /** Pairs for which there is room. */
  capacity: 4,
  /** Rejections that found no room and are not handled yet. Their promises are unknown. */
  overflow: 8,
  pairs: 16,
  pairBytes: 16,
  /** Within a pair; the promise comes first. */
  reason: 8,
} as const;

/**
 * An export of a mended engine, `() -> i32`: the {@link Count} that the compiler exceeded since the last
 * call, or 0.
 */
export const COUNT_EXPORT = 'nexus_take_exceeded_count';

/** An export of a mended engine, `(address)`: where the object is in which values are noted that are thrown and no errors, see `mends/errors.ts`. */
export const THROW_EXPORT = 'nexus_note_throws_in';

/** An export of a mended engine, `(flag)`: whether functions inside of what is compiled from now on are left out of stacks. */
export const HIDE_EXPORT = 'nexus_hide_functions';

/** What bytecode counts with 16 bits in one function. */
export const Count = {
  /** Variables of other functions, and globals, to which it refers. */
  references: 1,
  /** Its own variables. */
  variables: 2,
  /** Blocks that may have variables. */
  scopes: 3,
} as const;

/** How a mended engine asks about the time zone, see `mends/dates.ts`. */
export const ZoneRequest = {
  /** Added to the address at which the import for local time stores the seconds from local time to UTC: what the milliseconds count. */
  ofTime: 1,
  ofLocalTime: 2,
  kinds: 3,
  /** Room for the name of the zone in UTF-8, with a space and parentheses. */
  maxNameBytes: 128,
} as const;
