import {
  type Intrinsics,
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSRuntime,
  RELEASE_SYNC,
} from 'quickjs-emscripten';

import {
  ADDED_EXPORTS,
  COUNT_EXPORT,
  HIDE_EXPORT,
  MARK_EXPORTS,
  NOTE_EXPORTS,
  THROW_EXPORT,
} from './binary-interface.js';
import { boundMemory, type Host, sealImports } from './host-imports.js';
import type { EngineModule } from './load-engine.js';
import type { BytesPointer, ContextPointer, RuntimePointer, ValuePointer } from './pointers.js';

/**
 * The part of quickjs-emscripten's low-level interface that is used, and the functions that the rewrite
 * added.
 */
export interface EngineFunctions {
  malloc(bytes: number): BytesPointer;
  free(pointer: BytesPointer): void;
  QTS_Eval(
    ctx: ContextPointer,
    source: BytesPointer,
    bytes: number,
    file: string,
    detectModule: number,
    flags: number,
  ): ValuePointer;
  QTS_Call(
    ctx: ContextPointer,
    fn: ValuePointer,
    thisArg: ValuePointer,
    argc: number,
    argv: BytesPointer,
  ): ValuePointer;
  QTS_ExecutePendingJob(rt: RuntimePointer, maxJobs: number, lastContext: BytesPointer): ValuePointer;
  QTS_ResolveException(ctx: ContextPointer, value: ValuePointer): ValuePointer;
  QTS_NewArrayBuffer(ctx: ContextPointer, buffer: BytesPointer, bytes: number): ValuePointer;
  QTS_GetPropNumber(ctx: ContextPointer, value: ValuePointer, index: number): ValuePointer;
  QTS_GetFloat64(ctx: ContextPointer, value: ValuePointer): number;
  QTS_IsJobPending(rt: RuntimePointer): number;
  /** A JSPromiseStateEnum; -1 for what is no promise. */
  QTS_PromiseState(ctx: ContextPointer, promise: ValuePointer): number;
  QTS_PromiseResult(ctx: ContextPointer, promise: ValuePointer): ValuePointer;
  QTS_FreeValuePointer(ctx: ContextPointer, value: ValuePointer): void;
  QTS_RuntimeSetMaxStackSize(rt: RuntimePointer, bytes: number): void;
  QTS_bjson_encode(ctx: ContextPointer, value: ValuePointer): ValuePointer;
  /** A function that calls the import `callHost` with this number. */
  QTS_NewFunction(
    ctx: ContextPointer,
    name: string,
    length: number,
    isConstructor: boolean,
    hostRef: number,
  ): ValuePointer;
  /** QTS_Dump, then the C string as a JavaScript one. */
  dump(ctx: ContextPointer, value: ValuePointer): string;
  writeBytecode(ctx: ContextPointer, value: ValuePointer): ValuePointer;
  readBytecode(ctx: ContextPointer, arrayBuffer: ValuePointer): ValuePointer;
  readValue(ctx: ContextPointer, arrayBuffer: ValuePointer): ValuePointer;
  evalFunction(ctx: ContextPointer, fn: bigint): bigint;
  /** Absent in an engine that needs no such mend, see `mends/notes.ts`. */
  readonly takeNotes: (() => number) | undefined;
  readonly usePlaces: ((table: BytesPointer) => void) | undefined;
  /** See `mends/counts.ts`. */
  readonly takeExceededCount: (() => number) | undefined;
  readonly hideFunctions: ((flag: number) => void) | undefined;
  readonly noteThrowsIn: ((object: ValuePointer) => void) | undefined;
}

/** How much of its memory the engine used, see `wasm/water-marks.ts`; only the host resets them. */
export interface WaterMarks {
  readonly stackLow: WebAssembly.Global;
  readonly heapHigh: WebAssembly.Global;
}

/** An instance of the engine with its own memory, one QuickJS runtime and one context. */
export interface QuickJsInstance {
  readonly functions: EngineFunctions;
  readonly memory: WebAssembly.Memory;
  readonly marks: WaterMarks;
  readonly runtime: QuickJSRuntime;
  readonly runtimePointer: RuntimePointer;
  readonly context: QuickJSContext;
  readonly contextPointer: ContextPointer;
}

export interface InstanceOptions {
  readonly initialPages: number;
  readonly maximumPages: number;
  readonly intrinsics: Intrinsics;
}

/** The used part of the emscripten module object. */
interface EmscriptenModule {
  _malloc(bytes: number): BytesPointer;
  _free(pointer: BytesPointer): void;
  UTF8ToString(pointer: BytesPointer): string;
}

type LowLevelFunctions = EngineFunctions & { QTS_Dump(ctx: ContextPointer, value: ValuePointer): BytesPointer };

/** Internals of QuickJSWASMModule: `getFFI` is documented for this purpose, `module` is not. */
interface ModuleInternals {
  getFFI(): LowLevelFunctions;
  readonly module: EmscriptenModule;
}

/**
 * Instantiates the engine through quickjs-emscripten. The same module and options give the same bytes in
 * memory and the same pointers in every process.
 */
export async function instantiateQuickJs(
  engine: EngineModule,
  options: InstanceOptions,
  host: Host,
): Promise<QuickJsInstance> {
  const memory = new WebAssembly.Memory({ initial: options.initialPages, maximum: options.maximumPages });
  boundMemory(memory, host);
  let exports: WebAssembly.Exports = {};
  const loaderOptions = {
    instantiateWasm(imports: WebAssembly.Imports, onSuccess: (instance: WebAssembly.Instance) => void) {
      sealImports(imports['a'] as Parameters<typeof sealImports>[0], engine.table, host);
      const instance = new WebAssembly.Instance(engine.module, imports);
      exports = instance.exports;
      onSuccess(instance);
      return exports;
    },
    // An abort prints to stderr before it throws; the error is enough.
    print: () => {},
    printErr: () => {},
  };
  const variant = newVariant(RELEASE_SYNC, { wasmMemory: memory, emscriptenModule: loaderOptions });
  const quickjs = await newQuickJSWASMModuleFromVariant(variant);
  const { module, ffi } = internalsOf(quickjs);

  const added = <K extends keyof typeof ADDED_EXPORTS>(name: K) => exports[ADDED_EXPORTS[name]] as EngineFunctions[K];
  const functions: EngineFunctions = {
    malloc: module._malloc,
    free: module._free,
    QTS_Eval: ffi.QTS_Eval,
    QTS_Call: ffi.QTS_Call,
    QTS_ExecutePendingJob: ffi.QTS_ExecutePendingJob,
    QTS_ResolveException: ffi.QTS_ResolveException,
    QTS_NewArrayBuffer: ffi.QTS_NewArrayBuffer,
    QTS_GetPropNumber: ffi.QTS_GetPropNumber,
    QTS_GetFloat64: ffi.QTS_GetFloat64,
    QTS_IsJobPending: ffi.QTS_IsJobPending,
    QTS_PromiseState: ffi.QTS_PromiseState,
    QTS_PromiseResult: ffi.QTS_PromiseResult,
    QTS_FreeValuePointer: ffi.QTS_FreeValuePointer,
    QTS_RuntimeSetMaxStackSize: ffi.QTS_RuntimeSetMaxStackSize,
    QTS_bjson_encode: ffi.QTS_bjson_encode,
    QTS_NewFunction: ffi.QTS_NewFunction,
    dump: (ctx, value) => module.UTF8ToString(ffi.QTS_Dump(ctx, value)),
    writeBytecode: added('writeBytecode'),
    readBytecode: added('readBytecode'),
    readValue: added('readValue'),
    evalFunction: added('evalFunction'),
    takeNotes: exports[NOTE_EXPORTS.takeNotes] as EngineFunctions['takeNotes'],
    usePlaces: exports[NOTE_EXPORTS.usePlaces] as EngineFunctions['usePlaces'],
    takeExceededCount: exports[COUNT_EXPORT] as EngineFunctions['takeExceededCount'],
    hideFunctions: exports[HIDE_EXPORT] as EngineFunctions['hideFunctions'],
    noteThrowsIn: exports[THROW_EXPORT] as EngineFunctions['noteThrowsIn'],
  };

  const runtime = quickjs.newRuntime();
  const context = runtime.newContext({ intrinsics: options.intrinsics });
  const mark = (name: keyof typeof MARK_EXPORTS) => exports[MARK_EXPORTS[name]] as WebAssembly.Global;
  return {
    functions,
    memory,
    marks: { stackLow: mark('stackLow'), heapHigh: mark('heapHigh') },
    runtime,
    runtimePointer: pointerOf(runtime, 'rt'),
    context,
    contextPointer: pointerOf(context, 'ctx'),
  };
}

function internalsOf(quickjs: object): { ffi: LowLevelFunctions; module: EmscriptenModule } {
  const internals = quickjs as ModuleInternals;
  return { ffi: internals.getFFI(), module: internals.module };
}

/** The address behind a wrapper of quickjs-emscripten, which keeps it in a Lifetime. */
function pointerOf<Field extends 'rt' | 'ctx'>(wrapper: object, field: Field): Addresses[Field] {
  return (wrapper as Record<Field, { value: Addresses[Field] }>)[field].value;
}

interface Addresses {
  readonly rt: RuntimePointer;
  readonly ctx: ContextPointer;
}
