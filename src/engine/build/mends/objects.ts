import { I32, I64, wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Atom, Call, EXCEPTION, LAST_NON_OBJECT, ROPE_TAG, STRING_TAG } from './quickjs.js';

const { brIf, call, drop, get, i32Add, i32Const, i32Eqz, i32Load, i32Or, i64Const, i64Eq, i64Load, tee } = wasm;

/** JS_CopyDataProperties copies nothing of a string, which has its characters as properties. */
export const spreadOfTexts: Mend = {
  name: 'a text is spread into its characters',
  apply(engine) {
    const [CONTEXT, TARGET, SOURCE, EXCLUDED, ASSIGNS, TAG, RESULT] = [0, 1, 2, 3, 4, 5, 6];
    const copy = (source: number) => [
      ...[get(CONTEXT), get(TARGET), get(source), get(EXCLUDED), get(ASSIGNS), call(Call.copyDataProperties)],
    ];
    const HALF = 32n;
    const copyAny = engine.append(
      [I32, I64, I64, I64, I32],
      [I32],
      [
        [2, 1, I64, 1, I32],
        ...[get(SOURCE), i64Const(HALF), wasm.i64ShrS, tee(TAG), i64Const(STRING_TAG), i64Eq],
        ...[get(TAG), i64Const(ROPE_TAG), i64Eq, i32Or],
        wasm.if(
          ...[get(CONTEXT), get(SOURCE), call(Call.toObject), tee(TAG), i64Const(EXCEPTION), i64Eq],
          wasm.if(i32Const(-1), wasm.return),
          ...[...copy(TAG), wasm.set(RESULT), get(CONTEXT), get(TAG), call(Call.freeValue), get(RESULT), wasm.return],
        ),
        ...copy(SOURCE),
      ],
    );
    // In OP_copy_data_properties; the other caller converts its source to an object.
    const before = [
      ...[i32Const(5), wasm.i32ShrU, i32Const(-1), wasm.i32Xor, i32Const(3), wasm.i32Shl, i32Add, i64Load(0)],
      i32Const(0),
    ];
    engine.replace([...before, call(Call.copyDataProperties)], [...before, call(copyAny)]);
  },
};

/** js_proxy_get_own_property_names accepts any value, with or without a `length`. */
export const keysOfProxies: Mend = {
  name: 'what ownKeys of a proxy answers is an object',
  apply(engine) {
    const NOT_AN_OBJECT = 6686;
    const getLengthOfObject = engine.append(
      [I32, I32, I64],
      [I32],
      [
        [0],
        [...get(2), ...i64Const(LAST_NON_OBJECT), ...wasm.i64LeU],
        wasm.if(
          ...[get(1), i32Const(0), wasm.i32Store(0)],
          ...[get(0), i32Const(NOT_AN_OBJECT), i32Const(0), call(Call.throwTypeError), i32Const(-1), wasm.return],
        ),
        ...[get(0), get(1), get(2), call(Call.getLength)],
      ],
    );
    const before = [get(0), get(5), i32Const(52), i32Add, get(3)];
    engine.replace([...before, call(Call.getLength)], [...before, call(getLengthOfObject)]);
  },
};

/** The bytecode reader leaves the length of a template object writable. */
export const frozenTemplates: Mend = {
  name: 'template objects are frozen',
  apply(engine) {
    const FRAME = 3;
    const [CONTEXT, ARRAY] = [4, 10];
    const LENGTH = 32;
    engine.insertBefore(
      [get(CONTEXT), get(ARRAY), call(Call.preventExtensions), drop, wasm.br(15)],
      [
        ...[get(CONTEXT), get(ARRAY), i32Const(Atom.length), get(FRAME), i32Load(LENGTH), wasm.i64ExtendI32u],
        ...[i32Const(0), call(Call.defineProperty), drop],
      ],
    );
  },
};

/** The engine skips the call if both values are identical; but a comparator may count its calls, or throw. */
export const comparatorsOfSame: Mend = {
  name: 'sort compares what is identical, too',
  apply(engine) {
    const VALUE_BYTES = 8;
    engine.replace([get(0), get(1), i32Const(VALUE_BYTES), call(Call.memcmp), i32Eqz, brIf(2)], []);
  },
};
