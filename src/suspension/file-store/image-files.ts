import { link, lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { StoredImage, StoredImages } from '../../api/suspension-store.js';
import { ForeignFileError, openOwnFile, readOwnFile, writeTemporary } from '../../support/files/own-file.js';
import { isOrphaned, parseTemporary, temporaryName } from '../../support/files/temporary.js';
import { systemTime } from '../../support/timers.js';
import { checkImage, isImageId, MAX_IMAGE_BYTES } from '../check.js';
import { incompatible } from '../incompatible.js';
import { syncDirectory } from './record-paths.js';

const FOLDER = 'images';
const SUFFIX = '.image';
const STALE_TEMPORARY_MS = 60 * 60 * 1000;

/** Runs an operation with the path of the store's directory. */
export type WithinStore = <T>(run: (root: string) => Promise<T>) => Promise<T>;

/** Base images as files of a directory beside the records. The time at which one was put is its modification time. */
export class ImageFiles implements StoredImages {
  readonly #within: WithinStore;

  constructor(within: WithinStore) {
    this.#within = within;
  }

  async put(id: string, content: Uint8Array, nowMs: number): Promise<void> {
    checkImage(id, content, nowMs);
    await this.#within(async (root) => {
      const folder = join(root, FOLDER);
      await makeFolder(folder);
      const temporary = await writeTemporary(folder, `${id}${SUFFIX}`, content, nowMs);
      try {
        await rename(temporary, join(folder, `${id}${SUFFIX}`));
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => {});
        throw error;
      }
      await syncDirectory(folder);
      await syncDirectory(root);
    });
  }

  async get(id: string): Promise<Uint8Array | undefined> {
    return this.#within(async (root) => {
      if (!isImageId(id)) return undefined;
      return orAbsent(readOwnFile(join(root, FOLDER, `${id}${SUFFIX}`), MAX_IMAGE_BYTES)).catch((error: unknown) => {
        if (!(error instanceof ForeignFileError)) throw error;
        throw incompatible('file', `The image ${id} is refused: its file ${error.message}.`, { image: id });
      });
    });
  }

  async list(): Promise<readonly StoredImage[]> {
    return this.#within(async (root) => {
      const folder = join(root, FOLDER);
      const images: StoredImage[] = [];
      for (const name of ((await orAbsent(readdir(folder))) ?? []).sort()) {
        const id = name.slice(0, -SUFFIX.length);
        if (!name.endsWith(SUFFIX) || !isImageId(id)) {
          await sweepTemporary(folder, name);
          continue;
        }
        const opened = await orAbsent(openOwnFile(join(folder, name), MAX_IMAGE_BYTES)).catch((error: unknown) => {
          // Not one of ours.
          if (error instanceof ForeignFileError) return undefined;
          throw error;
        });
        await opened?.file.close();
        if (opened !== undefined) images.push({ id, bytes: opened.size, putAtMs: Math.round(opened.modifiedMs) });
      }
      return images;
    });
  }

  async delete(id: string, putAtMs: number): Promise<boolean> {
    return this.#within(async (root) => {
      if (!isImageId(id)) return false;
      const folder = join(root, FOLDER);
      const path = join(folder, `${id}${SUFFIX}`);
      const aside = join(folder, temporaryName(`${id}${SUFFIX}`));
      const isThat = async (at: string) => {
        const found = await orAbsent(lstat(at));
        return found !== undefined && Math.round(found.mtimeMs) === putAtMs;
      };
      if (!(await isThat(path))) return false;
      // Taken away before it is looked at again, so that one that is put meanwhile is not deleted.
      if ((await orAbsent(rename(path, aside).then(() => true))) === undefined) return false;
      const isDeleted = await isThat(aside);
      if (!isDeleted) {
        await link(aside, path).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
        });
      }
      await rm(aside, { force: true });
      return isDeleted;
    });
  }
}

/** One that is there must be a directory and not a link. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await lstat(path)).isDirectory()) throw error;
  }
}

/** Debris of a process that was killed. */
async function sweepTemporary(folder: string, name: string): Promise<void> {
  const temporary = parseTemporary(name);
  if (temporary === undefined) return;
  const path = join(folder, name);
  // Its modification time has another meaning, but its change time does not.
  const changedMs = (await orAbsent(stat(path)))?.ctimeMs;
  if (changedMs === undefined || !isOrphaned(temporary, changedMs, systemTime(), STALE_TEMPORARY_MS)) return;
  await rm(path, { force: true }).catch(() => {});
}

async function orAbsent<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
