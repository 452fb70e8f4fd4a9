import { NOTE_EXPORTS, PlaceTable } from '../../binary-interface.js';
import { I32, wasm } from '../wasm/instructions.js';
import type { Mend } from './mend.js';
import { Call, Opcode } from './quickjs.js';

const {
  block,
  br,
  brIf,
  call,
  get,
  globalGet,
  i32Add,
  i32Const,
  i32Eq,
  i32Eqz,
  i32Load,
  i32Load8u,
  i32Ne,
  i32Or,
  i32Sub,
  loop,
  select,
  set,
  globalSet,
  tee,
} = wasm;

/**
 * Constructs that the engine compiles wrongly: a source that has them is rewritten, see
 * `src/source/lowering/`. Bits.
 */
export const Note = {
  /** `for await`: its iterator is closed without waiting. */
  forAwait: 1,
  /** A parameter that the default value of another may assign or capture. */
  parameters: 2,
} as const;

export const constructsToLower: Mend = {
  name: 'the compiler notes what it compiles wrongly',
  apply(engine) {
    const notes = engine.addGlobal();
    const note = (bit: number) => [globalGet(notes), i32Const(bit), i32Or, globalSet(notes)];
    const take = engine.append([], [I32], [[0], globalGet(notes), i32Const(0), globalSet(notes)]);
    engine.export(NOTE_EXPORTS.takeNotes, take);

    const [IS_SYNCHRONOUS, IS_FOR_OF] = [1, 7];
    engine.insertAfter(
      [
        ...[i32Const(Opcode.forOfStart), i32Const(Opcode.forAwaitOfStart), get(IS_SYNCHRONOUS), select],
        ...[i32Const(Opcode.forInStart), get(IS_FOR_OF), select, call(Call.emitOpcode)],
      ],
      [get(IS_SYNCHRONOUS), i32Eqz, wasm.if(...note(Note.forAwait))],
    );

    const FUNCTION = 6;
    const noteParameters = engine.append(
      [I32],
      [],
      [
        [1, 2, I32],
        // Nested functions and classes.
        ...[get(0), i32Load(FunctionField.children), get(0), i32Const(FunctionField.childList), i32Add, i32Ne],
        wasm.if(...note(Note.parameters), wasm.return),
        ...[get(0), i32Load(FunctionField.bytecode), tee(1)],
        ...[get(0), i32Load(FunctionField.bytecodeBytes), i32Add, set(2)],
        block(
          loop(
            ...[get(1), get(2), i32Eq, brIf(1)],
            // Or the same byte as part of something else, which costs only time.
            ...[get(1), i32Load8u(0), i32Const(Opcode.scopePutVariable), i32Eq],
            wasm.if(...note(Note.parameters), wasm.return),
            ...[get(1), i32Const(1), i32Add, set(1), br(0)],
          ),
        ),
      ],
    );
    const HAS_EXPRESSIONS = 8;
    const hasExpressions = [get(HAS_EXPRESSIONS), i32Load(0), i32Eqz, brIf(0)];
    const variables = [get(FUNCTION), i32Load(FunctionField.scopes), get(FUNCTION), i32Load(FunctionField.scopeLevel)];
    engine.replace(
      [...hasExpressions, ...variables],
      [...hasExpressions, get(FUNCTION), call(noteParameters), ...variables],
    );
  },
};

/** JSFunctionDef: the list of child functions is empty if it points to itself. */
const FunctionField = {
  childList: 16,
  children: 20,
  scopeLevel: 188,
  scopes: 204,
  bytecode: 256,
  bytecodeBytes: 260,
} as const;

/** Errors are reported at their place in the original source, whatever form was compiled. */
export const placesOfLowered: Mend = {
  name: 'places are told in another text',
  apply(engine) {
    const table = engine.addGlobal();
    engine.export(NOTE_EXPORTS.usePlaces, engine.append([I32], [], [[0], get(0), globalSet(table)]));
    const [CACHE, COLUMN, POINTER, LOW, HIGH, MIDDLE] = [0, 1, 2, 3, 4, 5];
    const BUFFER_START = 12;
    const piece = (index: number) => [
      ...[get(index), i32Const(PlaceTable.pieceBytes), wasm.i32Mul, globalGet(table), i32Add],
    ];
    const field = (offset: number) => i32Load(PlaceTable.pieces + offset);
    const getLineAndColumn = [
      ...[get(0), i32Load(0), tee(3), get(2), wasm.i32LeU, wasm.openIf],
      ...[get(5), i32Const(12), i32Add, get(3), get(2), get(3), i32Sub],
    ];
    engine.wrap(getLineAndColumn, (original) => [
      [1, 3, I32],
      ...[globalGet(table), i32Eqz],
      wasm.if(get(CACHE), get(COLUMN), get(POINTER), call(original), wasm.return),
      ...[get(POINTER), get(CACHE), i32Load(BUFFER_START), i32Sub, set(POINTER)],
      ...[globalGet(table), i32Load(PlaceTable.count), set(HIGH)],
      block(
        loop(
          ...[get(HIGH), get(LOW), i32Sub, i32Const(1), wasm.i32LeU, brIf(1)],
          ...[get(LOW), get(HIGH), i32Add, i32Const(1), wasm.i32ShrU, set(MIDDLE)],
          ...[...piece(MIDDLE), field(PlaceTable.start), get(POINTER), wasm.i32LeU],
          wasm.ifElse([get(MIDDLE), set(LOW)], [get(MIDDLE), set(HIGH)]),
          br(0),
        ),
      ),
      ...[globalGet(table), get(COLUMN), globalGet(table), i32Load(PlaceTable.textStart)],
      ...[...piece(LOW), field(PlaceTable.original), i32Add],
      ...[get(POINTER), ...piece(LOW), field(PlaceTable.start), i32Sub],
      ...[...piece(LOW), field(PlaceTable.step), wasm.i32Mul, i32Add],
      call(original),
    ]);
  },
};
