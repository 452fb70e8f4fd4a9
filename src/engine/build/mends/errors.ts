import { HIDE_EXPORT, THROW_EXPORT } from '../../binary-interface.js';
import { I32, I64, wasm } from '../wasm/instructions.js';
import type { EngineEditor } from './engine-editor.js';
import type { Mend } from './mend.js';
import { Atom, Call, OBJECT, ObjectField, ShapeField, STACK_POINTER, StackFrame } from './quickjs.js';

const {
  block,
  br,
  brIf,
  call,
  get,
  globalGet,
  i32Add,
  i32Const,
  i32Eqz,
  i32Load,
  i32Load16u,
  i32Load8u,
  i32Store,
  i32Sub,
} = wasm;
const { i64ExtendI32u, i64Load, i64Or, i64Const, loop, set, globalSet, tee } = wasm;

/** `    at %s` */
const FRAME_FORMAT = 8536;
/** `%.*s`, before ` (%s`, `set %s` and `get %s`. */
const FORMAT = FRAME_FORMAT - 24;
/** A longer message is cut, in bytes: without memory for another copy of it the error would have no stack at all. */
const MAX_TEXT = 1_000_000;

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
    ...[get(FRAME), i32Const(MAX_TEXT), i32Store(0), get(FRAME), get(text), i32Store(4)],
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

/** Of JSFunctionDef. */
const FUNCTION_MODE = 106;

/** The engine ends a stack where it meets a function that is marked; it shall leave out such functions, and those alone. */
export const framesOfOurs: Mend = {
  name: 'functions of ours are in no stack',
  apply(engine) {
    const FRAME = 2;
    const BARRIER = 8;
    const isMarked = [get(FRAME), i32Load8u(StackFrame.mode), i32Const(BARRIER), wasm.i32And];
    engine.replace([...isMarked, brIf(0)], [...isMarked, brIf(1)]);
    const [PARENT, CHILD] = [1, 7];
    const marks = engine.addGlobal();
    engine.export(
      HIDE_EXPORT,
      engine.append([I32], [], [[0], get(0), i32Const(BARRIER), wasm.i32Mul, globalSet(marks)]),
    );
    const inherited = [get(CHILD), get(PARENT), i32Load8u(FUNCTION_MODE)];
    engine.replace(
      [...inherited, wasm.i32Store8(FUNCTION_MODE)],
      [...inherited, globalGet(marks), wasm.i32Or, wasm.i32Store8(FUNCTION_MODE)],
    );
  },
};

/**
 * A value that is no error knows nothing of where it was thrown. `throw` notes the last one, with the stack, in an object whose address
 * the host gives.
 */
export const placesOfValues: Mend = {
  name: 'what throws a value that is no error is noted',
  apply(engine) {
    const holder = engine.addGlobal();
    engine.export(THROW_EXPORT, engine.append([I32], [], [[0], get(0), globalSet(holder)]));
    const [CONTEXT, VALUE, POINTER] = [0, 1, 2];
    const HALF = 32n;
    const FIRST_COUNTED_TAG = -9;
    const ALL_FLAGS = 7;
    const ERROR_CLASS = 3;
    const throwIt = [get(CONTEXT), get(VALUE), call(Call.throwValue)];
    const held = [globalGet(holder), i64Load(0)];
    const noteAndThrow = engine.append(
      [I32, I64],
      [],
      [
        [1, 1, I32],
        ...[get(VALUE), wasm.i32WrapI64, set(POINTER)],
        ...[globalGet(holder), i32Eqz],
        wasm.if(...throwIt, wasm.return),
        ...[get(VALUE), i64Const(OBJECT), wasm.i64GeU],
        wasm.if(
          ...[get(POINTER), i32Load16u(ObjectField.classId), i32Const(ERROR_CLASS), wasm.i32Eq],
          wasm.if(...throwIt, wasm.return),
        ),
        ...[get(VALUE), i64Const(HALF), wasm.i64ShrU, wasm.i32WrapI64, i32Const(FIRST_COUNTED_TAG), wasm.i32GeU],
        wasm.if(get(POINTER), get(POINTER), i32Load(0), i32Const(1), i32Add, i32Store(0)),
        ...[get(CONTEXT), ...held, i32Const(Atom.value), get(VALUE), i32Const(ALL_FLAGS)],
        ...[call(Call.defineProperty), wasm.drop],
        ...[get(CONTEXT), ...held, i32Const(0), i32Const(0), i32Const(0), i32Const(0), call(Call.buildBacktrace)],
        ...throwIt,
      ],
    );
    const [TOP, PC, FRAME, RUNNING] = [17, 21, 25, 18];
    const thrown = [get(RUNNING), get(TOP), i32Const(8), i32Sub, tee(TOP), i64Load(0)];
    engine.replace(
      [...thrown, call(Call.throwValue)],
      [get(FRAME), get(PC), i32Store(StackFrame.pc), ...thrown, call(noteAndThrow)],
    );
  },
};

/** A jump back is interrupted after it was made: the engine would name what stands before the loop. */
export const placesOfInterruptions: Mend = {
  name: 'an interruption is at the loop that it interrupts',
  apply(engine) {
    const [VALUE, CONTEXT, PC, FRAME, RUNTIME] = [7, 18, 21, 25, 33];
    const IS_UNCATCHABLE = 144;
    const noted = [
      get(CONTEXT),
      get(VALUE),
      i32Const(0),
      i32Const(0),
      i32Const(0),
      i32Const(0),
      call(Call.buildBacktrace),
    ];
    engine.replace(
      [get(FRAME), get(PC), i32Store(StackFrame.pc), ...noted],
      [get(FRAME), get(PC), get(RUNTIME), i32Load8u(IS_UNCATCHABLE), i32Add, i32Store(StackFrame.pc), ...noted],
    );
  },
};

const STACK_OVERFLOW_MESSAGE = 'Maximum call stack size exceeded';
