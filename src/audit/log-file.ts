import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';

import { type AuditHead, MAX_LINE_BYTES, NO_RECORD, parseRecord } from './record.js';

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
/** What is read of the end of a file: the last record, and what may be behind it. */
const TAIL_BYTES = 2 * MAX_LINE_BYTES;
const NEW_LINE = 0x0a;

export interface LogFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  /** Rotated files: `path.1` is the newest. */
  readonly keep: number;
  readonly fsync: boolean;
  readonly secret: Uint8Array | undefined;
}

/**
 * The file of an audit log. Lines are written at once: an event that is told is in the file, as far as the system is concerned.
 *
 * Only one process may write to it.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  /** The last record at the time when it was opened. */
  readonly head: AuditHead;
  /** Bytes between that record and the next: a write that was cut off. */
  readonly torn: number;
  #fd: number;
  #size: number;
  /** The end of a line is missing. */
  #isWithinLine: boolean;

  /** @throws Error of the system; or if the end of the log is no longer what was written */
  static open(options: LogFileOptions): LogFile {
    const fd = openForAppending(options.path, O_CREAT);
    try {
      return new LogFile(options, fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  private constructor(options: LogFileOptions, fd: number) {
    this.#options = options;
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
    const tail = this.#size > 0 ? readTail(fd, this.#size, options) : tailOfRotated(options);
    this.head = tail.head;
    this.torn = this.#size > 0 ? tail.torn : 0;
    this.#isWithinLine = this.#size > 0 && tail.isWithinLine;
  }

  /**
   * Appends a line, to the next file if this one is full.
   *
   * @throws Error of the system, or if another process has written to the file
   */
  append(line: string): void {
    const { maxBytes, fsync, path } = this.#options;
    const { size, nlink } = fstatSync(this.#fd);
    if (size !== this.#size || nlink === 0) throw new Error(`another program has changed ${path}`);
    const bytes = Buffer.from(`${this.#isWithinLine ? '\n' : ''}${line}\n`);
    if (this.#size > 0 && !this.#isWithinLine && this.#size + bytes.length > maxBytes) this.#rotate();
    for (let written = 0; written < bytes.length; ) {
      const count = writeSync(this.#fd, bytes, written);
      written += count;
      this.#size += count;
    }
    this.#isWithinLine = false;
    if (fsync) fsyncSync(this.#fd);
  }

  close(): void {
    try {
      fsyncSync(this.#fd);
    } finally {
      closeSync(this.#fd);
    }
  }

  /** Without syncing: something has failed. */
  abandon(): void {
    closeSync(this.#fd);
  }

  #rotate(): void {
    const { path, keep } = this.#options;
    fsyncSync(this.#fd);
    // Those above it are left from a time when more were kept.
    for (let i = keep; existsSync(`${path}.${i}`); i++) rmSync(`${path}.${i}`, { force: true });
    for (let i = keep - 1; i >= 1; i--) renameIfThere(`${path}.${i}`, `${path}.${i + 1}`);
    renameIfThere(path, `${path}.1`);
    const fd = openForAppending(path, O_CREAT | O_EXCL);
    closeSync(this.#fd);
    this.#fd = fd;
    this.#size = 0;
  }
}

interface Tail {
  readonly head: AuditHead;
  readonly torn: number;
  readonly isWithinLine: boolean;
}

function openForAppending(path: string, flags: number): number {
  const fd = openSync(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | flags, 0o600);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error(`${path} is not a file`);
}

/** Where the chain goes on when the file itself is new. */
function tailOfRotated(options: LogFileOptions): Tail {
  for (let i = 1; i <= options.keep; i++) {
    let fd: number;
    try {
      fd = openSync(`${options.path}.${i}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    try {
      return readTail(fd, fstatSync(fd).size, { ...options, path: `${options.path}.${i}` });
    } finally {
      closeSync(fd);
    }
  }
  return { head: NO_RECORD, torn: 0, isWithinLine: false };
}

/** The last whole record, and how much is behind it. */
function readTail(fd: number, size: number, { path, secret }: LogFileOptions): Tail {
  const from = Math.max(0, size - TAIL_BYTES);
  const bytes = Buffer.alloc(size - from);
  let read = 0;
  while (read < bytes.length) {
    const count = readSync(fd, bytes, read, bytes.length - read, from + read);
    if (count === 0) throw new Error(`${path} became shorter while it was read`);
    read += count;
  }
  const isWithinLine = bytes.at(-1) !== NEW_LINE;
  let end = isWithinLine ? bytes.length : bytes.length - 1;
  while (end >= 0) {
    const start = end === 0 ? 0 : bytes.lastIndexOf(NEW_LINE, end - 1) + 1;
    const record = parseRecord(bytes.toString('utf8', start, end), secret);
    if (typeof record !== 'string') {
      const behind = Math.max(0, bytes.length - end - 1);
      return { head: record, torn: tornBytes(behind, isWithinLine), isWithinLine };
    }
    end = start - 1;
  }
  const hint = secret === undefined ? '' : ', or were written with another secret';
  // Written by something that died before it had written one record.
  if (from === 0 && !bytes.subarray(0, -1).includes(NEW_LINE) && isWithinLine) {
    return { head: NO_RECORD, torn: tornBytes(bytes.length, isWithinLine), isWithinLine };
  }
  throw new Error(
    `the last lines of ${path} are not those of an audit log${hint}; see verifyAuditLog(), and move it away`,
  );
}

/** With the line end that is written before the next record. */
function tornBytes(behind: number, isWithinLine: boolean): number {
  return behind > 0 && isWithinLine ? behind + 1 : behind;
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
