import type { Message } from 'esbuild';
import type { WasmError } from '../api/result.js';
import { cut, MAX_REASON } from '../config/check.js';
import { renderSnippet } from '../source/source-lines.js';
import { isImportProblem } from './import-problem.js';

/** A place as the bundler has it: lines from 1, columns in bytes from 0. */
type BundlerPlace = NonNullable<Message['location']>;

/**
 * Describes why a handler cannot be linked.
 *
 * @param path of the handler: its own places have no file
 * @param textOf the text of a file of the handler's own
 */
export function describeLinkError(
  { text, location, detail }: Pick<Message, 'text' | 'location' | 'detail'>,
  path: string,
  textOf: (file: string) => string | undefined,
): WasmError {
  const said = cut(isImportProblem(detail) ? detail.message : text, MAX_REASON);
  const isSyntax = !isImportProblem(detail) && location !== null && textOf(fileOf(location)) !== undefined;
  return {
    code: 'COMPILATION_ERROR',
    message: isSyntax ? `SyntaxError: ${said}` : `Cannot import: ${said}`,
    ...(isSyntax && { name: 'SyntaxError' }),
    ...(location !== null && placeOf(location, path, textOf)),
    ...(isImportProblem(detail) && { context: { import: cut(detail.specifier, MAX_REASON), reason: detail.reason } }),
  };
}

function placeOf(
  place: BundlerPlace,
  path: string,
  textOf: (file: string) => string | undefined,
): Pick<WasmError, 'location' | 'snippet'> {
  const file = fileOf(place);
  const column = Buffer.from(place.lineText, 'utf8').subarray(0, place.column).toString('utf8').length + 1;
  const location = { line: place.line, column, ...(file !== path && { file }) };
  const text = textOf(file);
  return { location, ...(text !== undefined && { snippet: renderSnippet(text, location) }) };
}

/** Without the namespace of this library's plugin. */
export function fileOf({ file }: Pick<BundlerPlace, 'file'>): string {
  return file.replace(/^own:/, '');
}
