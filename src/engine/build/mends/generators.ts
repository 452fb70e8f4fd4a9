import { type Code, wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Atom, Call, FunctionDefinition, Opcode, ParseState, UNDEFINED } from './quickjs.js';

const { br, brIf, call, get, i32Const, i32Eqz, i32Load, i32Ne, i64Const, i64Load, set } = wasm;

/** JSAsyncGeneratorRequest. */
const Request = { completion: 8, value: 16 } as const;

/**
 * Requests to an async generator that has ended were answered one by one, each with the next request: of
 * several pending ones, all but one waited forever. So did those behind a `return` whose value was awaited.
 */
export const queuesOfGenerators: Mend = {
  name: 'an async generator that has ended answers all that wait',
  apply(engine) {
    // js_async_generator_resume_next
    const [CONTEXT, GENERATOR, REQUEST] = [0, 1, 2];
    /** From inside the `if`. */
    const TO_NEXT = 7;
    const ofCompletion: Code = [...get(REQUEST), ...i32Load(Request.completion)];
    const byCompletion: Code = [...ofCompletion, 0x0e, 2];
    engine.replace(
      [byCompletion],
      [
        ...[ofCompletion, i32Eqz],
        wasm.if(
          ...[get(CONTEXT), get(GENERATOR), i64Const(UNDEFINED), i32Const(1), call(Call.resolveRequest), br(TO_NEXT)],
        ),
        byCompletion,
      ],
    );
    const [TO_END_AFTER_REJECTION, TO_NEXT_AFTER_REJECTION] = [7, 4];
    const reject = [get(CONTEXT), get(REQUEST), get(REQUEST), i64Load(Request.value), call(Call.rejectRequest)];
    engine.replace([...reject, br(TO_END_AFTER_REJECTION)], [...reject, br(TO_NEXT_AFTER_REJECTION)]);
    // js_async_generator_resolve_function
    const ANY_GENERATOR = 2;
    const resume = [get(CONTEXT), get(ANY_GENERATOR), call(Call.resumeNext)];
    const answer = [i64Const(UNDEFINED), wasm.return];
    engine.replace([...resume, wasm.end, ...answer], [wasm.end, ...resume, ...answer]);
  },
};

/** JSFunctionDef.func_kind of an async generator, and none that there is. */
const ASYNC_GENERATOR = 3;
const NO_KIND = 4;

/**
 * A `return` that leaves a loop in an async generator waited for what the iterator's `return()` gave, as is right in `for await`. That is
 * lowered, see `src/source/lowering/for-await.ts`, so what comes here is `for … of`, which does not wait.
 */
export const leavingOfLoops: Mend = {
  name: 'a return that leaves a for-of loop of an async generator does not wait for its iterator',
  apply(engine) {
    const [STATE, FUNCTION] = [0, 1];
    // emit_return
    const kind = [
      ...[get(STATE), i32Load(ParseState.currentFunction), wasm.tee(FUNCTION)],
      ...[wasm.i32Load8u(FunctionDefinition.kind)],
    ];
    const isKind = (value: number) => [...kind, i32Const(value), wasm.i32Eq, wasm.openIf];
    engine.replace(isKind(ASYNC_GENERATOR), isKind(NO_KIND));
  },
};

/**
 * `yield*` in an async generator that is left by `return()` awaited the value that the inner iterator had
 * already given. Without an inner `return`, it does have to wait.
 */
export const leavingOfDelegation: Mend = {
  name: 'yield* takes the result of return() as it is',
  apply(engine) {
    const [STATE, IS_SYNCHRONOUS, WITHOUT_METHOD] = [0, 6, 7];
    const currentFunction = [get(STATE), i32Load(ParseState.currentFunction)];
    const emit = (opcode: number) => [...currentFunction, i32Const(opcode), call(Call.emitOpcode)];
    const emitLabel = (label: number) => [get(STATE), get(label), call(Call.emitLabel)];
    // emit_return
    const KIND = 3;
    const ofOtherKinds = [get(KIND), i32Const(ASYNC_GENERATOR), i32Ne];
    const place = [...ofOtherKinds, brIf(1), i32Const(Opcode.await)];
    const emitReturn = engine.copy(place, ofOtherKinds, [i32Const(1)], 1);
    const dropIterator = [...emit(Opcode.nip), ...emit(Opcode.nip), ...emit(Opcode.nip)];
    const value = [get(STATE), i32Const(Atom.value), call(Call.emitAtom)];
    const hasReturned = [get(STATE), i32Const(1)];
    engine.replace(
      [...value, ...emitLabel(WITHOUT_METHOD), ...dropIterator, ...hasReturned, call(Call.emitReturn)],
      [
        ...value,
        get(IS_SYNCHRONOUS),
        wasm.ifElse(emitLabel(WITHOUT_METHOD), [
          ...[get(STATE), i32Const(Opcode.goto), i32Const(-1), call(Call.emitGoto), set(IS_SYNCHRONOUS)],
          ...emitLabel(WITHOUT_METHOD),
          ...emit(Opcode.await),
          ...emitLabel(IS_SYNCHRONOUS),
        ]),
        ...dropIterator,
        ...hasReturned,
        call(emitReturn),
      ],
    );
  },
};
