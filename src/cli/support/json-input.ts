import { readFile } from 'node:fs/promises';

import { NexusError } from '../../errors/nexus-error.js';
import { cannotRead } from './read-file.js';

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
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw cannotRead(path, error);
  });
  return parseJson(text, path);
}

/** @param where the file or the option, for the message */
function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = (error as Error).message;
    const at = placeOf(text, message);
    const before = text.slice(0, at).split('\n');
    const place = { line: before.length, column: (before.at(-1) ?? '').length + 1 };
    const what = at >= text.length ? 'it ends too early' : `${JSON.stringify(text[at])} is not expected here`;
    throw new NexusError('INVALID_ARGUMENT', `${where}:${place.line}:${place.column}: this is not JSON: ${what}.`, {
      context: { file: where, ...place },
      cause: error,
    });
  }
}

/** Versions of V8 differ in whether they say the position. */
function placeOf(text: string, message: string): number {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Number(position);
  let good = 0;
  let bad = text.length;
  if (isBeginning(text)) return text.length;
  // Of the beginnings of the text, the shortest that no continuation makes JSON.
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isBeginning(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isBeginning(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    return /end of JSON|Unterminated/.test((error as Error).message);
  }
}
