import type { Message } from 'esbuild';
import type { WasmError } from '../api/result.js';
import { cut, MAX_REASON } from '../config/check.js';
import { COMPUTED_IMPORT } from '../source/forms/module-form.js';
import { renderSnippet } from '../source/source-lines.js';
import { isImportProblem } from './import-problem.js';
import { MODULE_ENDING, OWN, OWN_MODULE, withoutEnding } from './own-modules.js';

const OWN_PREFIX = `${OWN}:`;
const MODULE_PREFIX = `${OWN_MODULE}:`;
const QUOTED = new RegExp(`"(?:${OWN_PREFIX}([^"]*)|${MODULE_PREFIX}([^"]*)\\${MODULE_ENDING})"`, 'g');

/** How the bundler names an `import()` whose module it does not know. */
export const UNBUNDLED = 'unsupported-dynamic-import';
/** It looks for files with a pattern, and own files are in no folder. */
const GLOB = /^Could not resolve (?:import|require)\("[^"]*\*/;

/** A place as the bundler has it: lines from 1, columns in bytes from 0. */
type BundlerPlace = NonNullable<Message['location']>;

/**
 * Describes why a handler cannot be linked.
 *
 * @param path of the handler: its own places have no file
 * @param textOf the text of a file of the handler's own
 */
export function describeLinkError(
  { id, text, location, detail }: Pick<Message, 'text' | 'location' | 'detail'> & { readonly id?: string },
  path: string,
  textOf: (file: string) => string | undefined,
): WasmError {
  const isComputed = id === UNBUNDLED || GLOB.test(text);
  const reason = isComputed ? COMPUTED_IMPORT : text.replace(QUOTED, '"$1$2"');
  const said = cut(isImportProblem(detail) ? detail.message : reason, MAX_REASON);
  const isSyntax = !isImportProblem(detail) && location !== null && textOf(fileOf(location.file)) !== undefined;
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
  const file = fileOf(place.file);
  const column = Buffer.from(place.lineText, 'utf8').subarray(0, place.column).toString('utf8').length + 1;
  const location = { line: place.line, column, ...(file !== path && { file }) };
  const text = textOf(file);
  return { location, ...(text !== undefined && { snippet: renderSnippet(text, location) }) };
}

/** Without the namespaces of this library's plugin. */
export function fileOf(file: string): string {
  if (file.startsWith(MODULE_PREFIX)) return withoutEnding(file.slice(MODULE_PREFIX.length));
  return file.startsWith(OWN_PREFIX) ? file.slice(OWN_PREFIX.length) : file;
}

/** Whether a file is one of the handler's own, by the name that the bundler has for it. */
export function isOwn(file: string): boolean {
  return file.startsWith(OWN_PREFIX) || file.startsWith(MODULE_PREFIX);
}
