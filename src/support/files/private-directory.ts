import { closeSync, constants, existsSync, fstatSync, openSync } from 'node:fs';
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { withDescriptor } from './descriptors.js';
import { isDenied, mayUse } from './permitted.js';

const PRIVATE_MODE = 0o700;
const OTHERS = 0o077;

/** Why a directory cannot be used, and the remedy. */
export interface DirectoryProblem {
  readonly reason: string;
  readonly remedy: string;
}

/**
 * A directory that stays the one that was checked, even if another one is put in its place later.
 *
 * Its path may go through a descriptor, whose number can be reused once it is closed. So the path is lent to
 * its users, and the descriptor is closed after the last of them has finished.
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

  /** Runs a function with the path, to be joined with file names; undefined after {@link close}. */
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

  /** Stops lending the path. */
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

/** Paths through a descriptor lead to the directory that was opened, even if another one has its name now. */
const DESCRIPTORS = '/proc/self/fd';

/** The place of a private directory, and the option that specifies it. */
export interface DirectoryPlace {
  /** The option's value: a directory that others may also use. */
  readonly outer: string;
  /**
   * The name of the private directory in it: `v<format version>`, so that versions with different formats do
   * not interfere.
   */
  readonly folder: string;
  /** The name of the option, for remedies: for example `'cacheDir'`. */
  readonly option: string;
}

/**
 * Creates and checks a private directory. It must be a real directory, belong to this user, and be closed to
 * others; the outer one may belong to root, like a mounted volume. Each file in it is checked again.
 */
export async function openPrivateDirectory({ outer, folder, option }: DirectoryPlace): Promise<OpenedDirectory> {
  const path = join(outer, folder);
  try {
    // Step by step: the recursive form reports ENOENT on a read-only filesystem.
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

/** Holds the directory by a descriptor, if the system supports paths through descriptors (Linux). */
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

/** Undefined on Windows, which has access lists instead of user ids. */
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

/** The cause and the remedy, to which the name of the option is appended. */
const REASONS: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  EEXIST: ['there is a file in its place', 'Remove it, or give another'],
  ENOTDIR: ['part of the path is a file', 'Give another'],
  EACCES: ['permission is denied', 'Make it writable for this user, or give another'],
  EPERM: ['permission is denied', 'Make it writable for this user, or give another'],
  EROFS: ['the filesystem is read-only', 'Mount a writable volume there, or give another'],
  ENOSPC: ['the filesystem is full', 'Free space, or give another'],
  EDQUOT: ['the quota is used up', 'Free space, or give another'],
};

/** Describes a failed file operation. */
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
