import { createRequire } from 'node:module';

import type { ScriptProblem } from '../contract/compile.js';
import { readLines } from '../contract/source-text.js';
import { remedyFor } from './remedies.js';

/** What takes the types off, exactly: part of the cache key of every TypeScript handler. */
export const STRIPPER = '@swc/wasm-typescript 1.16.2';

const PACKAGE = '@swc/wasm-typescript';
const EXTENSION = /\.[cm]?ts$/;

/** Its memory never shrinks: after a source that took more, it is loaded anew when it is next needed. */
const RETAINED_MEMORY_BYTES = 32 * 1024 * 1024;

/** The part of the package that is used here. */
interface Stripper {
  transformSync(source: string, options: { mode: 'strip-only'; module: false; sourceMap: false }): { code: string };
  readonly __wasm: { readonly memory: WebAssembly.Memory };
}

/** What it throws about a source: line from 1, column from 0 and as a terminal shows it. */
interface Diagnostic {
  readonly code: 'InvalidSyntax' | 'UnsupportedSyntax';
  readonly message: string;
  readonly startLine: number;
  readonly startColumn: number;
}

export type Stripped =
  | { readonly ok: true; readonly script: string }
  | { readonly ok: false; readonly problem: ScriptProblem };

/** A handler in a file of this name is TypeScript. */
export function isTypeScript(filename: string): boolean {
  return EXTENSION.test(filename);
}

/**
 * A script without its types. Each is overwritten with blanks, and nothing else changes: every line and column is the
 * author's. What is more than a type, an enum say, is a problem with its place in the script.
 */
export function stripTypes(script: string): Stripped {
  // Synchronous, and some 50 ms that only those pay who have TypeScript.
  const require = createRequire(import.meta.url);
  const stripper = require(PACKAGE) as Stripper;
  try {
    const stripped = strip(stripper, script);
    if (typeof stripped === 'string') return { ok: true, script: stripped };
    return { ok: false, problem: describe(stripped, locate(stripper, script, stripped)) };
  } catch {
    // Of its stack, or of its memory. What it is in after that nobody knows.
    delete require.cache[require.resolve(PACKAGE)];
    return { ok: false, problem: { kind: 'nesting', message: 'the TypeScript is nested too deeply, or too large' } };
  } finally {
    const { byteLength } = stripper.__wasm.memory.buffer;
    if (byteLength > RETAINED_MEMORY_BYTES) delete require.cache[require.resolve(PACKAGE)];
  }
}

function strip(stripper: Stripper, script: string): string | Diagnostic {
  try {
    return stripper.transformSync(script, { mode: 'strip-only', module: false, sourceMap: false }).code;
  } catch (thrown) {
    if (isDiagnostic(thrown)) return thrown;
    throw thrown;
  }
}

function isDiagnostic(thrown: unknown): thrown is Diagnostic {
  return typeof thrown === 'object' && thrown !== null && 'startLine' in thrown && 'startColumn' in thrown;
}

function describe({ message }: Diagnostic, { startLine, startColumn }: Diagnostic): ScriptProblem {
  return { kind: 'syntax', message: remedyFor(message) ?? message, line: startLine, column: startColumn + 1 };
}

/**
 * The diagnostic counts a tab as four columns and some characters as none or two. Where there are any it is asked for once
 * more, of a text that has one column for each character of the script.
 */
function locate(stripper: Stripper, script: string, diagnostic: Diagnostic): Diagnostic {
  const [line = ''] = readLines(script, diagnostic.startLine, diagnostic.startLine).lines;
  if (!UNEVEN.test(line)) return diagnostic;
  const again = strip(
    stripper,
    script.replace(EVERY_UNEVEN, (character) => (/\s/.test(character) ? ' ' : 'x')),
  );
  return typeof again !== 'string' && again.startLine === diagnostic.startLine ? again : diagnostic;
}

/** By UTF-16 unit, as columns are counted. The line terminators of Unicode are even. */
const UNEVEN = /[^\n\r\x20-\x7e\u2028\u2029]/;
const EVERY_UNEVEN = new RegExp(UNEVEN.source, 'g');
