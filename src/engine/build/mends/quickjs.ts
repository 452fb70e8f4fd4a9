/**
 * The functions and numbers that mends use in the engine `quickjs-2025-09-13/quickjs-emscripten-0.32.0`,
 * which is bellard/quickjs f113949. Other builds have other numbers: they are part of the code that mends
 * look for, which is then not found.
 */

/** Functions, by their index. */
export const Call = {
  /** `(i64, address)`: the import `_localtime_js`. */
  localTime: 11,
  /** `(address, address, address, address)`: the import `_tzset_js`. */
  timeZone: 12,
  /** `(ctx, value)` */
  freeValue: 19,
  /** `(JSFunctionDef*, opcode)`: emit_op without the parse state around it. */
  emitOpcode: 20,
  /** `(DynBuf*, byte)` */
  putByte: 21,
  /** `(ctx, format, arguments)` */
  throwTypeError: 22,
  throwRangeError: 50,
  throwInternalError: 54,
  /** `(JSParseState*) -> i32` */
  nextToken: 23,
  /** `(DynBuf*, u16)` */
  putU16: 26,
  /** `(JSParseState*, atom)` */
  emitAtom: 29,
  /** `(JSParseState*, opcode, label) -> label`, a new one for -1 */
  emitGoto: 35,
  /** `(JSParseState*, label)` */
  emitLabel: 36,
  /** `(ctx, object, atom, value, flags) -> i32`: JS_DefinePropertyValue. */
  defineProperty: 30,
  /** `(ctx, value) -> value` */
  toObject: 38,
  /** `(ctx, length) -> pointer` or 0: js_bigint_new */
  newBigInt: 89,
  /** `(ctx, value, class) -> pointer`: JS_GetOpaque2, which throws if it is not of that class. */
  getOpaque: 44,
  /** `(ctx, iterator, next, isDone*) -> value` */
  iteratorNext: 57,
  /** `(ctx, iterator, isExceptionPending) -> i32` */
  iteratorClose: 68,
  /** `(ctx, text)` */
  freeText: 81,
  /** `(JSParseState*, source*)`: emit_source_pos. */
  emitPlace: 98,
  /** `(target, bytes, format, arguments) -> i32`: snprintf. */
  format: 102,
  /** `(a, b, length) -> i32` */
  memcmp: 125,
  /** `(JSParseState*) -> i32` */
  parseExpression: 166,
  /** `(ctx, value)`: JS_Throw, which takes what it is given. */
  throwValue: 138,
  /** `(ctx, pointer) -> value`: JS_CompactBigInt, which takes what it is given. */
  compactBigInt: 194,
  /** `(ctx, length*, object) -> i32` */
  getLength: 219,
  /** `(ctx, pointer) -> pointer`: js_bigint_normalize */
  normalizeBigInt: 251,
  /** `(DynBuf*, format, arguments)` */
  print: 253,
  /** `(JSParseState*, hasValue)` */
  emitReturn: 268,
  /** `(ctx, value, hint) -> value` */
  toPrimitive: 345,
  /** `(ctx, error, filename, line, column, flags)`: build_backtrace. */
  buildBacktrace: 348,
  /** `(ctx, text, length) -> value` */
  newText: 361,
  /** `(ctx, object) -> i32` */
  preventExtensions: 381,
  /** `(ctx, JSAsyncGeneratorData*, value, isDone)` */
  resolveRequest: 383,
  /** `(ctx, JSAsyncGeneratorRequest*, error)` */
  rejectRequest: 487,
  /** `(ctx, JSAsyncGeneratorData*)`: js_async_generator_resume_next */
  resumeNext: 647,
  /** `(milliseconds: i64) -> i32`: minutes from UTC to local time, negated. */
  getTimezoneOffset: 589,
  /** `(ctx, value) -> value`, which take ownership of their argument; of a Number with flags, 0. */
  toBigInt: 701,
  toNumber: 706,
  /** `(ctx, target, source, excluded, assigns) -> i32` */
  copyDataProperties: 739,
  /** `(ctx, object) -> text*`: its `name`, if it is a string of the object or its prototype, otherwise 0. */
  nameOf: 769,
} as const;

export const Opcode = {
  nip: 15,
  getField2: 62,
  callMethod: 36,
  goto: 106,
  toObject: 111,
  toPropertyKey: 112,
  forInStart: 122,
  forOfStart: 123,
  forAwaitOfStart: 124,
  await: 137,
  add: 155,
  scopePutVariable: 183,
} as const;

export const Atom = { length: 50, message: 54, name: 58, value: 68, concat: 96, raw: 116 } as const;

/** JSValues. */
export const UNDEFINED = 3n << 32n;
export const EXCEPTION = 6n << 32n;
/** The bits of a JSValue that contain its type, except for floats. */
export const TAG_MASK = -1n << 32n;
export const OBJECT = -1n << 32n;
export const STRING_TAG = -7n;
export const ROPE_TAG = -6n;
/** The greatest JSValue, unsigned, that is not an object. */
export const LAST_NON_OBJECT = OBJECT - 1n;

/** Offsets in bytes. */
export const ParseState = { sourcePointer: 12, currentFunction: 52 } as const;
export const FunctionDefinition = { kind: 104 } as const;
export const Context = { runtime: 16 } as const;
export const Runtime = { currentException: 136 } as const;
export const StackFrame = { pc: 28, mode: 36 } as const;
export const ObjectField = { classId: 6, shape: 20 } as const;
export const ShapeField = { prototype: 44 } as const;

/** Index of the stack pointer. */
export const STACK_POINTER = 0;
