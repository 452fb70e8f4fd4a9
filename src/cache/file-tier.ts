import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readAt } from '../support/files/bounded-file.js';
import { ForeignFileError, type OwnFile, openOwnFile, writeTemporary } from '../support/files/own-file.js';
import { setModified } from '../support/files/permitted.js';
import {
  type DirectoryProblem,
  describe,
  openPrivateDirectory,
  type PrivateDirectory,
} from '../support/files/private-directory.js';
import { systemTime } from '../support/timers.js';
import { ARTIFACT_PROBLEMS, ArtifactError, CONTAINER_VERSION } from './artifact.js';
import type { CacheEntry } from './cache-entry.js';
import { ENTRY_EXTENSION, emptyDirectory, listEntries, spaceOf, sweepDirectory } from './directory-sweep.js';
import type { EntryCodec } from './entry-codec.js';
import type { CacheTier, TierStats } from './tier.js';

/** Twice what the largest bundle we know takes. Checking the seal of as much holds the thread for some 50 ms. */
const MAX_ENTRY_BYTES = 32 * 1024 * 1024;

/** An entry's time of last use is its mtime; renewing it more often would make every read a write. */
const TOUCH_AFTER_MS = 60_000;
/** The directory is looked at again after this share of the cap was written: 32 processes together stay below the cap. */
const RESCAN_SHARE = 1 / 320;

/**
 * Why a file was not let in: a check of the container, or of the file itself.
 *
 * @useDeclaredType
 */
export type RejectionReason = (typeof REJECTION_REASONS)[number];
export const REJECTION_REASONS = ['file', ...ARTIFACT_PROBLEMS] as const;

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

/** The directory cannot be used at all, or an entry could not be written. */
export type ProblemKind = 'off' | 'unwritten';

/** A file that is there: let in, or why not. */
type ReadEntry = { readonly entry: CacheEntry } | { readonly reason: RejectionReason };

const NO_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

export interface FileTierOptions {
  readonly cacheDir: string;
  readonly maxBytes: number;
  readonly codec: EntryCodec;
  /** Told once why the directory cannot be used, and once why it cannot be written. */
  readonly onProblem: (problem: DirectoryProblem, kind: ProblemKind) => void;
  /** Told of files that were not let in. */
  readonly onRejected?: (key: string, reason: RejectionReason) => void;
  /** Told how many entries made room for others. */
  readonly onEvicted?: (entries: number) => void;
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
  #directory: Promise<PrivateDirectory | undefined> | undefined;
  /** One writer at a time, so that a process is never more than one entry ahead of its last look at the directory. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  readonly #told = new Set<ProblemKind>();
  #isClosed = false;
  #entries = 0;
  #bytes = 0;
  #writtenSinceSweep = 0;
  #evictions = 0;
  #writes = 0;
  #writeFailures = 0;

  constructor(options: FileTierOptions) {
    this.#options = options;
    this.#now = options.now ?? systemTime;
  }

  async get(key: string): Promise<CacheEntry | undefined> {
    const result = await this.#read(key);
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
    // Whatever was put there in its place goes, too; links are not followed.
    const remove = (path: string) => rm(join(path, key + ENTRY_EXTENSION), { recursive: true, force: true });
    await this.#within(remove).catch(() => {});
  }

  async clear(): Promise<void> {
    await this.#lastWrite;
    await this.#within(emptyDirectory).catch(() => {});
    this.#entries = 0;
    this.#bytes = 0;
  }

  /** Checks every entry and removes those that fail. */
  async verify(): Promise<VerifyReport> {
    const keys = (await this.#within(listEntries).catch(() => undefined)) ?? [];
    const removed: { key: string; reason: RejectionReason }[] = [];
    let valid = 0;
    for (const key of keys) {
      const result = await this.#read(key);
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

  /** Something done in the directory; undefined when there is none. */
  async #within<T>(run: (path: string) => Promise<T>): Promise<T | undefined> {
    return (await this.#open())?.use(run);
  }

  /** The directory, opened, checked and swept once; undefined when it cannot be used. */
  #open(): Promise<PrivateDirectory | undefined> {
    this.#directory ??= this.#openDirectory();
    return this.#directory;
  }

  async #openDirectory(): Promise<PrivateDirectory | undefined> {
    const opened = await openPrivateDirectory({
      outer: this.#options.cacheDir,
      folder: `v${CONTAINER_VERSION}`,
      option: 'cacheDir',
    });
    if ('problem' in opened) {
      this.#tell('off', opened.problem);
      return undefined;
    }
    // Behind the first read's back: what it finds matters to writes only, which wait for it.
    this.#lastWrite = this.#lastWrite.then(() => this.#sweep(opened.directory));
    return opened.directory;
  }

  /** Undefined for a file that is not there. */
  #read(key: string): Promise<ReadEntry | undefined> {
    return this.#within((path) => this.#readFile(join(path, key + ENTRY_EXTENSION), key));
  }

  async #readFile(path: string, key: string): Promise<ReadEntry | undefined> {
    let opened: OwnFile | undefined;
    try {
      opened = await openOwnFile(path, Math.min(this.#options.maxBytes, MAX_ENTRY_BYTES));
      const { file, size, modifiedMs } = opened;
      const entry = await this.#options.codec.open(key, await readAt(file, 0, size));
      const now = this.#now();
      if (now - modifiedMs > TOUCH_AFTER_MS) await setModified(file, path, now).catch(() => {});
      return { entry };
    } catch (error) {
      if (error instanceof ArtifactError) return { reason: error.problem };
      return error instanceof ForeignFileError ? { reason: 'file' } : undefined;
    } finally {
      await opened?.file.close().catch(() => {});
    }
  }

  async #reject(key: string, reason: RejectionReason): Promise<void> {
    this.#rejections[reason] = (this.#rejections[reason] ?? 0) + 1;
    this.#options.onRejected?.(key, reason);
    await this.delete(key);
  }

  async #write(entry: CacheEntry): Promise<boolean> {
    const sealed = await this.#options.codec.seal(entry);
    const space = spaceOf(sealed.length);
    if (space > Math.min(this.#options.maxBytes, MAX_ENTRY_BYTES)) return false;
    if (!(await this.#writeSomehow(entry.key, sealed))) {
      this.#writeFailures++;
      return false;
    }
    this.#writes++;
    this.#entries++;
    this.#bytes += space;
    this.#writtenSinceSweep += space;
    const directory = await this.#open();
    if (directory !== undefined && this.#isSweepDue()) await this.#sweep(directory);
    return true;
  }

  #isSweepDue(): boolean {
    const { maxBytes } = this.#options;
    return this.#writtenSinceSweep >= maxBytes * RESCAN_SHARE;
  }

  /** Once more when the disk is full, with room made, and when the directory has gone, from the start. */
  async #writeSomehow(key: string, sealed: Uint8Array): Promise<boolean> {
    const directory = await this.#open();
    const failure = directory === undefined ? 'ENOENT' : await this.#writeFile(directory, key, sealed);
    if (failure === undefined) return true;
    if (directory !== undefined && NO_SPACE.has(failure)) {
      await this.#sweep(directory, this.#bytes);
      return (await this.#writeFile(directory, key, sealed)) === undefined;
    }
    if (failure !== 'ENOENT' || this.#isClosed) return false;
    directory?.close();
    this.#directory = this.#openDirectory();
    const reopened = await this.#directory;
    return reopened !== undefined && (await this.#writeFile(reopened, key, sealed)) === undefined;
  }

  /** The error code of what went wrong, or undefined. */
  async #writeFile(directory: PrivateDirectory, key: string, sealed: Uint8Array): Promise<string | undefined> {
    const failure = await directory.use((path) => this.#writeInto(path, key, sealed));
    return failure === 'none' ? undefined : (failure ?? 'ENOENT');
  }

  async #writeInto(path: string, key: string, sealed: Uint8Array): Promise<string> {
    let temporary: string | undefined;
    try {
      temporary = await writeTemporary(path, key, sealed);
      await rename(temporary, join(path, key + ENTRY_EXTENSION));
      return 'none';
    } catch (error) {
      if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => {});
      const { code = 'EUNKNOWN' } = error as NodeJS.ErrnoException;
      // A directory where the entry should be: it goes the next time somebody looks for the entry.
      if (code !== 'ENOENT' && code !== 'EISDIR')
        this.#tell('unwritten', describe(error, this.#options.cacheDir, 'cacheDir'));
      return code;
    }
  }

  /** @param maxBytes what counts as full; less than the cap when the volume is full before it is reached */
  async #sweep(directory: PrivateDirectory, maxBytes: number = this.#options.maxBytes): Promise<void> {
    this.#writtenSinceSweep = 0;
    try {
      const result = await directory.use((path) => sweepDirectory(path, maxBytes, this.#now()));
      if (result === undefined) return;
      this.#entries = result.entries;
      this.#bytes = result.bytes;
      this.#evictions += result.evicted;
      if (result.evicted > 0) this.#options.onEvicted?.(result.evicted);
    } catch {
      // The directory is gone; the next write makes it again.
    }
  }

  /** Each kind once. */
  #tell(kind: ProblemKind, problem: DirectoryProblem): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#options.onProblem(problem, kind);
  }

  /** Lets go of the directory, once what is under way in it has ended. Misses and does not keep from then on. */
  async close(): Promise<void> {
    (await this.#directory)?.close();
    this.#directory = Promise.resolve(undefined);
    this.#isClosed = true;
  }
}
