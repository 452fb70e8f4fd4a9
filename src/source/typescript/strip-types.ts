import type { ScriptProblem } from '../script-problem.js';
import { SourceLines } from '../source-lines.js';
import { remedyFor } from './remedies.js';
import { MAX_STRIPPER_MEMORY_BYTES, StrippingFailed, strip } from './stripper.js';

export { STRIPPER } from './stripper.js';

const EXTENSION = /\.[cm]?ts$/;

/** The error that it throws about a source: line from 1 as editors count, and column from 0 as a terminal shows it. */
interface Diagnostic {
  readonly code: 'InvalidSyntax' | 'UnsupportedSyntax';
  readonly message: string;
  readonly startLine: number;
  readonly startColumn: number;
}

export type Stripped =
  | { readonly ok: true; readonly script: string }
  | { readonly ok: false; readonly problem: ScriptProblem };

/** Whether a handler in a file of this name is TypeScript. */
export function isTypeScript(filename: string): boolean {
  return EXTENSION.test(filename);
}

/**
 * Strips the types of a script. Each type is overwritten with blanks and nothing else changes, so every index
 * is the author's. Syntax that is more than a type, such as an enum, is a problem with its place
 * in the script.
 *
 * @param maxCalls see {@link strip}
 */
export function stripTypes(script: string, maxCalls?: number, isModule = false): Stripped {
  try {
    const stripped = diagnose(script, maxCalls, isModule);
    if (typeof stripped === 'string') return { ok: true, script: stripped };
    return { ok: false, problem: describe(script, stripped, locate(script, stripped, maxCalls, isModule)) };
  } catch (error) {
    if (!(error instanceof StrippingFailed)) throw error;
    return { ok: false, problem: FAILURES[error.kind] };
  }
}

/**
 * A stripped script with as many code points as the original before each place, for the engine, which counts those: a pair of a type
 * was overwritten with two blanks.
 */
export function inCodePoints(script: string, stripped: string): string {
  if (stripped.length !== script.length) return stripped;
  let text = '';
  let start = 0;
  for (const { index } of script.matchAll(PAIRS)) {
    if (stripped.codePointAt(index) === script.codePointAt(index)) continue;
    text += stripped.slice(start, index + 1);
    start = index + 2;
  }
  return start === 0 ? stripped : text + stripped.slice(start);
}

const PAIRS = /[\u{10000}-\u{10ffff}]/gu;

const FAILURES: Readonly<Record<StrippingFailed['kind'], ScriptProblem>> = {
  memory: {
    kind: 'memory',
    message: `the TypeScript is too large: taking its types off needs more than ${MAX_STRIPPER_MEMORY_BYTES / 2 ** 20} MiB`,
  },
  nesting: { kind: 'nesting', message: 'the TypeScript is nested too deeply' },
  calls: { kind: 'nesting', message: 'the TypeScript takes too long to be read' },
};

/** The script without its types, or the problem that was found. */
function diagnose(script: string, maxCalls: number | undefined, isModule: boolean): string | Diagnostic {
  const stripped = strip(script, maxCalls, isModule);
  if ('code' in stripped) return stripped.code;
  if (isDiagnostic(stripped.thrown)) return stripped.thrown;
  throw stripped.thrown;
}

function isDiagnostic(thrown: unknown): thrown is Diagnostic {
  return typeof thrown === 'object' && thrown !== null && 'startLine' in thrown && 'startColumn' in thrown;
}

function describe(script: string, { message }: Diagnostic, { startLine, startColumn }: Diagnostic): ScriptProblem {
  const lines = new SourceLines(script);
  const offset = lines.offsetOf({ line: startLine, column: startColumn + 1 }) ?? script.length;
  return { kind: 'syntax', message: remedyFor(message) ?? message, ...lines.engineAt(offset) };
}

/**
 * The diagnostic counts a tab as four columns and some characters as none or two. If there are any, it is
 * requested again for a text with one column for each character of the script.
 */
function locate(script: string, diagnostic: Diagnostic, maxCalls: number | undefined, isModule: boolean): Diagnostic {
  const line = new SourceLines(script).read({ line: diagnostic.startLine, column: 1 }, script.length);
  if (!UNEVEN.test(line)) return diagnostic;
  const even = script.replace(EVERY_UNEVEN, (character) => (/\s/.test(character) ? ' ' : 'x'));
  const again = diagnose(even, maxCalls, isModule);
  return typeof again !== 'string' && again.startLine === diagnostic.startLine ? again : diagnostic;
}

/** Characters whose width differs from one UTF-16 unit. Unicode's line terminators have the right width. */
const UNEVEN = /[^\n\r\x20-\x7e\u2028\u2029]/;
const EVERY_UNEVEN = new RegExp(UNEVEN.source, 'g');
