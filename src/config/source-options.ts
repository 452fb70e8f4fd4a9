import type { CompileOptions, SourceOptions } from '../api/source-options.js';
import { NexusError } from '../errors/nexus-error.js';
import { invalidArgument, invalidOption, rejectUnknownKeys } from './check.js';

/** Of a text around a handler. Longer code belongs into a library. */
const MAX_WRAP_CHARACTERS = 256 * 1024;

/** The names of the options that say how a source is read. */
export const SOURCE_OPTION_KEYS = { wrap: true, returnLastExpression: true, normalise: true } as const satisfies {
  readonly [K in keyof Required<SourceOptions>]: true;
};

/** The names of the options of a compilation. */
export const COMPILE_OPTION_KEYS = { ...SOURCE_OPTION_KEYS, filename: true, source: true } as const satisfies {
  readonly [K in keyof Required<CompileOptions>]: true;
};

/**
 * The name of the file is checked when it is compiled.
 *
 * @throws NexusError INVALID_ARGUMENT naming the option
 */
export function checkCompileOptions({ source, ...options }: CompileOptions): void {
  if (source !== undefined && typeof source !== 'boolean') throw invalidArgument('source', source, 'true or false');
  checkSourceOptions(options);
}

/** @throws NexusError INVALID_ARGUMENT naming the option */
export function checkSourceOptions({ wrap, returnLastExpression, normalise }: SourceOptions): void {
  if (wrap !== undefined) checkWrap(wrap, 'INVALID_ARGUMENT');
  if (returnLastExpression !== undefined && typeof returnLastExpression !== 'boolean') {
    throw invalidArgument('returnLastExpression', returnLastExpression, 'true or false');
  }
  if (normalise !== undefined && normalise !== 'model') throw invalidArgument('normalise', normalise, "'model'");
}

/** @throws NexusError INVALID_ARGUMENT or INVALID_CONFIG */
export function checkWrap(wrap: unknown, code: 'INVALID_ARGUMENT' | 'INVALID_CONFIG'): void {
  const refuse = code === 'INVALID_CONFIG' ? invalidOption : invalidArgument;
  if (typeof wrap !== 'object' || wrap === null) throw refuse('wrap', wrap, 'an object { prologue, epilogue }');
  rejectUnknownKeys(wrap, ['prologue', 'epilogue'], 'wrap.', code);
  for (const [name, text] of Object.entries(wrap) as [string, unknown][]) {
    if (text === undefined) continue;
    if (typeof text === 'string' && text.length <= MAX_WRAP_CHARACTERS && text.isWellFormed()) continue;
    throw refuse(`wrap.${name}`, text, `source text of at most ${MAX_WRAP_CHARACTERS} characters`);
  }
}

/**
 * Refuses what can change nothing of an artifact. Options that ask for nothing are let be.
 *
 * @throws NexusError INVALID_ARGUMENT naming the option
 */
export function refuseSourceOptions({ wrap, returnLastExpression, normalise }: SourceOptions): void {
  const field =
    (wrap?.prologue || wrap?.epilogue ? 'wrap' : undefined) ??
    (returnLastExpression === true ? 'returnLastExpression' : undefined) ??
    (normalise === undefined ? undefined : 'normalise');
  if (field === undefined) return;
  const message = `The option ${field} says how a source is read, and an artifact is compiled already: give it to precompileHandler, and leave it out here.`;
  throw new NexusError('INVALID_ARGUMENT', message, { context: { field } });
}
