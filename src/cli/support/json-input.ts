import { NexusError } from '../../errors/nexus-error.js';
import { findJsonFault } from '../../support/json-place.js';
import { readBytes } from './read-file.js';

/**
 * The value of an option that takes JSON: the text itself, or `@FILE`.
 *
 * @throws NexusError INVALID_ARGUMENT with line and column
 */
export async function jsonOption(name: string, given: string): Promise<unknown> {
  return given.startsWith('@') ? parseJsonFile(given.slice(1)) : parseJson(given, `--${name}`);
}

/** @throws NexusError INVALID_ARGUMENT with file, line and column */
export async function parseJsonFile(path: string): Promise<unknown> {
  return parseJson((await readBytes(path)).toString('utf8'), path);
}

/** @param where the file or the option, for the message */
function parseJson(given: string, where: string): unknown {
  // Editors of Windows begin a file with it.
  const text = given.replace(/^\ufeff/, '');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const { at, line, column } = findJsonFault(text);
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const what = at >= text.length ? 'it ends too early' : `${JSON.stringify(character)} is not expected here`;
    throw new NexusError('INVALID_ARGUMENT', `${where}:${line}:${column}: this is not JSON: ${what}.`, {
      context: { file: where, line, column },
      cause: error,
    });
  }
}
