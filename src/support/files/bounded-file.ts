import { constants, type FileHandle, open } from 'node:fs/promises';

/** It is not a regular file, or larger than it may be. Says what it is. */
export class UnreadableFileError extends Error {}

/**
 * Reads a file that somebody gave, whoever owns it. Its size is looked at before anything is read; what is appended meanwhile is not read.
 * A pipe in its place does not make us wait.
 *
 * @throws UnreadableFileError, and what the system throws when there is none
 */
export async function readBoundedFile(path: string | URL, maxBytes: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const status = await file.stat();
    if (!status.isFile()) throw new UnreadableFileError('it is not a regular file');
    if (status.size > maxBytes) {
      throw new UnreadableFileError(`it has ${status.size} bytes, more than the ${maxBytes} that can be read`);
    }
    return await readAt(file, 0, status.size);
  } finally {
    await file.close();
  }
}

/** Reads so many bytes; fewer only where the file ends. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  return bytes.subarray(0, await readInto(file, bytes, 0, position));
}

/**
 * Fills a buffer from an offset on.
 *
 * @returns where the filled part ends; before the end of the buffer only where the file ends
 */
export async function readInto(file: FileHandle, bytes: Buffer, offset: number, position: number): Promise<number> {
  let end = offset;
  while (end < bytes.length) {
    const { bytesRead } = await file.read(bytes, end, bytes.length - end, position + end - offset);
    if (bytesRead === 0) break;
    end += bytesRead;
  }
  return end;
}
