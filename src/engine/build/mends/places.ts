import { I32, wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Call, Context, Opcode, ParseState, Runtime } from './quickjs.js';

const { call, get, i32Const, i32Load, i64Load } = wasm;

/**
 * The compiler gives no place to the instructions of destructuring, so "cannot convert to object" was
 * reported at the previous place, often lines above. Now it records the place of the first token inside the
 * pattern, as it does for operators.
 */
export const placesOfPatterns: Mend = {
  name: 'an error of destructuring is at its pattern',
  apply(engine) {
    const PARSE_STATE = 0;
    const FUNCTION = 4;
    const note = [get(PARSE_STATE), get(PARSE_STATE), i32Load(ParseState.sourcePointer), call(Call.emitPlace)];
    const brace = [call(Call.nextToken), wasm.brIf(5)];
    const ofObjects = [get(PARSE_STATE), i32Load(ParseState.currentFunction), i32Const(Opcode.toObject)];
    engine.replace(
      [...brace, ...ofObjects, call(Call.emitOpcode)],
      [...brace, ...note, ...ofObjects, call(Call.emitOpcode)],
    );
    engine.insertBefore([get(FUNCTION), i32Const(Opcode.forOfStart), call(Call.emitOpcode)], note);
  },
};

/** An error for calling a class without `new` is reported at the call, not at the class. */
export const placesOfClassCalls: Mend = {
  name: 'a class that is called without new is reported at the call',
  apply(engine) {
    const CONTEXT = 18;
    const SKIP_FIRST_LEVEL = 1;
    const WITHOUT_NEW = 23_325;
    const fail = [get(CONTEXT), i32Const(WITHOUT_NEW), i32Const(0)];
    const throwAtCaller = engine.append(
      [I32, I32, I32],
      [],
      [
        [0],
        ...[get(0), get(1), get(2), call(Call.throwTypeError)],
        ...[get(0), get(0), i32Load(Context.runtime), i64Load(Runtime.currentException)],
        ...[i32Const(0), i32Const(0), i32Const(0), i32Const(SKIP_FIRST_LEVEL), call(Call.buildBacktrace)],
      ],
    );
    engine.replace([...fail, call(Call.throwTypeError)], [...fail, call(throwAtCaller)]);
  },
};
