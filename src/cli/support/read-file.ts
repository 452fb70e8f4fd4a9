import { type FileHandle, open, stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';

import { NexusError } from '../../errors/nexus-error.js';
import { bytesText } from './format.js';

const ARTIFACT_MAGIC = 'NXQJ';
/** Above what any limit allows by default, and below what a text may have. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** A handler as it was given: source, or an artifact. */
export type ReadHandler =
  | { readonly source: string; readonly filename: string; readonly artifact?: undefined }
  | { readonly artifact: Uint8Array; readonly source?: undefined };

/**
 * Reads a handler.
 *
 * @param path of a source or an artifact; `-` is the standard input
 * @throws NexusError INVALID_ARGUMENT naming the file
 */
export async function readHandlerFile(path: string): Promise<ReadHandler> {
  const bytes = path === '-' ? await readInput() : await readBytes(path);
  if (bytes.toString('latin1', 0, ARTIFACT_MAGIC.length) === ARTIFACT_MAGIC) return { artifact: bytes };
  return { source: bytes.toString('utf8'), filename: path === '-' ? 'handler.js' : nameOf(path) };
}

/** @throws NexusError INVALID_ARGUMENT naming the file */
export async function readBytes(path: string): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      return await readAll(file, path);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof NexusError ? error : cannotRead(path, error);
  }
}

/** Whether there is a directory. What does not exist is not created by looking at it. */
export async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** The name of a file in messages: relative to the working directory, where that is shorter. */
export function nameOf(path: string): string {
  const found = relative('.', path);
  return (found === '' || found.startsWith('..') ? path : found).split(sep).join('/');
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory, not a file',
  EACCES: 'may not be read by this user',
  EPERM: 'may not be read by this user',
};

export function cannotRead(path: string, cause: unknown): NexusError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new NexusError('INVALID_ARGUMENT', `${path} ${REASONS[code] ?? `cannot be read: ${message}`}.`, {
    context: { file: path },
    cause,
  });
}

async function readInput(): Promise<Buffer> {
  return collect(process.stdin, 'The standard input');
}

async function readAll(file: FileHandle, path: string): Promise<Buffer> {
  // Told at once, without reading any of it.
  const found = await file.stat();
  if (found.size > MAX_FILE_BYTES) throw tooLarge(path);
  if (found.isFile()) return file.readFile();
  return collect(file.createReadStream({ autoClose: false }), path);
}

/** What is no regular file has no length that could be known. */
async function collect(stream: AsyncIterable<Buffer>, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > MAX_FILE_BYTES) throw tooLarge(name);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(name: string): NexusError {
  return new NexusError(
    'INVALID_ARGUMENT',
    `${name} has more than ${bytesText(MAX_FILE_BYTES)}; no file of Nexus Runtime is so large.`,
    {
      context: { file: name },
    },
  );
}
