import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSWASMModule,
  RELEASE_SYNC,
} from 'quickjs-emscripten';

import { decodeValue } from '#src/codec/values/decoding/decode.js';
import { createExecutionVm } from '#src/engine/image/base-image.js';
import { captureImage, type Image } from '#src/engine/image/image.js';
import { restoreImage } from '#src/engine/image/restore.js';
import type { EngineModule } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import type { Vm } from '#src/engine/vm.js';
import { lower } from '#src/source/lowering/lower.js';
import { bundleSource } from '../../support/sources/bundle-source.js';
import { defineLoweringGlobals, LOWERING_SCRIPTS } from './lowering-globals.mjs';
import { type Program, scriptOf } from './program.js';

/** The outcome of a program: how it ended, a space, and what it returned or threw as rendered by the guest. */
export type Outcome = string;

const FILENAME = 'program.js';
/** Small enough for recursion to end in the guest's own error, whatever native stack the test runner has. */
const STACK_BYTES = 128 * 1024;
const MEMORY_BYTES = 64 * 1024 * 1024;
/** Far more than any program needs. A program that reaches it stays pending, which fails its test. */
const MAX_JOBS = 10_000;

/** The path under test: compiled in one VM, written, read and run in another one that has no parser. */
export class BytecodePath {
  readonly #compiler: SourceCompiler;
  readonly #vm: Vm;
  readonly #pristine: Image;
  readonly #compiled = new Map<Program, Uint8Array | Outcome>();

  static async create(engine: EngineModule): Promise<BytecodePath> {
    const limits = { memoryLimitBytes: MEMORY_BYTES, stackSizeBytes: STACK_BYTES };
    const vm = await createExecutionVm(engine, limits);
    await defineLoweringGlobals(vm);
    return new BytecodePath(await SourceCompiler.create(engine, STACK_BYTES), vm);
  }

  private constructor(compiler: SourceCompiler, vm: Vm) {
    this.#compiler = compiler;
    this.#vm = vm;
    this.#pristine = captureImage(vm);
  }

  async outcome(program: Program): Promise<Outcome> {
    const compiled = await this.compile(program);
    return typeof compiled === 'string' ? compiled : this.#run(compiled);
  }

  /** Bytecode of a program, or the outcome that takes its place when it does not parse. */
  async compile(program: Program): Promise<Uint8Array | Outcome> {
    const known = this.#compiled.get(program);
    if (known !== undefined) return known;
    const compiled = await this.#compiler.compile(scriptOf(program), FILENAME);
    const result = compiled.ok ? compiled.bytecode : describe(compiled.problem);
    this.#compiled.set(program, result);
    return result;
  }

  /** Whether the VM that runs the bytecode could have compiled a program by itself. */
  canParse(): boolean {
    restoreImage(this.#vm, this.#pristine);
    try {
      this.#vm.compile('1', FILENAME);
      return true;
    } catch {
      return false;
    }
  }

  #run(bytecode: Uint8Array): Outcome {
    restoreImage(this.#vm, this.#pristine);
    const outcome = this.#vm.evaluateBytecode(bytecode);
    this.#vm.runJobs(MAX_JOBS);
    return asOutcome(decodeValue(this.#vm.writeValue(outcome)));
  }
}

/** The yardstick: `evalCode` of the same engine with all that it has, in a new context for every program. */
export class EvaluatedText {
  readonly #quickjs: QuickJSWASMModule;
  readonly #outcomes = new Map<Program, Outcome>();

  static async create(engine: EngineModule): Promise<EvaluatedText> {
    const variant = newVariant(RELEASE_SYNC, { wasmModule: engine.module });
    return new EvaluatedText(await newQuickJSWASMModuleFromVariant(variant));
  }

  private constructor(quickjs: QuickJSWASMModule) {
    this.#quickjs = quickjs;
  }

  outcome(program: Program): Outcome {
    const outcome = this.#outcomes.get(program) ?? this.#run(program);
    this.#outcomes.set(program, outcome);
    return outcome;
  }

  #run(program: Program): Outcome {
    const context = this.#quickjs.newContext();
    try {
      context.runtime.setMaxStackSize(STACK_BYTES);
      defineInContext(context);
      const lowered = lower(scriptOf(program));
      return evaluate(context, lowered.kind === 'lowered' ? lowered.text : scriptOf(program));
    } finally {
      context.dispose();
    }
  }
}

function defineInContext(context: QuickJSContext): void {
  for (const script of LOWERING_SCRIPTS) context.evalCode(script, 'globals.js', { type: 'global' }).dispose();
}

function describe({ kind, message }: { kind: string; message: string }): Outcome {
  return `${kind === 'syntax' ? 'syntax error' : kind} ${message}`;
}

/** Runs the bytecode files of a directory in a new process; outcomes by file name. */
export async function runInNewProcess(directory: string): Promise<Record<string, Outcome>> {
  const script = fileURLToPath(await bundleSource('test/engine/conformance/run-bytecode.mjs'));
  const limits = [MEMORY_BYTES, STACK_BYTES, MAX_JOBS].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, [script, directory, ...limits], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(stdout) as Record<string, Outcome>;
}

function evaluate(context: QuickJSContext, script: string): Outcome {
  const result = context.evalCode(script, FILENAME, { type: 'global' });
  if (result.error !== undefined) {
    const { name, message } = context.dump(result.error) as { name: string; message: string };
    result.error.dispose();
    return name === 'SyntaxError' ? `syntax error ${message}` : `${name} ${message}`;
  }
  context.runtime.executePendingJobs(MAX_JOBS).dispose();
  const outcome = asOutcome(context.dump(result.value));
  result.value.dispose();
  return outcome;
}

function asOutcome(value: unknown): Outcome {
  return (value as [state: string, text: string]).join(' ');
}
