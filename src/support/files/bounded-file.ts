import { constants, type FileHandle, open } from 'node:fs/promises';

/** The file is not a regular file, or is too large. The message says which. */
export class UnreadableFileError extends Error {}

/**
 * Reads a file that a caller named, of any owner. Its size is checked first; bytes that are appended
 * meanwhile are not read. A pipe in its place does not block.
 *
 * @throws UnreadableFileError, and system errors if it does not exist
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

/** Reads the given number of bytes; fewer only at the end of the file. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  return bytes.subarray(0, await readInto(file, bytes, 0, position));
}

/**
 * Fills a buffer from an offset on.
 *
 * @returns the end of the filled part; before the end of the buffer only at the end of the file
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
