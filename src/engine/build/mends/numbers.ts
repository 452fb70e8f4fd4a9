import { wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';

const { get, i32Const, i32LtS, i32Mul, i32Shl, i32Sub, select } = wasm;

/** js_bigint_float64_cmp compares exponents as if both numbers were positive. */
export const bigintsAgainstNumbers: Mend = {
  name: 'negative bigints compare with numbers',
  apply(engine) {
    const EXPONENT = 0;
    const OTHER_EXPONENT = 2;
    const IS_NEGATIVE = 3;
    engine.insertAfter(
      [i32Const(-1), i32Const(1), get(EXPONENT), get(OTHER_EXPONENT), i32LtS, select],
      [i32Const(1), get(IS_NEGATIVE), i32Const(1), i32Shl, i32Sub, i32Mul],
    );
  },
};
