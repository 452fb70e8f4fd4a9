import { closeSync, constants, existsSync, fstatSync, openSync } from 'node:fs';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { CONTAINER_VERSION } from '../compiler/artifact.js';

const PRIVATE_MODE = 0o700;
const OTHERS = 0o077;

/** Why a directory cannot be used, and what to do about it. */
export interface DirectoryProblem {
  readonly reason: string;
  readonly remedy: string;
}

/**
 * A directory that stays the one that was checked, whatever is put in its place later.
 *
 * Its path may go through a descriptor, whose number means something else once it is closed: so the path is lent to those
 * who use it, and the descriptor closed when the last has given it back.
 */
export class CacheDirectory {
  readonly #path: string;
  readonly #descriptor: number | undefined;
  #users = 0;
  #isClosing = false;

  constructor(path: string, descriptor?: number) {
    this.#path = path;
    this.#descriptor = descriptor;
  }

  /** Runs something with the path, to be joined with names of entries; undefined after {@link close}. */
  async use<T>(run: (path: string) => Promise<T>): Promise<T | undefined> {
    if (this.#isClosing) return undefined;
    this.#users++;
    try {
      return await run(this.#path);
    } finally {
      this.#users--;
      this.#closeWhenUnused();
    }
  }

  /** Lends the path no more. */
  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#closeWhenUnused();
  }

  #closeWhenUnused(): void {
    if (this.#isClosing && this.#users === 0 && this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}

export type OpenedDirectory = { readonly directory: CacheDirectory } | { readonly problem: DirectoryProblem };

/** Paths through a descriptor lead to the directory that was opened, not to what has its name now. */
const DESCRIPTORS = '/proc/self/fd';

/**
 * Makes and checks the directory of entries below `cacheDir`: `v<container version>`, so that library versions with
 * different formats share `cacheDir` in peace. It must be a real directory, ours, and closed to others; `cacheDir` itself
 * may belong to root, as a mounted volume does. What is in it is checked again, entry by entry.
 */
export async function openCacheDirectory(cacheDir: string): Promise<OpenedDirectory> {
  const path = join(cacheDir, `v${CONTAINER_VERSION}`);
  try {
    // Not all of it at once: the recursive form says ENOENT where the filesystem is read-only.
    await mkdir(dirname(resolve(cacheDir)), { recursive: true, mode: PRIVATE_MODE }).catch(() => {});
    await mkdir(cacheDir, { mode: PRIVATE_MODE }).catch(ignoreExisting);
    const outer = await inspect(cacheDir, [currentUser(), 0]);
    if (outer !== undefined) return { problem: outer };
    await mkdir(path, { mode: PRIVATE_MODE }).catch(ignoreExisting);
    const inner = await inspect(path, [currentUser()]);
    if (inner !== undefined) return { problem: inner };
    if (((await lstat(path)).mode & OTHERS) !== 0) await chmod(path, PRIVATE_MODE);
    return { directory: pin(path) };
  } catch (error) {
    return { problem: describe(error, cacheDir) };
  }
}

/** Holds on to the directory by a descriptor, where the system lets paths go through one (Linux). */
function pin(path: string): CacheDirectory {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  if (!existsSync(DESCRIPTORS)) return new CacheDirectory(path);
  const descriptor = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const { uid, mode } = fstatSync(descriptor);
  if (uid !== currentUser() || (mode & OTHERS) !== 0) {
    closeSync(descriptor);
    throw new Error('it was exchanged while it was being opened');
  }
  return new CacheDirectory(`${DESCRIPTORS}/${descriptor}`, descriptor);
}

/** Where there are no user ids (Windows), access lists of the system decide. */
export function currentUser(): number | undefined {
  return process.getuid?.();
}

async function inspect(path: string, owners: readonly (number | undefined)[]): Promise<DirectoryProblem | undefined> {
  const status = await lstat(path);
  if (status.isSymbolicLink()) {
    return { reason: `${path} is a symbolic link`, remedy: 'Give the path it leads to, or remove the link.' };
  }
  if (!status.isDirectory()) {
    return { reason: `${path} is not a directory`, remedy: 'Remove it, or give another cacheDir.' };
  }
  if (currentUser() !== undefined && !owners.includes(status.uid)) {
    return {
      reason: `${path} belongs to user ${status.uid}, this process runs as ${currentUser()}`,
      remedy: 'Change its owner, or give another cacheDir.',
    };
  }
  return undefined;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

const REASONS: Readonly<Record<string, DirectoryProblem>> = {
  EEXIST: { reason: 'there is a file in its place', remedy: 'Remove it, or give another cacheDir.' },
  ENOTDIR: { reason: 'part of the path is a file', remedy: 'Give another cacheDir.' },
  EACCES: { reason: 'permission is denied', remedy: 'Make it writable for this user, or give another cacheDir.' },
  EPERM: { reason: 'permission is denied', remedy: 'Make it writable for this user, or give another cacheDir.' },
  EROFS: { reason: 'the filesystem is read-only', remedy: 'Mount a writable volume there.' },
  ENOSPC: { reason: 'the filesystem is full', remedy: 'Free space, or give another cacheDir.' },
  EDQUOT: { reason: 'the quota is used up', remedy: 'Free space, or give another cacheDir.' },
};

/** A failed file operation in words. */
export function describe(error: unknown, path: string): DirectoryProblem {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  const known = REASONS[code];
  if (known === undefined)
    return { reason: `${path}: ${message}`, remedy: 'Check the path, or give another cacheDir.' };
  return { reason: `${path}: ${known.reason} (${code})`, remedy: known.remedy };
}
