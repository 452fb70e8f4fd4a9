import { wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Call, Opcode, ParseState } from './quickjs.js';

const { brIf, call, get, i32Add, i32Const, i32Eq, i32Load, i32Load8u, i32Or, i32Store, i32Store8, openIf, select } =
  wasm;

/** Within js_parse_statement_or_decl. */
const BreakEntry = { scopeLevel: 52, flags: 56 } as const;

/**
 * `continue` in a `for (let …)` leaves the scopes up to that of the break entry, which the compiler takes where the loop's own scope is
 * open already: closures of one iteration went on seeing the next. It takes the scope around the loop instead, block_scope_level, as it
 * does itself for `for … of`.
 */
export const freshLoopVariables: Mend = {
  name: 'each iteration of a for loop has its own variables',
  apply(engine) {
    const BREAK_ENTRY = 3;
    const SCOPE_LEVEL = 2;
    const BLOCK_SCOPE_LEVEL = 7;
    const store = (level: number) => [
      ...[get(BREAK_ENTRY), i32Const(0), i32Store8(BreakEntry.flags)],
      ...[get(BREAK_ENTRY), get(level), i32Store(BreakEntry.scopeLevel)],
    ];
    engine.replace(store(SCOPE_LEVEL), store(BLOCK_SCOPE_LEVEL));
  },
};

/** Offsets from the frame of js_parse_for_in_of. */
const ForOfEntry = { flags: 108, dropCount: 96 } as const;

/**
 * The compiler counts the iterator of a `for … of` as there before it has compiled the expression that makes it: a `yield` in that
 * expression would have it closed. It counts from where the iterator is made.
 */
export const yieldInLoopHead: Mend = {
  name: 'yield may stand in the head of a for of',
  apply(engine) {
    const IS_SYNCHRONOUS = 1;
    const FRAME = 3;
    const IS_FOR_OF = 7;
    const HAS_ITERATOR = 1;
    const count = [
      ...[get(FRAME), get(FRAME), i32Load8u(ForOfEntry.flags), i32Const(HAS_ITERATOR), i32Or],
      i32Store8(ForOfEntry.flags),
      ...[get(FRAME), get(FRAME), i32Load(ForOfEntry.dropCount), i32Const(2), i32Add, i32Store(ForOfEntry.dropCount)],
    ];
    const start = [
      ...[get(0), i32Load(ParseState.currentFunction), i32Const(Opcode.forOfStart), i32Const(Opcode.forAwaitOfStart)],
      ...[get(IS_SYNCHRONOUS), select, i32Const(Opcode.forInStart), get(IS_FOR_OF), select, call(Call.emitOpcode)],
    ];
    engine.replace([openIf, ...count], [openIf]);
    engine.insertBefore(start, [get(IS_FOR_OF), wasm.if(...count)]);
  },
};

/** js_atof takes `.` for the beginning of decimals in any radix: `0xff.toString()` did not compile. */
export const membersOfLiterals: Mend = {
  name: 'a hexadecimal, octal or binary literal may be followed by a member',
  apply(engine) {
    const RADIX = 3;
    const FLAGS = 4;
    const CHARACTER = 7;
    const INTEGER_ONLY = 1;
    const DOT = 0x2e;
    engine.replace(
      [get(FLAGS), i32Const(INTEGER_ONLY), wasm.i32And, brIf(0), get(CHARACTER), i32Const(DOT), i32Eq, openIf],
      [
        ...[get(FLAGS), i32Const(INTEGER_ONLY), wasm.i32And, get(RADIX), i32Const(10), wasm.i32Ne, i32Or, brIf(0)],
        ...[get(CHARACTER), i32Const(DOT), i32Eq, openIf],
      ],
    );
  },
};
