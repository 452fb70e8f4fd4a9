import { type ParsedHandler, parseHandler } from '../../capabilities/inference/syntax/syntax.js';
import { NexusError } from '../../errors/nexus-error.js';
import { codeOfModel } from '../../source/forms/model-text.js';
import { shapeOf } from '../../source/forms/source-shape.js';

/** The names under which programs are compiled: models write either, and do not say which. */
const JAVASCRIPT = 'program.js';
const TYPESCRIPT = 'program.ts';

const FENCE_OF_TYPESCRIPT = /^[ \t]*(?:`{3,}|~{3,})[ \t]*(?:[cm]?tsx?|typescript)\b/im;
const MAX_CHARACTERS = 256 * 1024;

/** A program without fences, parsed. */
export interface ReadProgram extends ParsedHandler {
  /** With blanks where its fences were: places are those of the whole text. */
  readonly source: string;
  readonly filename: string;
}

/** As which it is tried first. Only a program that is no JavaScript is tried as TypeScript. */
function firstNameOf(code: string): string {
  return FENCE_OF_TYPESCRIPT.test(code.slice(0, MAX_CHARACTERS)) ? TYPESCRIPT : JAVASCRIPT;
}

/**
 * Executes a program as what it is written in.
 *
 * @param execute under a file name, which says the language; nothing has run of what ends with COMPILATION_ERROR
 */
export async function inItsLanguage<Result extends string | { readonly error?: { readonly code: string } | undefined }>(
  code: string,
  execute: (filename: string) => Promise<Result>,
): Promise<Result> {
  const first = firstNameOf(code);
  const result = await execute(first);
  if (first === TYPESCRIPT || typeof result === 'string' || result.error?.code !== 'COMPILATION_ERROR') return result;
  // What is no TypeScript either is described as what it is.
  return execute(TYPESCRIPT);
}

/** @throws NexusError COMPILATION_ERROR with location and snippet, INVALID_HANDLER */
export function readProgram(code: string): ReadProgram {
  const first = firstNameOf(code);
  try {
    return readAs(code, first);
  } catch (error) {
    if (first === TYPESCRIPT || !(error instanceof NexusError) || error.code !== 'COMPILATION_ERROR') throw error;
    return readAs(code, TYPESCRIPT);
  }
}

function readAs(code: string, filename: string): ReadProgram {
  const source = codeOfModel(code, filename);
  const parsed = parseHandler(source, filename, shapeOf({ normalise: 'model' }, undefined));
  return { ...parsed, source, filename };
}
