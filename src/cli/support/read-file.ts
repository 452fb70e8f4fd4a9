import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';

import { NexusError } from '../../errors/nexus-error.js';

const ARTIFACT_MAGIC = 'NXQJ';

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
  return readFile(path).catch((error: unknown) => {
    throw cannotRead(path, error);
  });
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
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
