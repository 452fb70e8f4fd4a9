import type { FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';

import { NexusError } from '../errors/nexus-error.js';
import { ForeignFileError, openOwnFile } from '../files/own-file.js';
import { incompatible } from './incompatible.js';
import { decodeHeader, headerBytes, type RecordHeader } from './record.js';

/** Nearly all headers are shorter, and so are most records. */
const FIRST_READ_BYTES = 32 * 1024;
const HEADER_READ_BYTES = 4 * 1024;

export interface RecordFile {
  readonly header: RecordHeader;
  /** The whole record, or no more than its header, as it was asked for. */
  readonly bytes: Buffer;
}

/**
 * Reads a record and checks its header; what follows it is checked by whoever takes it out.
 *
 * @param id for errors
 * @returns undefined when there is no such file
 * @throws NexusError SUSPENSION_INCOMPATIBLE naming the check that failed
 */
export async function readRecord(
  path: string,
  id: string,
  key: Uint8Array,
  extent: 'whole' | 'header',
): Promise<RecordFile | undefined> {
  try {
    const { file, size } = await openOwnFile(path, Number.MAX_SAFE_INTEGER);
    try {
      let bytes = await read(file, 0, Math.min(size, extent === 'whole' ? FIRST_READ_BYTES : HEADER_READ_BYTES));
      // The size is believed only when a header that is ours says the same.
      if (headerBytes(bytes) > bytes.length) bytes = await readUpTo(file, bytes, Math.min(size, headerBytes(bytes)));
      const header = decodeHeader(bytes, size, key);
      return { header, bytes: extent === 'whole' ? await readUpTo(file, bytes, size) : bytes };
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error instanceof ForeignFileError ? foreign(error, id, path) : explain(error, id);
  }
}

/** What is wrong with a record, said of the suspension that it belongs to. Other errors pass through. */
export function explain(error: unknown, id: string): unknown {
  if (!(error instanceof NexusError) || error.code !== 'SUSPENSION_INCOMPATIBLE') return error;
  if (error.context['suspensionId'] !== undefined) return error;
  const message = `The suspension ${id} cannot be used: its record in the store ${error.message}. It is kept.`;
  return new NexusError(error.code, message, { context: { ...error.context, suspensionId: id } });
}

function foreign({ message }: ForeignFileError, id: string, path: string): NexusError {
  const file = basename(path);
  const what = `The suspension ${id} cannot be used: its file ${file} ${message}. It is kept.`;
  return incompatible('file', what, { suspensionId: id, file });
}

async function readUpTo(file: FileHandle, start: Buffer, size: number): Promise<Buffer> {
  if (start.length >= size) return start;
  const rest = await read(file, start.length, size - start.length);
  return Buffer.concat([start, rest]);
}

/** Fewer bytes only where the file ends. */
async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
