import { wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Atom, Call, Opcode, ParseState } from './quickjs.js';

const { brIf, call, get, i32Add, i32Const, i32Eq, i32Eqz, i32Load, i32Sub, openIf } = wasm;

const PARSE_STATE = 0;
const IS_TAGGED = 1;
const DEPTH = 3;
const TOKEN_SEPARATOR = 24;
const BYTECODE = 256;
const BACKTICK = 0x60;

const emit = (opcode: number) => [
  ...[get(PARSE_STATE), i32Load(ParseState.currentFunction), i32Const(opcode), call(Call.emitOpcode)],
];

/**
 * A template literal was compiled to a call of `concat` of its first part, which a handler may have replaced
 * and which converts all values to strings only after all of them were computed. Now it is an addition: each
 * value is converted to a string (which refuses symbols) before the next is computed.
 */
export const templatesInOrder: Mend = {
  name: 'the values of a template become text one by one',
  apply(engine) {
    const isFirst = [
      ...[get(DEPTH), i32Eqz, openIf],
      ...[get(PARSE_STATE), i32Load(TOKEN_SEPARATOR), i32Const(BACKTICK), i32Eq, brIf(9)],
    ];
    engine.replace(
      [...isFirst, ...emit(Opcode.getField2), get(PARSE_STATE), i32Const(Atom.concat), call(Call.emitAtom), wasm.end],
      [...isFirst, wasm.else, ...emit(Opcode.add), wasm.end],
    );
    const isRead = [get(PARSE_STATE), call(Call.nextToken), brIf(0)];
    engine.insertAfter(
      [...isRead, get(PARSE_STATE), call(Call.parseExpression), brIf(0)],
      [get(IS_TAGGED), i32Eqz, wasm.if(...emit(Opcode.toPropertyKey), ...emit(Opcode.add))],
    );
    engine.replace(
      [
        ...emit(Opcode.callMethod),
        ...[get(PARSE_STATE), i32Load(ParseState.currentFunction), i32Const(BYTECODE), i32Add],
        ...[get(DEPTH), i32Const(1), i32Sub, i32Const(0xffff), wasm.i32And, call(Call.putU16)],
      ],
      [],
    );
  },
};
