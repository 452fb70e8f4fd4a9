import { type Code, I32, I64, wasm } from '../wasm/instructions.js';
import type { EngineEditor } from './engine-editor.js';
import type { Mend } from './mend.js';
import { Call, EXCEPTION, TAG_MASK } from './quickjs.js';

const { block, br, call, get, i32Add, i32And, i32Const, i32Eqz, i32Load, i32LtS, i32Mul, i32Shl, i32Store } = wasm;
const { i32Sub, i32WrapI64, i64And, i64Const, i64Eq, i64GtU, i64ShrU, memoryCopy, memoryFill, select, set, tee } = wasm;

/** BigInts: the tags of a short one and of one in memory, JSBigInt. */
const SHORT = 7n << 32n;
const LONG = -9n << 32n;
const LIMB_BYTES = 4;
const BigIntField = { length: 4, limbs: 8 } as const;
const MAX_LIMBS = 32_768n;

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

/** js_bigint_asUintN behaves like `asIntN` if the highest bit is set, and for negative numbers of fewer bits. */
export const unsignedBigInts: Mend = {
  name: 'BigInt.asUintN answers what is not negative',
  apply(engine) {
    const toUnsigned = appendToUnsigned(engine);
    const [CONTEXT, RESULT, NEW_LIMBS, IS_SIGNED, VALUE, BITS] = [0, 1, 3, 4, 5, 6];
    const mended = (value: Code[]) => [
      ...[get(CONTEXT), ...value, get(BITS), get(IS_SIGNED), call(toUnsigned), set(RESULT)],
    ];
    const TO_END = 1;
    const unchanged: Code[] = [wasm.end, get(VALUE)];
    const leave: Code[] = [br(TO_END), wasm.end, get(CONTEXT), get(BITS), i64Const(31n)];
    engine.replace([...unchanged, set(RESULT), ...leave], [wasm.end, ...mended([get(VALUE)]), ...leave]);
    const made: Code[] = [get(CONTEXT), get(NEW_LIMBS), call(Call.compactBigInt)];
    const free: Code[] = [get(CONTEXT), get(VALUE), call(Call.freeValue)];
    engine.replace([...free, ...made, set(RESULT)], [...free, ...mended(made)]);
  },
};

/**
 * `(ctx, value, bits, isSigned) -> value`: adds 2 ** bits to a negative value. Takes ownership of its
 * argument.
 */
function appendToUnsigned(engine: EngineEditor): number {
  const [CONTEXT, VALUE, BITS, IS_SIGNED, FIRST_LIMB, POINTER, LENGTH, MADE, COUNT] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const hasTag = (tag: bigint) => [get(VALUE), i64Const(TAG_MASK), i64And, i64Const(tag), i64Eq];
  const lastLimb = (pointer: number, count: number) => [get(pointer), get(count), i32Const(2), i32Shl, i32Add];
  const LAST = BigIntField.limbs - LIMB_BYTES;
  const limbs = (pointer: number) => [get(pointer), i32Const(BigIntField.limbs), i32Add];
  const giveBack = [get(VALUE), wasm.return];
  const unlessNegative = [i32Const(0), i32LtS, i32Eqz, wasm.if(...giveBack)];
  const free = [get(CONTEXT), get(VALUE), call(Call.freeValue)];
  return engine.append(
    [I32, I64, I64, I32],
    [I64],
    [
      [1, 5, I32],
      ...[get(IS_SIGNED), wasm.if(...giveBack)],
      block(
        ...hasTag(SHORT),
        wasm.if(get(VALUE), i32WrapI64, tee(FIRST_LIMB), ...unlessNegative, br(1)),
        ...[...hasTag(LONG), i32Eqz, wasm.if(...giveBack)],
        ...[get(VALUE), i32WrapI64, tee(POINTER), i32Load(BigIntField.length), set(LENGTH)],
        ...[...lastLimb(POINTER, LENGTH), i32Load(LAST), ...unlessNegative],
      ),
      // As many limbs as 2 ** bits has.
      ...[get(BITS), i64Const(5n), i64ShrU, i64Const(MAX_LIMBS), i64GtU],
      wasm.ifElse(
        [i32Const(Number(MAX_LIMBS) + 1), set(COUNT)],
        [get(BITS), i64Const(5n), i64ShrU, i32WrapI64, i32Const(1), i32Add, set(COUNT)],
      ),
      ...[get(CONTEXT), get(COUNT), call(Call.newBigInt), tee(MADE), i32Eqz],
      wasm.if(...free, i64Const(EXCEPTION), wasm.return),
      // The sign is extended.
      ...[...limbs(MADE), i32Const(0xff), get(COUNT), i32Const(2), i32Shl, memoryFill],
      get(POINTER),
      wasm.ifElse(
        [...limbs(MADE), ...limbs(POINTER), get(LENGTH), i32Const(2), i32Shl, memoryCopy],
        [get(MADE), get(FIRST_LIMB), i32Store(BigIntField.limbs)],
      ),
      ...[...lastLimb(MADE, COUNT), ...lastLimb(MADE, COUNT), i32Load(LAST)],
      ...[i32Const(1), get(BITS), i32WrapI64, i32Shl, i32Const(1), i32Sub, i32And, i32Store(LAST)],
      ...free,
      ...[get(CONTEXT), get(CONTEXT), get(MADE), call(Call.normalizeBigInt), call(Call.compactBigInt)],
    ],
  );
}
