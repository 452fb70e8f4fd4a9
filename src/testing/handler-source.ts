import { readFile } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WasmError } from '../api/result.js';
import { invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';

/** No handler is a single word with such an ending: it would only read a property. */
const FILE = /^\S+\.(?:[cm]?js|[cm]?ts)$/;
/** Characters that a file name in stack traces cannot have. */
const UNNAMEABLE = /[\n\r():]/;

/** A handler before it is compiled. */
export interface HandlerSource {
  readonly code: string;
  /** The name in stack traces. Absent for a handler that was passed as code. */
  readonly filename?: string;
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
  const path = pathOf(codeOrFile);
  const name = relative(process.cwd(), path).split(sep).join('/');
  const code = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'there is none' : error.message;
    throw new NexusError('INVALID_ARGUMENT', `The handler file ${name} cannot be read: ${reason} (${path}).`, {
      context: { field: 'codeOrFile', path },
      cause: error,
    });
  });
  return { code, filename: UNNAMEABLE.test(name) ? basename(name).replaceAll(/[\n\r():]/g, '_') : name };
}

function pathOf(file: string | URL): string {
  if (typeof file === 'string') return resolve(file);
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
  const place = location === undefined ? filename : `${filename}:${location.line}:${location.column}`;
  const lines = snippet === undefined ? '' : `\n${snippet}`;
  throw new NexusError(code, `${place}: ${message}${lines}`, {
    context: { ...error.context, filename, ...(location && { location }), ...(snippet && { snippet }) },
  });
}
