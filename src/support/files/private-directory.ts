import { closeSync, constants, existsSync, fstatSync, openSync } from 'node:fs';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { withDescriptor } from './descriptors.js';
import { isDenied, mayUse } from './permitted.js';

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
export class PrivateDirectory {
  readonly #path: string;
  readonly #descriptor: number | undefined;
  #users = 0;
  #isClosing = false;

  constructor(path: string, descriptor?: number) {
    this.#path = path;
    this.#descriptor = descriptor;
  }

  /** Runs something with the path, to be joined with names of files; undefined after {@link close}. */
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

export type OpenedDirectory = { readonly directory: PrivateDirectory } | { readonly problem: DirectoryProblem };

/** Paths through a descriptor lead to the directory that was opened, not to what has its name now. */
const DESCRIPTORS = '/proc/self/fd';

/** Where a directory of ours is, and which option says so. */
export interface DirectoryPlace {
  /** The option's value: a directory that others may use, too. */
  readonly outer: string;
  /** Name of our own directory in it: `v<format version>`, so that versions with different formats share it in peace. */
  readonly folder: string;
  /** For remedies: `'cacheDir'`, say. */
  readonly option: string;
}

/**
 * Makes and checks a directory of our own. It must be a real directory, ours, and closed to others; the outer one may
 * belong to root, as a mounted volume does. What is in it is checked again, file by file.
 */
export async function openPrivateDirectory({ outer, folder, option }: DirectoryPlace): Promise<OpenedDirectory> {
  const path = join(outer, folder);
  try {
    // Not all of it at once: the recursive form says ENOENT where the filesystem is read-only.
    await mkdir(dirname(resolve(outer)), { recursive: true, mode: PRIVATE_MODE }).catch(() => {});
    await mkdir(outer, { mode: PRIVATE_MODE }).catch(ignoreExisting);
    const outerProblem = await inspect(outer, [currentUser(), 0], option);
    if (outerProblem !== undefined) return { problem: outerProblem };
    await mkdir(path, { mode: PRIVATE_MODE }).catch(ignoreExisting);
    const problem = await inspect(path, [currentUser()], option);
    if (problem !== undefined) return { problem };
    // Where there are no users, modes say nothing.
    if (currentUser() !== undefined && ((await lstat(path)).mode & OTHERS) !== 0) await chmod(path, PRIVATE_MODE);
    return { directory: await pin(path) };
  } catch (error) {
    return { problem: describe(error, outer, option) };
  }
}

/** Holds on to the directory by a descriptor, where the system lets paths go through one (Linux). */
async function pin(path: string): Promise<PrivateDirectory> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  // Where the permission model is on, it lets through paths of the granted folders only.
  if (!mayUse(DESCRIPTORS) || !existsSync(DESCRIPTORS)) return new PrivateDirectory(path);
  const descriptor = await withDescriptor(() => openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  const { uid, mode } = fstatSync(descriptor);
  const user = currentUser();
  if (user !== undefined && (uid !== user || (mode & OTHERS) !== 0)) {
    closeSync(descriptor);
    throw new Error('it was exchanged while it was being opened');
  }
  return new PrivateDirectory(`${DESCRIPTORS}/${descriptor}`, descriptor);
}

/** Where there are no user ids (Windows), access lists of the system decide. */
export function currentUser(): number | undefined {
  return process.getuid?.();
}

async function inspect(
  path: string,
  owners: readonly (number | undefined)[],
  option: string,
): Promise<DirectoryProblem | undefined> {
  const status = await lstat(path);
  if (status.isSymbolicLink()) {
    return { reason: `${path} is a symbolic link`, remedy: 'Give the path it leads to, or remove the link.' };
  }
  if (!status.isDirectory()) {
    return { reason: `${path} is not a directory`, remedy: `Remove it, or give another ${option}.` };
  }
  if (currentUser() !== undefined && !owners.includes(status.uid)) {
    return {
      reason: `${path} belongs to user ${status.uid}, this process runs as ${currentUser()}`,
      remedy: `Change its owner, or give another ${option}.`,
    };
  }
  return undefined;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

/** What went wrong, and what helps; the name of the option follows. */
const REASONS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  EEXIST: ['there is a file in its place', 'Remove it, or give another'],
  ENOTDIR: ['part of the path is a file', 'Give another'],
  EACCES: ['permission is denied', 'Make it writable for this user, or give another'],
  EPERM: ['permission is denied', 'Make it writable for this user, or give another'],
  EROFS: ['the filesystem is read-only', 'Mount a writable volume there, or give another'],
  ENOSPC: ['the filesystem is full', 'Free space, or give another'],
  EDQUOT: ['the quota is used up', 'Free space, or give another'],
};

/**
 * A failed file operation in words.
 *
 * @param option that names the directory, for the remedy
 */
export function describe(error: unknown, path: string, option: string): DirectoryProblem {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  if (isDenied(error)) {
    const grants = `--allow-fs-read=${resolve(path)} --allow-fs-write=${resolve(path)}`;
    return {
      reason: `${path}: Node's permission model does not allow it (${code})`,
      remedy: `Start Node with ${grants}, or give another ${option}.`,
    };
  }
  const known = REASONS[code];
  if (known === undefined) {
    const reason = `${path}: ${message.replace(/\.$/, '')}`;
    return { reason, remedy: `Check the path, or give another ${option}.` };
  }
  const [reason, remedy] = known;
  return { reason: `${path}: ${reason} (${code})`, remedy: `${remedy} ${option}.` };
}
