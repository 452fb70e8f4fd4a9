import { basename } from 'node:path';

import { NexusError } from '../../errors/nexus-error.js';
import { readAt, readInto } from '../../support/files/bounded-file.js';
import { ForeignFileError, OversizedFileError, openOwnFile } from '../../support/files/own-file.js';
import { incompatible } from '../incompatible.js';
import { decodeHeader, headerBytes } from './record.js';
import type { RecordHeader } from './record-header.js';

/** Nearly all headers are shorter. */
const HEADER_READ_BYTES = 4 * 1024;

export interface RecordFile {
  readonly header: RecordHeader;
  /** The whole record, or only its header, as requested. */
  readonly bytes: Buffer;
}

/**
 * Reads a record and checks its header; the parts after it are checked when they are used.
 *
 * @param id the id for errors
 * @param maxBytes the limit of the file's size
 * @returns undefined if the file does not exist
 * @throws NexusError SUSPENSION_INCOMPATIBLE naming the check that failed
 */
export async function readRecord(
  path: string,
  id: string,
  key: Uint8Array,
  extent: 'whole' | 'header',
  maxBytes: number,
): Promise<RecordFile | undefined> {
  try {
    const { file, size } = await openOwnFile(path, maxBytes);
    try {
      let start = await readAt(file, 0, Math.min(size, HEADER_READ_BYTES));
      const wanted = headerBytes(start);
      if (wanted > start.length) start = await readAt(file, 0, Math.min(size, wanted));
      // This size is allocated only if an authentic header states it.
      const header = decodeHeader(start, size, key);
      if (extent === 'header' || start.length === size) return { header, bytes: start };
      const bytes = Buffer.allocUnsafeSlow(size);
      start.copy(bytes);
      const end = await readInto(file, bytes, start.length, start.length);
      return { header, bytes: bytes.subarray(0, end) };
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error instanceof ForeignFileError ? foreign(error, id, path) : explain(error, id);
  }
}

/** Adds the suspension to an error of its record. Other errors are returned unchanged. */
export function explain(error: unknown, id: string): unknown {
  if (!(error instanceof NexusError) || error.code !== 'SUSPENSION_INCOMPATIBLE') return error;
  if (error.context['suspensionId'] !== undefined) return error;
  const message = `The suspension ${id} cannot be used: its record in the store ${error.message}. It is kept.`;
  return new NexusError(error.code, message, { context: { ...error.context, suspensionId: id } });
}

function foreign(error: ForeignFileError, id: string, path: string): NexusError {
  const file = basename(path);
  const what = `The suspension ${id} cannot be used: its file ${file} ${error.message}. It is kept.`;
  return incompatible(error instanceof OversizedFileError ? 'truncated' : 'file', what, { suspensionId: id, file });
}
