import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';

import { CALLS_LEFT, limitCalls } from './limit-calls.js';
import { limitMemory } from './limit-memory.js';

/** The exact version of the type stripper: part of the cache key of every TypeScript handler. */
export const STRIPPER = '@swc/wasm-typescript 1.16.2';

const PACKAGE = '@swc/wasm-typescript';
const PAGE_BYTES = 64 * 1024;

/**
 * The package needs some 40 times the size of usual source, and up to 120 times that of source written to be
 * expensive. The limit is the same as for compiling scripts.
 */
export const MAX_STRIPPER_MEMORY_BYTES = 512 * 1024 * 1024;
/** Its memory never shrinks: after a source that took more than this, it is loaded again for the next one. */
const RETAINED_MEMORY_BYTES = 32 * 1024 * 1024;

/** The part of the package that is used here. */
interface Stripper {
  transformSync(source: string, options: { mode: 'strip-only'; module: boolean; sourceMap: false }): { code: string };
  readonly __wasm: { readonly memory: WebAssembly.Memory; readonly [CALLS_LEFT]?: WebAssembly.Global };
}

/** The package's content: a CommonJS script that creates its module and instance when it runs. */
type Script = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: unknown },
  webAssembly: Pick<typeof WebAssembly, 'Module' | 'Instance'>,
) => void;

/** Stripping ended with something other than a diagnostic of the source. */
export class StrippingFailed extends Error {
  readonly kind: 'memory' | 'nesting' | 'calls';

  constructor(kind: StrippingFailed['kind'], cause: unknown) {
    super(`stripping failed: ${kind}`, { cause });
    this.kind = kind;
  }
}

export type StripAnswer = { readonly code: string } | { readonly thrown: unknown };

let script: Script | undefined;

/** The package with a changed binary. */
class Loaded {
  readonly #change: (binary: Uint8Array) => Uint8Array;
  /** Compiled once: only instances are created again. */
  #compiled: WebAssembly.Module | undefined;
  #current: Stripper | undefined;

  constructor(change: (binary: Uint8Array) => Uint8Array) {
    this.#change = change;
  }

  get retainedBytes(): number {
    return this.#current?.__wasm.memory.buffer.byteLength ?? 0;
  }

  strip(source: string, maxCalls: number, module: boolean): StripAnswer {
    const stripper = this.#current ?? this.#load();
    this.#current = stripper;
    const left = stripper.__wasm[CALLS_LEFT];
    if (left !== undefined) left.value = maxCalls;
    try {
      return { code: stripper.transformSync(source, { mode: 'strip-only', module, sourceMap: false }).code };
    } catch (thrown) {
      if (!isFailure(thrown)) return { thrown };
      // Its state after a failure is unknown.
      this.#current = undefined;
      if (left?.value === 0) throw new StrippingFailed('calls', thrown);
      throw new StrippingFailed(isExhausted(thrown, stripper) ? 'memory' : 'nesting', thrown);
    } finally {
      if (stripper.__wasm.memory.buffer.byteLength > RETAINED_MEMORY_BYTES) this.#current = undefined;
    }
  }

  /** Loaded synchronously and on first use, because it takes some 50 ms. */
  #load(): Stripper {
    const require = createRequire(import.meta.url);
    const file = require.resolve('@swc/wasm-typescript');
    script ??= compileFunction(readFileSync(file, 'utf8'), ['exports', 'require', 'module', 'WebAssembly'], {
      filename: file,
    }) as Script;
    const module: { exports: unknown } = { exports: {} };
    const compile = (binary: Uint8Array) => {
      this.#compiled ??= new WebAssembly.Module(this.#change(binary) as Uint8Array<ArrayBuffer>);
      return this.#compiled;
    };
    // It creates its own memory of any size, so the binary is changed when it is compiled.
    class Module {
      constructor(binary: Uint8Array) {
        // biome-ignore lint/correctness/noConstructorReturn: it stands for the constructor of the same name
        return compile(binary);
      }
    }
    script(module.exports as object, createRequire(file), module, { Module, Instance: WebAssembly.Instance });
    if (this.#compiled === undefined) throw new Error(`${PACKAGE} does not load as it is expected to.`);
    return module.exports as Stripper;
  }
}

const withinMemory = (binary: Uint8Array) => limitMemory(binary, MAX_STRIPPER_MEMORY_BYTES / PAGE_BYTES);
const inItsTime = new Loaded(withinMemory);
/** Adding the count takes as long as loading: a caller that can terminate the thread does without it. */
const counting = new Loaded((binary) => limitCalls(withinMemory(binary)));

/** Linear memory that is kept between sources, in bytes. */
export function retainedStripperBytes(): number {
  return inItsTime.retainedBytes + counting.retainedBytes;
}

/**
 * Strips the types of a script.
 *
 * @param maxCalls the most function calls of the package, which makes some 4 for each character of usual
 *   source, 50 to 100 per microsecond; default: unlimited
 * @returns the script, or the error that the package throws about it
 * @throws StrippingFailed if its memory, its stack or its calls are exhausted
 */
export function strip(source: string, maxCalls?: number, isModule = false): StripAnswer {
  return maxCalls === undefined ? inItsTime.strip(source, 0, isModule) : counting.strip(source, maxCalls, isModule);
}

/** A trap, or a stack overflow in the module or the thread. Diagnostics are plain objects. */
function isFailure(thrown: unknown): thrown is Error {
  return thrown instanceof Error && !('startLine' in thrown);
}

/** A failed allocation ends in this trap; a stack overflow ends in an access out of bounds or in a RangeError. */
function isExhausted({ message }: Error, { __wasm: { memory } }: Stripper): boolean {
  return message === 'unreachable' && memory.buffer.byteLength > RETAINED_MEMORY_BYTES;
}
