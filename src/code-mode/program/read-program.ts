import { type ParsedHandler, parseHandler } from '../../capabilities/inference/syntax/syntax.js';
import { NexusError } from '../../errors/nexus-error.js';
import { codeOfModel } from '../../source/forms/model-text.js';
import { shapeOf } from '../../source/forms/source-shape.js';

/** The names under which programs are compiled: models write either, and do not say which. */
export const JAVASCRIPT = 'program.js';
export const TYPESCRIPT = 'program.ts';

const FENCE_OF_TYPESCRIPT = /^[ \t]*(?:`{3,}|~{3,})[ \t]*(?:[cm]?tsx?|typescript)\b/im;
const MAX_CHARACTERS = 256 * 1024;

/** A program without fences, parsed. */
export interface ReadProgram extends ParsedHandler {
  /** With blanks where its fences were: places are those of the whole text. */
  readonly source: string;
  readonly filename: string;
}

/** As which it is tried first. Only a program that is no JavaScript is tried as TypeScript. */
export function firstNameOf(code: string): string {
  return FENCE_OF_TYPESCRIPT.test(code.slice(0, MAX_CHARACTERS)) ? TYPESCRIPT : JAVASCRIPT;
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
