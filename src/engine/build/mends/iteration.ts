import { type Code, I32, I64, wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Call, EXCEPTION, TAG_MASK, UNDEFINED } from './quickjs.js';

const { br, brIf, call, drop, get, i32Add, i32And, i32Const, i32Eq, i32Load16u, i32LtS, i32Or, i32Store } = wasm;
const { i32Store16, i64And, i64Const, i64Eq, i64Load, i64Ne, i64Store, tee } = wasm;

/** An iterator whose `next` threw is finished; spread closed it nevertheless. */
export const spreadOfFailingIterators: Mend = {
  name: 'spread does not close an iterator whose next threw',
  apply(engine) {
    const [ITERATOR, NEXT, VALUE, CONTEXT, FRAME] = [7, 8, 9, 18, 24];
    const IS_DONE = 120;
    const TO_CLOSING = 69;
    /** From inside the `if`. */
    const TO_EXCEPTION = 110;
    const step = [
      ...[get(CONTEXT), get(ITERATOR), get(NEXT), get(FRAME), i32Const(IS_DONE), i32Add, call(Call.iteratorNext)],
      ...[tee(VALUE), i64Const(TAG_MASK), i64And, i64Const(EXCEPTION), i64Eq],
    ];
    engine.replace(
      [...step, brIf(TO_CLOSING)],
      [
        ...step,
        wasm.if(
          ...[get(CONTEXT), get(ITERATOR), call(Call.freeValue), get(CONTEXT), get(NEXT), call(Call.freeValue)],
          br(TO_EXCEPTION),
        ),
      ],
    );
  },
};

/** JSIteratorHelperData. */
const Helper = { iterator: 0, inner: 24, state: 40 } as const;
const EXECUTING = 0x100;
const DONE = 0x200;
const HELPER_CLASS = 41;
const CANNOT_INVOKE = 8774;

/**
 * `return` of an iterator helper called the `return` of its iterator as if it were `next`. It failed if there
 * is none, as for arrays, and returned its result. `flatMap` closed inner iterators that were finished.
 */
export const closingOfHelpers: Mend = {
  name: 'an iterator helper is closed as the language says',
  apply(engine) {
    const [CONTEXT, THIS, IS_DONE, MAGIC, HELPER, STATE, INNER] = [0, 1, 4, 5, 6, 7, 8];
    const RETURN = 1;
    const closeIterator = (isThrowing: number) => [
      ...[get(CONTEXT), get(HELPER), i64Load(Helper.iterator), i32Const(isThrowing), call(Call.iteratorClose)],
    ];
    const fail = [i64Const(EXCEPTION), wasm.return];
    engine.replace(
      [
        ...[get(CONTEXT), get(2), i64Load(Helper.inner), i32Const(0), call(Call.iteratorClose), drop],
        ...[get(CONTEXT), get(2), i64Load(Helper.inner), call(Call.freeValue)],
      ],
      [get(CONTEXT), get(2), i64Load(Helper.inner), call(Call.freeValue)],
      2,
    );
    // An iterator that threw is finished.
    const [MAGIC_HERE, RESULT] = [5, 6];
    const ifResult: Code = [0x04, I32];
    const ended = [i32Const(0xffff & ~(DONE | EXECUTING)), i32And, get(MAGIC_HERE)];
    engine.replace([...ended, ifResult], [...ended, get(RESULT), i64Const(EXCEPTION), i64Eq, i32Or, ifResult]);
    engine.wrap([i32Const(CANNOT_INVOKE)], (original) => [
      [2, 2, I32, 1, I64],
      ...[get(MAGIC), i32Const(RETURN), i32Eq],
      wasm.if(
        ...[get(IS_DONE), i32Const(0), i32Store(0)],
        ...[get(CONTEXT), get(THIS), i32Const(HELPER_CLASS), call(Call.getOpaque), tee(HELPER), wasm.i32Eqz],
        wasm.if(...fail),
        ...[get(HELPER), i32Load16u(Helper.state), tee(STATE), i32Const(EXECUTING), i32And, wasm.i32Eqz],
        wasm.if(
          ...[get(IS_DONE), i32Const(1), i32Store(0)],
          ...[get(STATE), i32Const(DONE), i32And],
          wasm.if(i64Const(UNDEFINED), wasm.return),
          ...[get(HELPER), get(STATE), i32Const(DONE), i32Or, i32Store16(Helper.state)],
          ...[get(HELPER), i64Load(Helper.inner), tee(INNER), i64Const(UNDEFINED), i64Ne],
          wasm.if(
            ...[get(HELPER), i64Const(UNDEFINED), i64Store(Helper.inner)],
            ...[get(CONTEXT), get(INNER), i32Const(0), call(Call.iteratorClose), wasm.set(STATE)],
            ...[get(CONTEXT), get(INNER), call(Call.freeValue)],
            ...[get(STATE), i32Const(0), i32LtS],
            wasm.if(...closeIterator(1), drop, ...fail),
          ),
          ...[...closeIterator(0), i32Const(0), i32LtS],
          wasm.if(...fail),
          ...[i64Const(UNDEFINED), wasm.return],
        ),
      ),
      ...[0, 1, 2, 3, 4, 5].map(get),
      call(original),
    ]);
  },
};
