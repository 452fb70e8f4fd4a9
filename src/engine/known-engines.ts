/** Where the engine keeps the limit of its stack. */
export interface StackLimit {
  /** Offset of the runtime in a JSContext. */
  readonly runtimeOffset: number;
  /** Offset of the limit in a JSRuntime. */
  readonly limitOffset: number;
  /** The number of places that compare with it. */
  readonly checks: number;
}

/**
 * The facts that the rewrite needs about one upstream binary. `scripts/derive-engine-table.mjs` finds them
 * for another version of the package and proves them by running the result.
 */
export interface EngineTable {
  /** A readable name, part of the engine fingerprint. */
  readonly name: string;
  /** SHA-256 of the upstream `emscripten-module.wasm`, hex. */
  readonly upstreamSha256: string;
  /** Export names; emscripten minifies them, so they change with every build. */
  readonly exports: {
    /** QTS_bjson_encode: JS_WriteObject with the bytecode flag off. */
    readonly writer: string;
    /** QTS_bjson_decode: JS_ReadObject with all flags off. */
    readonly reader: string;
  };
  /** The writer's initial state as one i64 constant; `allow_bytecode` is its lowest byte. */
  readonly writerFlags: { readonly upstream: bigint; readonly withBytecode: bigint };
  /** The reader's flags are stored as one i64 at this offset of its frame. */
  readonly readerFlags: {
    readonly frameOffset: number;
    /** `allow_bytecode` and `allow_reference`: the writer emits references for bytecode as well. */
    readonly withBytecode: bigint;
    /** Only `allow_reference`: for values, in which shared objects stay shared. */
    readonly withReferences: bigint;
  };
  /**
   * The opcode of `return`, in the constant `(-1 << 32) | opcode`, stored at this offset of the compiler's
   * frame when it checks whether a `return` follows a call. It would fuse both into one call at the place of
   * the `return`.
   */
  readonly tailCall: { readonly returnOpcode: bigint; readonly frameOffset: number };
  /** Function index of JS_EvalFunction, `(ctx: i32, function: i64) -> i64`. */
  readonly evalFunctionIndex: number;
  /** Names of the imports that are replaced, see `host-imports.ts`. */
  readonly imports: {
    readonly memory: string;
    readonly now: string;
    readonly localTime: string;
    readonly timeZone: string;
    readonly environ: string;
    readonly environSizes: string;
    readonly resizeHeap: string;
    /** What functions of the host call, and what tells that one is gone. */
    readonly callHost: string;
    readonly freeHostFunction: string;
  };
  /** Address of the break pointer of `sbrk`, a u32 in static data: the heap is below its value. */
  readonly breakPointerAddress: number;
  /** Offset of `strip_flags` in JSRuntime: the field behind JS_SetStripInfo, which the build does not export. */
  readonly stripFlagsOffset: number;
  /**
   * Offset of `host_promise_rejection_tracker` in JSRuntime, followed by its opaque pointer: both are u32
   * fields behind JS_SetHostPromiseRejectionTracker, which the build does not export either.
   */
  readonly rejectionTrackerOffset: number;
  /** Names of the mends that it needs, see `mends/`. */
  readonly mends: readonly string[];
  /** Size of the native stack, which is between static data and heap, in bytes. */
  readonly stackBytes: number;
  /** The end of the stack and start of the heap: the initial stack pointer. */
  readonly heapBase: number;
  /** The minimum size of the imported memory, in pages. */
  readonly memoryPages: number;
  /** Where the limit of the stack is kept, and how often it is checked, see `wasm/stack-checks.ts`. */
  readonly stackLimit: StackLimit;
}

export const KNOWN_ENGINES: readonly EngineTable[] = [
  {
    name: 'quickjs-2025-09-13/quickjs-emscripten-0.32.0',
    upstreamSha256: '105c3bed22d457e43e3d1c3c1c6959fda62a8fe06f0fc8a985303c3a2be72232',
    exports: { writer: 'Ja', reader: 'Ka' },
    writerFlags: { upstream: 4295032832n, withBytecode: 4295032833n },
    readerFlags: { frameOffset: 40, withBytecode: 0x0100_0100_0000_0000n, withReferences: 0x0100_0000_0000_0000n },
    tailCall: { returnOpcode: 40n, frameOffset: 80 },
    evalFunctionIndex: 777,
    imports: {
      memory: 'a',
      now: 'p',
      localTime: 'm',
      timeZone: 'n',
      environ: 'e',
      environSizes: 'f',
      resizeHeap: 'k',
      callHost: 's',
      freeHostFunction: 't',
    },
    breakPointerAddress: 86864,
    stripFlagsOffset: 228,
    rejectionTrackerOffset: 160,
    mends: [
      'each iteration of a for loop has its own variables',
      'a hexadecimal, octal or binary literal may be followed by a member',
      'the values of a template become text one by one',
      'negative bigints compare with numbers',
      'BigInt.asUintN answers what is not negative',
      'with() of typed arrays converts the value before it looks at the index',
      'a text is spread into its characters',
      'what ownKeys of a proxy answers is an object',
      'template objects are frozen',
      'sort compares what is identical, too',
      'spread does not close an iterator whose next threw',
      'an iterator helper is closed as the language says',
      'an async generator that has ended answers all that wait',
      'a return that leaves a for-of loop of an async generator does not wait for its iterator',
      'yield* takes the result of return() as it is',
      'an error of destructuring is at its pattern',
      'a class that is called without new is reported at the call',
      'the stack of an error begins with its name and message',
      'functions of ours are in no stack',
      'what throws a value that is no error is noted',
      'an interruption is at the loop that it interrupts',
      'a stack overflow is a RangeError',
      'a date as text names its time zone',
      'a local time is converted with the offset that it has',
      'the compiler notes what it compiles wrongly',
      'places are told in another text',
      'a function with more names than bytecode counts is not compiled',
      'objects that are written are spread over the whole table by which they are found again',
    ],
    stackBytes: 5 * 1024 * 1024,
    heapBase: 5_333_088,
    memoryPages: 256,
    stackLimit: { runtimeOffset: 16, limitOffset: 128, checks: 18 },
  },
];
