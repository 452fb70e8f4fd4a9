import { constants, type FileHandle, open, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { ArtifactError, type ArtifactProblem } from '../compiler/artifact.js';
import type { CacheEntry } from '../contract/cache-entry.js';
import { currentUser, type DirectoryProblem, describe, openCacheDirectory } from './cache-directory.js';
import { ENTRY_EXTENSION, emptyDirectory, listEntries, sweepDirectory, temporaryName } from './directory-sweep.js';
import type { EntryCodec } from './entry-codec.js';
import type { CacheTier, TierStats } from './tier.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const WRITABLE_BY_OTHERS = 0o022;

/** An entry's time of last use is its mtime; renewing it more often would make every read a write. */
const TOUCH_AFTER_MS = 60_000;
/** The directory is looked at again after this share of the cap was written: 32 processes together stay below the cap. */
const RESCAN_SHARE = 1 / 320;

/** Why a file was not let in: a check of the container, or of the file itself. */
export type RejectionReason = ArtifactProblem | 'file';

export interface FileTierStats extends TierStats {
  readonly writes: number;
  /** Entries that could not be written: disk full, directory gone, … */
  readonly writeFailures: number;
  readonly rejections: Readonly<Partial<Record<RejectionReason, number>>>;
}

export interface VerifyReport {
  readonly checked: number;
  readonly valid: number;
  /** What failed and was removed. */
  readonly removed: readonly { readonly key: string; readonly reason: RejectionReason }[];
}

export interface FileTierOptions {
  readonly cacheDir: string;
  readonly maxBytes: number;
  readonly codec: EntryCodec;
  /** Told once why the directory cannot be used. */
  readonly onProblem: (problem: DirectoryProblem) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Entries as sealed files, one `<key>.qjsc` each, shared between processes without a server.
 *
 * A file appears whole or not at all: written under a name of its own, synced, renamed. Whatever fails a check on the way
 * in is a miss, removed and counted. Losing an entry, here or to another process, costs a compilation and nothing else.
 */
export class FileTier implements CacheTier {
  readonly #options: FileTierOptions;
  readonly #now: () => number;
  readonly #rejections: Partial<Record<RejectionReason, number>> = {};
  #directory: Promise<string | undefined> | undefined;
  /** One writer at a time, so that a process is never more than one entry ahead of its last look at the directory. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  #problemTold = false;
  #entries = 0;
  #bytes = 0;
  #writtenSinceSweep = 0;
  #evictions = 0;
  #writes = 0;
  #writeFailures = 0;

  constructor(options: FileTierOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  async get(key: string): Promise<CacheEntry | undefined> {
    const directory = await this.#open();
    if (directory === undefined) return undefined;
    const result = await this.#read(join(directory, key + ENTRY_EXTENSION), key);
    if (result === undefined || 'entry' in result) return result?.entry;
    await this.#reject(key, result.reason);
    return undefined;
  }

  put(entry: CacheEntry): Promise<boolean> {
    const written = this.#lastWrite.then(() => this.#write(entry));
    this.#lastWrite = written;
    return written;
  }

  async delete(key: string): Promise<void> {
    const directory = await this.#open();
    if (directory !== undefined) await unlink(join(directory, key + ENTRY_EXTENSION)).catch(() => {});
  }

  async clear(): Promise<void> {
    await this.#lastWrite;
    const directory = await this.#open();
    if (directory !== undefined) await emptyDirectory(directory).catch(() => {});
    this.#entries = 0;
    this.#bytes = 0;
  }

  /** Checks every entry and removes those that fail. */
  async verify(): Promise<VerifyReport> {
    const directory = await this.#open();
    const keys = directory === undefined ? [] : await listEntries(directory).catch(() => []);
    const removed: { key: string; reason: RejectionReason }[] = [];
    let valid = 0;
    for (const key of keys) {
      const result = await this.#read(join(directory ?? '', key + ENTRY_EXTENSION), key);
      if (result === undefined) continue;
      if ('entry' in result) {
        valid++;
      } else {
        await this.#reject(key, result.reason);
        removed.push({ key, reason: result.reason });
      }
    }
    return { checked: valid + removed.length, valid, removed };
  }

  /** Entries and bytes as of the last look at the directory, plus what was written since. */
  stats(): FileTierStats {
    return {
      entries: this.#entries,
      bytes: this.#bytes,
      evictions: this.#evictions,
      writes: this.#writes,
      writeFailures: this.#writeFailures,
      rejections: { ...this.#rejections },
    };
  }

  /** The directory, opened, checked and swept once; undefined when it cannot be used. */
  #open(): Promise<string | undefined> {
    this.#directory ??= this.#openDirectory();
    return this.#directory;
  }

  async #openDirectory(): Promise<string | undefined> {
    const opened = await openCacheDirectory(this.#options.cacheDir);
    if ('problem' in opened) {
      this.#tell(opened.problem);
      return undefined;
    }
    // Behind the first read's back: what it finds matters to writes only, which wait for it.
    this.#lastWrite = this.#lastWrite.then(() => this.#sweep(opened.path));
    return opened.path;
  }

  /** Undefined for a file that is not there. */
  async #read(path: string, key: string): Promise<{ entry: CacheEntry } | { reason: RejectionReason } | undefined> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, O_RDONLY | O_NOFOLLOW);
      const status = await file.stat();
      const user = currentUser();
      const isOurs = user === undefined || (status.uid === user && (status.mode & WRITABLE_BY_OTHERS) === 0);
      if (!status.isFile() || !isOurs || status.size > this.#options.maxBytes) return { reason: 'file' };
      const entry = this.#options.codec.open(key, await file.readFile());
      const now = this.#now();
      if (now - status.mtimeMs > TOUCH_AFTER_MS) await file.utimes(now / 1000, now / 1000).catch(() => {});
      return { entry };
    } catch (error) {
      if (error instanceof ArtifactError) return { reason: error.problem };
      // ELOOP: a symbolic link in its place.
      return (error as NodeJS.ErrnoException).code === 'ELOOP' ? { reason: 'file' } : undefined;
    } finally {
      await file?.close().catch(() => {});
    }
  }

  async #reject(key: string, reason: RejectionReason): Promise<void> {
    this.#rejections[reason] = (this.#rejections[reason] ?? 0) + 1;
    await this.delete(key);
  }

  async #write(entry: CacheEntry): Promise<boolean> {
    const sealed = this.#options.codec.seal(entry);
    if (sealed.length > this.#options.maxBytes) return false;
    // The directory may have gone since it was opened: once more, from the start.
    const kept = (await this.#writeFile(entry.key, sealed)) || (await this.#reopenAndWrite(entry.key, sealed));
    if (!kept) {
      this.#writeFailures++;
      return false;
    }
    this.#writes++;
    this.#entries++;
    this.#bytes += sealed.length;
    this.#writtenSinceSweep += sealed.length;
    const directory = await this.#open();
    if (directory !== undefined && this.#isSweepDue()) await this.#sweep(directory);
    return true;
  }

  #isSweepDue(): boolean {
    const { maxBytes } = this.#options;
    return this.#writtenSinceSweep >= maxBytes * RESCAN_SHARE;
  }

  async #reopenAndWrite(key: string, sealed: Uint8Array): Promise<boolean> {
    const opened = await openCacheDirectory(this.#options.cacheDir);
    if ('problem' in opened) {
      this.#tell(opened.problem);
      return false;
    }
    this.#directory = Promise.resolve(opened.path);
    return this.#writeFile(key, sealed);
  }

  async #writeFile(key: string, sealed: Uint8Array): Promise<boolean> {
    const directory = await this.#open();
    if (directory === undefined) return false;
    const temporary = join(directory, temporaryName(key));
    try {
      const file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        await file.writeFile(sealed);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(temporary, join(directory, key + ENTRY_EXTENSION));
      return true;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#tell(describe(error, directory));
      return false;
    }
  }

  async #sweep(directory: string): Promise<void> {
    this.#writtenSinceSweep = 0;
    try {
      const { entries, bytes, evicted } = await sweepDirectory(directory, this.#options.maxBytes, this.#now());
      this.#entries = entries;
      this.#bytes = bytes;
      this.#evictions += evicted;
    } catch {
      // The directory is gone; the next write makes it again.
    }
  }

  #tell(problem: DirectoryProblem): void {
    if (this.#problemTold) return;
    this.#problemTold = true;
    this.#options.onProblem(problem);
  }
}
