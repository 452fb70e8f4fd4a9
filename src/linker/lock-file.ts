import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

import { NexusError } from '../errors/nexus-error.js';
import { replaceFile } from '../support/replace-file.js';
import { Semaphore } from '../support/semaphore.js';
import type { PackageProblem, UsedPackage } from './used-packages.js';

const VERSION = 1;
/** What can be bundled of a package, and what decides how its files are found. */
const CODE = /\.(?:[cm]?[jt]s|json)$/;
const DECLARATIONS = /\.d\.[cm]?ts$/;
const READS_AT_ONCE = new Semaphore(32);

/** A package in a lock file. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of the names and contents of its files of code, as `sha512-<base64>`. */
  readonly integrity: string;
}

/** What was bundled when a build was made: the same packages give the same bytes everywhere. */
export interface LockFile {
  readonly lockVersion: typeof VERSION;
  /** `esbuild <version>` */
  readonly bundler: string;
  /** In the order of names and versions. */
  readonly packages: readonly LockedPackage[];
}

/**
 * @returns undefined if there is none
 * @throws NexusError INVALID_CONFIG if it is no lock file
 */
export async function readLock(file: string): Promise<LockFile | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unreadable(file, error.message, error);
  });
  if (text === undefined) return undefined;
  try {
    const lock = JSON.parse(text) as Partial<LockFile>;
    if (lock.lockVersion !== VERSION)
      throw new RangeError(`it has lockVersion ${String(lock.lockVersion)}, not ${VERSION}`);
    if (!Array.isArray(lock.packages) || !lock.packages.every(isLocked))
      throw new RangeError('its packages are no list');
    return lock as LockFile;
  } catch (error) {
    throw unreadable(file, (error as Error).message, error);
  }
}

function isLocked(value: unknown): value is LockedPackage {
  const { name, version, integrity } = (value ?? {}) as Partial<Record<keyof LockedPackage, unknown>>;
  return [name, version, integrity].every((field) => typeof field === 'string');
}

function unreadable(file: string, reason: string, cause: unknown): NexusError {
  const message = `The lock file ${file} cannot be read: ${reason}. Mend it, or remove it and build again.`;
  return new NexusError('INVALID_CONFIG', message, { context: { option: 'modules.lock', file }, cause });
}

/** Written as a whole or not at all. */
export async function writeLock(file: string, lock: LockFile): Promise<void> {
  await replaceFile(file, `${JSON.stringify(lock, undefined, 2)}\n`);
}

/** @returns how packages differ from those that are locked, the first of them; undefined if all are the same */
export async function describeLock(
  lock: LockFile,
  used: readonly UsedPackage[],
  integrities: Integrities,
): Promise<PackageProblem | undefined> {
  for (const { name, version, folder } of used) {
    const locked = lock.packages.filter((each) => each.name === name);
    const same = locked.find((each) => each.version === version);
    if (same === undefined) {
      const has = locked.map((each) => each.version).join(' and ');
      const message =
        has === ''
          ? `"${name}" is installed as ${version} and not in the lock file: buildHandlers adds it; modules.lock names another lock file, or none with false`
          : `"${name}" is installed as ${version} and ${has} in the lock file: install what is locked, or build again with updateLock`;
      return { name, message };
    }
    if (same.integrity !== (await integrities.of(folder))) {
      const message = `"${name}" ${version} has other files than those that were locked: install it again, or build again with updateLock`;
      return { name, message };
    }
  }
  return undefined;
}

/** Hashes packages, each once. */
export class Integrities {
  readonly #known = new Map<string, Promise<string>>();

  of(folder: string): Promise<string> {
    const known = this.#known.get(folder) ?? hashPackage(folder);
    this.#known.set(folder, known);
    return known;
  }

  async lock(used: readonly UsedPackage[]): Promise<LockedPackage[]> {
    return await Promise.all(
      used.map(async ({ name, version, folder }) => ({ name, version, integrity: await this.of(folder) })),
    );
  }
}

async function hashPackage(folder: string): Promise<string> {
  const files = await filesIn(folder, '');
  const contents = await Promise.all(files.map((file) => READS_AT_ONCE.take(() => readFile(path.join(folder, file)))));
  const hash = createHash('sha512');
  for (const [index, file] of files.entries()) {
    const content = contents[index] as Buffer;
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return `sha512-${hash.digest('base64')}`;
}

/** Without packages inside of it, in one order everywhere. */
async function filesIn(folder: string, below: string): Promise<string[]> {
  const entries = await readdir(path.join(folder, below), { withFileTypes: true });
  const found = await Promise.all(
    entries.map(async (entry) => {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : await filesIn(folder, name);
      return entry.isFile() && CODE.test(name) && !DECLARATIONS.test(name) ? [name] : [];
    }),
  );
  return found.flat().sort();
}
