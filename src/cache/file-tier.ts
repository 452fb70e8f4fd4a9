import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const EXTENSION = '.qjsc';
const TEMPORARY = '.tmp';

/**
 * Sealed artifacts as files, one `<key>.qjsc` each, private to their owner.
 *
 * A file appears whole or not at all: it is written under a random name and renamed. Nothing here throws for the state of
 * the disk; a cache that cannot be read or written is one that misses.
 */
export class FileTier {
  readonly #directory: string;
  #created: Promise<unknown> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return readFile(this.#pathOf(key)).catch(() => undefined);
  }

  /** Whether the artifact is on disk now. */
  async put(key: string, sealed: Uint8Array): Promise<boolean> {
    const temporary = join(this.#directory, `${key}.${randomBytes(8).toString('hex')}${TEMPORARY}`);
    try {
      this.#created ??= mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await this.#created;
      await writeFile(temporary, sealed, { flag: 'wx', mode: 0o600 });
      await rename(temporary, this.#pathOf(key));
      return true;
    } catch {
      this.#created = undefined;
      await rm(temporary, { force: true }).catch(() => {});
      return false;
    }
  }

  async delete(key: string): Promise<void> {
    await unlink(this.#pathOf(key)).catch(() => {});
  }

  async clear(): Promise<void> {
    const names = await readdir(this.#directory).catch(() => []);
    const ours = names.filter((name) => name.endsWith(EXTENSION) || name.endsWith(TEMPORARY));
    await Promise.all(ours.map((name) => unlink(join(this.#directory, name)).catch(() => {})));
  }

  #pathOf(key: string): string {
    return join(this.#directory, key + EXTENSION);
  }
}
