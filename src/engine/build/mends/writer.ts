import { wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';

const { i32And, i32Const, i32Mul, i32ShrU } = wasm;

const FACTOR = 3_163;
/** Objects are larger than this power of two, in bytes. */
const ADDRESS_SHIFT = 4;

/**
 * JS_WriteObject finds objects again by a hash of their addresses, whose lowest bits are always zero: it kept
 * them zero, so most places of the table stayed empty and each object was compared with dozens. More than half
 * of the time of writing a large value went there.
 */
export const objectsOfWriter: Mend = {
  name: 'objects that are written are spread over the whole table by which they are found again',
  apply(engine) {
    const hash = [i32Const(FACTOR), i32Mul, i32And];
    // When an object is looked up, when it is added, and when the table grows.
    engine.replace(hash, [i32Const(ADDRESS_SHIFT), i32ShrU, ...hash], 3);
  },
};
