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

/** An address in linear memory. Values are addresses of 8-byte cells that hold a NaN-boxed JSValue. */
export type Pointer = number;

/** The slice of quickjs-emscripten's low-level interface that we use, and what the rewrite added to it. */
export interface EngineFunctions {
  malloc(bytes: number): Pointer;
  free(pointer: Pointer): void;
  QTS_Eval(ctx: Pointer, source: Pointer, bytes: number, file: string, detectModule: number, flags: number): Pointer;
  QTS_Call(ctx: Pointer, fn: Pointer, thisArg: Pointer, argc: number, argv: Pointer): Pointer;
  QTS_ExecutePendingJob(rt: Pointer, maxJobs: number, lastContext: Pointer): Pointer;
  QTS_ResolveException(ctx: Pointer, value: Pointer): Pointer;
  QTS_NewArrayBuffer(ctx: Pointer, buffer: Pointer, bytes: number): Pointer;
  QTS_GetArrayBuffer(ctx: Pointer, value: Pointer): Pointer;
  QTS_GetArrayBufferLength(ctx: Pointer, value: Pointer): number;
  QTS_GetPropNumber(ctx: Pointer, value: Pointer, index: number): Pointer;
  QTS_GetFloat64(ctx: Pointer, value: Pointer): number;
  QTS_IsJobPending(rt: Pointer): number;
  /** A JSPromiseStateEnum; -1 for what is no promise. */
  QTS_PromiseState(ctx: Pointer, promise: Pointer): number;
  QTS_PromiseResult(ctx: Pointer, promise: Pointer): Pointer;
  QTS_FreeValuePointer(ctx: Pointer, value: Pointer): void;
  QTS_RuntimeSetMaxStackSize(rt: Pointer, bytes: number): void;
  QTS_bjson_encode(ctx: Pointer, value: Pointer): Pointer;
  /** QTS_Dump, then the C string as a JavaScript one. */
  dump(ctx: Pointer, value: Pointer): string;
  writeBytecode(ctx: Pointer, value: Pointer): Pointer;
  readBytecode(ctx: Pointer, arrayBuffer: Pointer): Pointer;
  readValue(ctx: Pointer, arrayBuffer: Pointer): Pointer;
  evalFunction(ctx: Pointer, fn: bigint): bigint;
  /** Absent in an engine that needs no such mend, see `mends/notes.ts`. */
  readonly takeNotes: (() => number) | undefined;
  readonly usePlaces: ((table: Pointer) => void) | undefined;
  /** See `mends/counts.ts`. */
  readonly takeExceededCount: (() => number) | undefined;
  readonly hideFunctions: ((flag: number) => void) | undefined;
  readonly noteThrowsIn: ((object: Pointer) => void) | undefined;
}

/** How much of its memory the engine used, see `wasm/water-marks.ts`: only the host sets them back. */
export interface WaterMarks {
  readonly stackLow: WebAssembly.Global;
  readonly heapHigh: WebAssembly.Global;
}

/** One instance of the engine with a memory of its own, one QuickJS runtime and one context. */
export interface QuickJsInstance {
  readonly functions: EngineFunctions;
  readonly memory: WebAssembly.Memory;
  readonly marks: WaterMarks;
  readonly runtime: QuickJSRuntime;
  readonly runtimePointer: Pointer;
  readonly context: QuickJSContext;
  readonly contextPointer: Pointer;
}

export interface InstanceOptions {
  readonly initialPages: number;
  readonly maximumPages: number;
  readonly intrinsics: Intrinsics;
}

/** The emscripten module object, as far as we touch it. */
interface EmscriptenModule {
  _malloc(bytes: number): Pointer;
  _free(pointer: Pointer): void;
  UTF8ToString(pointer: Pointer): string;
}

type LowLevelFunctions = EngineFunctions & { QTS_Dump(ctx: Pointer, value: Pointer): Pointer };

/** What QuickJSWASMModule keeps to itself; `getFFI` is documented as the way to it, `module` is not. */
interface ModuleInternals {
  getFFI(): LowLevelFunctions;
  readonly module: EmscriptenModule;
}

/**
 * Instantiates the engine through quickjs-emscripten. The same module and options give the same bytes in memory and the
 * same pointers, in every process.
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
    // An abort says so on stderr before it throws; the throw is enough.
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
    QTS_GetArrayBuffer: ffi.QTS_GetArrayBuffer,
    QTS_GetArrayBufferLength: ffi.QTS_GetArrayBufferLength,
    QTS_GetPropNumber: ffi.QTS_GetPropNumber,
    QTS_GetFloat64: ffi.QTS_GetFloat64,
    QTS_IsJobPending: ffi.QTS_IsJobPending,
    QTS_PromiseState: ffi.QTS_PromiseState,
    QTS_PromiseResult: ffi.QTS_PromiseResult,
    QTS_FreeValuePointer: ffi.QTS_FreeValuePointer,
    QTS_RuntimeSetMaxStackSize: ffi.QTS_RuntimeSetMaxStackSize,
    QTS_bjson_encode: ffi.QTS_bjson_encode,
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
function pointerOf(wrapper: object, field: 'rt' | 'ctx'): Pointer {
  return (wrapper as Record<typeof field, { value: Pointer }>)[field].value;
}
