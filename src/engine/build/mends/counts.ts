import { COUNT_EXPORT, Count } from '../../binary-interface.js';
import { I32, wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Call } from './quickjs.js';

const { call, get, globalGet, globalSet, i32Add, i32Const, i32Store } = wasm;

/** The lowest invalid number: the greatest numbers have a special meaning. */
const TOO_MANY = 65_534;

/** Addresses of texts of the engine. */
const TOO_MANY_REFERENCES = 8216;
const TOO_MANY_VARIABLES = 8191;

/**
 * The code that enumerates scopes and variables cannot report that there are too many: some of its callers
 * read before the start of the code, others wrote an index of -1, which is 65,535 in bytecode. Scopes were
 * not counted at all, so a name in the 65,537th was looked up in the first. Now the compilation ends there,
 * as it does without memory.
 */
export const countsOfNames: Mend = {
  name: 'a function with more names than bytecode counts is not compiled',
  apply(engine) {
    const exceeded = engine.addGlobal();
    engine.export(COUNT_EXPORT, engine.append([], [I32], [[0], globalGet(exceeded), i32Const(0), globalSet(exceeded)]));
    const end = (count: number) => [i32Const(count), globalSet(exceeded), wasm.unreachable];

    const CONTEXT = 0;
    const thrown = (text: number) => [get(CONTEXT), i32Const(text), i32Const(0), call(Call.throwInternalError)];
    engine.replace(thrown(TOO_MANY_REFERENCES), end(Count.references));
    engine.replace(thrown(TOO_MANY_VARIABLES), end(Count.variables));

    const [FUNCTION, COUNT, SCOPE] = [1, 3, 4];
    engine.insertBefore(
      [get(FUNCTION), get(COUNT), i32Const(1), i32Add, i32Store(SCOPE_COUNT)],
      [get(SCOPE), i32Const(TOO_MANY), wasm.i32GeU, wasm.if(...end(Count.scopes))],
    );
  },
};

/** Offsets in JSFunctionDef, in bytes. */
const SCOPE_COUNT = 200;
