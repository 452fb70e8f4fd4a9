import { wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';

const { brIf, get, i32Const, i32Eq, i32Or, i32Store, i32Store8, openIf } = wasm;

/** Fields in js_parse_statement_or_decl. */
const BreakEntry = { scopeLevel: 52, flags: 56 } as const;

/**
 * `continue` in a `for (let …)` leaves the scopes up to that of the break entry, which the compiler records
 * when the loop's own scope is already open: closures of one iteration saw the variables of the next. Now it
 * records the scope around the loop, block_scope_level, as it does for `for … of`.
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

/** js_atof takes `.` for the start of decimals in any radix: `0xff.toString()` did not compile. */
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
