import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';

import { limitMemory } from './limit-memory.js';

/** What takes the types off, exactly: part of the cache key of every TypeScript handler. */
export const STRIPPER = '@swc/wasm-typescript 1.16.2';

const PACKAGE = '@swc/wasm-typescript';
const PAGE_BYTES = 64 * 1024;

/**
 * The package parses into some 40 times the size of usual source, and up to 120 times that of source made to be large. As much as the
 * compiler of scripts may have.
 */
export const MAX_STRIPPER_MEMORY_BYTES = 512 * 1024 * 1024;
/** Its memory never shrinks: after a source that took more, it is loaded anew when it is next needed. */
const RETAINED_MEMORY_BYTES = 32 * 1024 * 1024;

/** The part of the package that is used here. */
interface Stripper {
  transformSync(source: string, options: { mode: 'strip-only'; module: false; sourceMap: false }): { code: string };
  readonly __wasm: { readonly memory: WebAssembly.Memory };
}

/** The package as it comes: a CommonJS script that makes its module and its instance when it is run. */
type Script = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: unknown },
  webAssembly: Pick<typeof WebAssembly, 'Module' | 'Instance'>,
) => void;

/** What stripping ended in that is no diagnostic of the source. */
export class StrippingFailed extends Error {
  readonly kind: 'memory' | 'nesting';

  constructor(kind: 'memory' | 'nesting', cause: unknown) {
    super(`stripping failed: ${kind}`, { cause });
    this.kind = kind;
  }
}

let script: Script | undefined;
/** Compiled once: only instances are made anew. */
let compiled: WebAssembly.Module | undefined;
let current: Stripper | undefined;

/** Linear memory that is kept between sources, in bytes. */
export function retainedStripperBytes(): number {
  return current?.__wasm.memory.buffer.byteLength ?? 0;
}

/**
 * A script without its types.
 *
 * @returns the script, or what the package throws about it
 * @throws StrippingFailed when its memory or its stack is exhausted
 */
export function strip(source: string): { readonly code: string } | { readonly thrown: unknown } {
  const stripper = current ?? load();
  current = stripper;
  try {
    return { code: stripper.transformSync(source, { mode: 'strip-only', module: false, sourceMap: false }).code };
  } catch (thrown) {
    if (!isFailure(thrown)) return { thrown };
    // What it is in after that nobody knows.
    current = undefined;
    throw new StrippingFailed(isExhausted(thrown, stripper) ? 'memory' : 'nesting', thrown);
  } finally {
    if (stripper.__wasm.memory.buffer.byteLength > RETAINED_MEMORY_BYTES) current = undefined;
  }
}

/** A trap, or the end of the stack: in the memory of the module or of the thread. Diagnostics are plain objects. */
function isFailure(thrown: unknown): thrown is Error {
  return thrown instanceof Error && !('startLine' in thrown);
}

/** An allocation that fails ends in this trap; a stack that ends, in an access out of bounds or in a RangeError. */
function isExhausted({ message }: Error, { __wasm: { memory } }: Stripper): boolean {
  return message === 'unreachable' && memory.buffer.byteLength > RETAINED_MEMORY_BYTES;
}

/** Synchronous, and some 50 ms that only those pay who have TypeScript. */
function load(): Stripper {
  const require = createRequire(import.meta.url);
  const file = require.resolve(PACKAGE);
  script ??= compileFunction(readFileSync(file, 'utf8'), ['exports', 'require', 'module', 'WebAssembly'], {
    filename: file,
  }) as Script;
  const module: { exports: unknown } = { exports: {} };
  // It makes its own memory, of any size: what it compiles is changed on the way.
  class Module {
    constructor(binary: Uint8Array) {
      compiled ??= new WebAssembly.Module(limitMemory(binary, MAX_STRIPPER_MEMORY_BYTES / PAGE_BYTES));
      // biome-ignore lint/correctness/noConstructorReturn: it stands for the constructor of the same name
      return compiled;
    }
  }
  script(module.exports as object, createRequire(file), module, { Module, Instance: WebAssembly.Instance });
  if (compiled === undefined) throw new Error(`${PACKAGE} does not load as it is expected to.`);
  return module.exports as Stripper;
}
