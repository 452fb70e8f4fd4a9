import { define } from '../intrinsics.js';

const BigIntFunction = BigInt;
const { asUintN } = BigInt;
const { trunc } = Math;

/** The engine answers as `asIntN` would where the highest bit is set. */
export function mendBigInts(): void {
  define(
    BigIntFunction,
    'asUintN',
    {
      asUintN(bits: number, value: bigint): bigint {
        // Read once: it may be an object.
        const width = +bits;
        const result = asUintN(width, value);
        return result < 0n ? result + (1n << BigIntFunction(trunc(width))) : result;
      },
    }.asUintN,
  );
}
