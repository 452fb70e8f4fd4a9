import { I32, I64, wasm } from '../wasm/instructions.js';
import type { EngineEditor } from './engine-editor.js';
import type { Mend } from './mend.js';
import { Atom, Call, OBJECT, ObjectField, ShapeField, STACK_POINTER } from './quickjs.js';

const { block, br, brIf, call, get, globalGet, i32Add, i32Const, i32Eqz, i32Load, i32Load8u, i32Store, i32Sub } = wasm;
const { i64ExtendI32u, i64Or, i64Const, loop, set, globalSet, tee } = wasm;

/** `    at %s`, whose last two characters are a separate format. */
const FRAME_FORMAT = 8536;
const FORMAT = FRAME_FORMAT + 7;

/** Stacks of errors had only frames. Now they start with the error's name and message, as in V8. */
export const headOfStacks: Mend = {
  name: 'the stack of an error begins with its name and message',
  apply(engine) {
    const writeHead = appendWriteHead(engine);
    const [CONTEXT, ERROR, FILENAME, FRAME] = [0, 1, 2, 6];
    const DYN_BUF = 88;
    const isOpen = [get(FRAME), i32Const(52), i32Store(104)];
    engine.replace(
      [...isOpen, get(FILENAME)],
      [...isOpen, get(CONTEXT), get(ERROR), get(FRAME), i32Const(DYN_BUF), i32Add, call(writeHead), get(FILENAME)],
    );
  },
};

/**
 * `(ctx, error, DynBuf*)`. Reads only data properties, so that no code of a handler runs: errors are created
 * in places where it must not, for example after a stack overflow.
 */
function appendWriteHead(engine: EngineEditor): number {
  const compared = (atom: number) => [i32Const(atom), wasm.i32Eq];
  const messageOf = engine.copy(nameOfPattern, compared(Atom.name), compared(Atom.message), 2);
  const [CONTEXT, ERROR, TARGET, OBJECT_AT, NAME, MESSAGE, FRAME] = [0, 1, 2, 3, 4, 5, 6];
  const FRAME_BYTES = 16;
  const print = (text: number) => [
    ...[get(FRAME), get(text), i32Store(0)],
    ...[get(TARGET), i32Const(FORMAT), get(FRAME), call(Call.print)],
  ];
  const putAll = (text: string) =>
    [...text].flatMap((character) => [...[get(TARGET), i32Const(character.charCodeAt(0)), call(Call.putByte)]]);
  const isFilled = (text: number) => [get(text), i32Load8u(0)];
  const free = (text: number) => [get(CONTEXT), get(text), call(Call.freeText)];
  return engine.append(
    [I32, I64, I32],
    [],
    [
      [1, 4, I32],
      ...[globalGet(STACK_POINTER), i32Const(FRAME_BYTES), i32Sub, tee(FRAME), globalSet(STACK_POINTER)],
      ...[get(ERROR), wasm.i32WrapI64, set(OBJECT_AT)],
      block(
        loop(
          ...[get(CONTEXT), get(OBJECT_AT), i64ExtendI32u, i64Const(OBJECT), i64Or, call(Call.nameOf), tee(NAME)],
          brIf(1),
          ...[get(OBJECT_AT), i32Load(ObjectField.shape), i32Load(ShapeField.prototype), tee(OBJECT_AT)],
          brIf(0),
        ),
      ),
      ...[get(CONTEXT), get(ERROR), call(messageOf), set(MESSAGE)],
      block(...[get(NAME), i32Eqz], wasm.if(...putAll('Error'), br(1)), ...print(NAME)),
      block(
        ...[get(MESSAGE), i32Eqz, brIf(0)],
        ...[...isFilled(MESSAGE), i32Eqz, brIf(0)],
        block(...[get(NAME), i32Eqz], wasm.if(...putAll(': '), br(1)), ...isFilled(NAME), wasm.if(...putAll(': '))),
        ...print(MESSAGE),
      ),
      ...putAll('\n'),
      ...free(NAME),
      ...free(MESSAGE),
      ...[get(FRAME), i32Const(FRAME_BYTES), i32Add, globalSet(STACK_POINTER)],
    ],
  );
}

/** get_prop_string with JS_ATOM_name: how it reads from the prototype. */
const nameOfPattern = [
  ...[get(4), i32Load(ObjectField.shape), tee(2), i32Const(48), i32Add, set(3)],
  ...[get(2), get(2), i32Load(24), i32Const(-1), wasm.i32Xor],
];

const STACK_OVERFLOW = 4474;

/** Endless recursion threw an error of an engine-specific class. */
export const stackOverflows: Mend = {
  name: 'a stack overflow is a RangeError',
  apply(engine) {
    const text = engine.addText(STACK_OVERFLOW_MESSAGE);
    engine.replace(
      [get(0), i32Const(STACK_OVERFLOW), i32Const(0), call(Call.throwInternalError)],
      [get(0), i32Const(text), i32Const(0), call(Call.throwRangeError)],
    );
  },
};

const STACK_OVERFLOW_MESSAGE = 'Maximum call stack size exceeded';
