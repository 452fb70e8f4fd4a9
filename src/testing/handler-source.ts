import { readFile } from 'node:fs/promises';
import path, { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WasmError } from '../api/result.js';
import { invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { isFilename } from '../source/source-check.js';
import { noteUse } from './watch.js';

/** How the system writes paths. */
interface Paths {
  readonly sep: string;
  basename(path: string): string;
  relative(from: string, to: string): string;
}

/** No handler is a single word with such an ending: it would only read a property. */
const FILE = /^\S+\.(?:[cm]?js|[cm]?ts)$/;
/** A handler before it is compiled. */
export interface HandlerSource {
  readonly code: string;
  /** The name in stack traces. Absent for a handler that was passed as code. */
  readonly filename?: string;
  /** The file. Absent for a handler that was passed as code. */
  readonly path?: string;
}

/**
 * Reads a handler as tests specify it: a URL, or a string without white space that ends in `.js` or `.ts` (or
 * `.mjs` and so on), is a file; any other string is code.
 *
 * @throws NexusError INVALID_ARGUMENT if the file cannot be read
 */
export async function readHandler(codeOrFile: string | URL): Promise<HandlerSource> {
  if (typeof codeOrFile === 'string' && !FILE.test(codeOrFile)) return { code: codeOrFile };
  if (typeof codeOrFile !== 'string' && !(codeOrFile instanceof URL)) {
    throw invalidArgument('codeOrFile', codeOrFile, 'code, the path of a file, or a URL of one');
  }
  const file = pathOf(codeOrFile);
  const name = nameOf(file, process.cwd());
  const code = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is none' : error.message;
    throw new NexusError('INVALID_ARGUMENT', `The handler file ${name} cannot be read: ${reason} (${file}).`, {
      context: { field: 'codeOrFile', path: file },
      cause: error,
    });
  });
  noteUse(file);
  return { code, filename: name, path: file };
}

/** The name of a file in stack traces: from the working directory, with slashes, the same on every system. On another drive it is the path. */
export function nameOf(file: string, directory: string, { basename, relative, sep }: Paths = path): string {
  const name = relative(directory, file).split(sep).join('/');
  return isFilename(name) ? name : basename(name).replaceAll(/[^\w.-]/g, '_');
}

function pathOf(file: string | URL): string {
  if (typeof file === 'string') return file.startsWith('file:') ? fileURLToPath(file) : resolve(file);
  if (file.protocol === 'file:') return fileURLToPath(file);
  throw invalidArgument('codeOrFile', file.href, 'a URL that starts with file:');
}

/**
 * Rejects a handler that does not compile, because it cannot be tested.
 *
 * @param error the error of the handler, if any
 * @throws NexusError COMPILATION_ERROR, INVALID_HANDLER, with the place and the lines
 */
export function requireCompiled({ filename = 'handler.js' }: HandlerSource, error: WasmError | undefined): void {
  if (error?.code !== 'COMPILATION_ERROR' && error?.code !== 'INVALID_HANDLER') return;
  const { code, message, location, snippet } = error;
  const place = location === undefined ? filename : `${location.file ?? filename}:${location.line}:${location.column}`;
  const lines = snippet === undefined ? '' : `\n${snippet}`;
  throw new NexusError(code, `${place}: ${message}${lines}`, {
    context: { ...error.context, filename, ...(location && { location }), ...(snippet && { snippet }) },
  });
}
