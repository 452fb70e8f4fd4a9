import type { WasmError } from '../api/result.js';

/** The error of a handler without bytecode. */
export function doesNotCompile(reason: string): WasmError {
  return { code: 'COMPILATION_ERROR', message: `The handler does not compile: ${reason}` };
}
