import { I32, I64, wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Call, EXCEPTION, ObjectField, TAG_MASK } from './quickjs.js';

const { call, get, i32Const, i32LtU, i32Load16u, i32Sub, i64And, i64Const, i64Eq, i64Load, tee } = wasm;

/** The classes of BigInt64Array and, after it, BigUint64Array. */
const BIGINT_CLASSES = { first: 28, count: 2 } as const;
const AS_NUMBER = 1;

/**
 * js_typed_array_with checked the index before it knew that the value is a number: `TypeError` comes before
 * `RangeError`.
 */
export const valuesOfWith: Mend = {
  name: 'with() of typed arrays converts the value before it looks at the index',
  apply(engine) {
    const [CONTEXT, VALUE, ARRAY] = [0, 1, 2];
    const toElement = engine.append(
      [I32, I64, I32],
      [I64],
      [
        [0],
        ...[get(CONTEXT), get(VALUE), i32Const(AS_NUMBER), call(Call.toPrimitive), tee(VALUE)],
        ...[i64Const(TAG_MASK), i64And, i64Const(EXCEPTION), i64Eq],
        wasm.if(get(VALUE), wasm.return),
        ...[get(ARRAY), i32Load16u(ObjectField.classId), i32Const(BIGINT_CLASSES.first), i32Sub],
        ...[i32Const(BIGINT_CLASSES.count), i32LtU],
        wasm.if(get(CONTEXT), get(VALUE), call(Call.toBigInt), wasm.return),
        ...[get(CONTEXT), get(VALUE), i32Const(0), call(Call.toNumber)],
      ],
    );
    const [ARGUMENTS, TYPED_ARRAY, CONVERTED] = [3, 2, 6];
    const value = [get(CONTEXT), get(ARGUMENTS), i64Load(8)];
    const checked = [tee(CONVERTED), i64Const(TAG_MASK), i64And, i64Const(EXCEPTION), i64Eq];
    engine.replace(
      [...value, i32Const(AS_NUMBER), call(Call.toPrimitive), ...checked],
      [...value, get(TYPED_ARRAY), call(toElement), ...checked],
    );
  },
};
