import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isIntact } from '../source/source-map/stored-map.js';
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

/**
 * Twice the size of the largest known bundle. Checking the seal of this much blocks the thread for some 50
 * ms.
 */
const MAX_ENTRY_BYTES = 32 * 1024 * 1024;

/** An entry's time of last use is its mtime; updating it more often would make every read a write. */
const TOUCH_AFTER_MS = 60_000;
/**
 * The directory is scanned again after this share of the cap was written: 32 processes together stay below
 * the cap.
 */
const RESCAN_SHARE = 1 / 320;

/**
 * Why a file was refused: a check of the container, or of the file itself.
 *
 * @useDeclaredType
 */
export type RejectionReason = (typeof REJECTION_REASONS)[number];
export const REJECTION_REASONS = ['file', ...ARTIFACT_PROBLEMS] as const;

export interface FileTierStats extends TierStats {
  readonly writes: number;
  /** Entries that could not be written: disk full, directory missing, … */
  readonly writeFailures: number;
  readonly rejections: Readonly<Partial<Record<RejectionReason, number>>>;
}

export interface VerifyReport {
  readonly checked: number;
  readonly valid: number;
  /** The entries that failed and were removed. */
  readonly removed: readonly { readonly key: string; readonly reason: RejectionReason }[];
}

/** The directory cannot be used at all, or an entry could not be written. */
export type ProblemKind = 'off' | 'unwritten';

/** An existing file: its entry, or the reason why it was refused. */
type ReadEntry = { readonly entry: CacheEntry } | { readonly reason: RejectionReason };

/** What came of an attempt to write: there is no room, there is no directory, or it is hopeless. */
type WriteOutcome = 'written' | 'full' | 'gone' | 'failed';

const NO_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

export interface FileTierOptions {
  readonly cacheDir: string;
  readonly maxBytes: number;
  readonly codec: EntryCodec;
  /** Called once if the directory cannot be used, and once if it cannot be written. */
  readonly onProblem: (problem: DirectoryProblem, kind: ProblemKind) => void;
  /** Called for refused files. */
  readonly onRejected?: (key: string, reason: RejectionReason) => void;
  /** Called with the number of entries that were evicted. */
  readonly onEvicted?: (entries: number) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * Entries as sealed files, one `<key>.qjsc` each, shared between processes without a server.
 *
 * A file appears atomically: it is written under a temporary name, synced and renamed. A file that fails a
 * check is a miss; it is removed and counted. Losing an entry, here or to another process, costs only a
 * compilation.
 */
export class FileTier implements CacheTier {
  readonly #options: FileTierOptions;
  readonly #now: () => number;
  readonly #rejections: Partial<Record<RejectionReason, number>> = {};
  #directory: Promise<PrivateDirectory | undefined> | undefined;
  /** One writer at a time, so that a process is never more than one entry ahead of its last scan. */
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
    // Removes anything in its place; links are not followed.
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
      const reason = 'entry' in result ? await this.#problemOfMap(result.entry) : result.reason;
      if (reason === undefined) {
        valid++;
      } else {
        await this.#reject(key, reason);
        removed.push({ key, reason });
      }
    }
    return { checked: valid + removed.length, valid, removed };
  }

  /** The source map is not checked when an entry is read. */
  async #problemOfMap({ sourceMap }: CacheEntry): Promise<RejectionReason | undefined> {
    return sourceMap === undefined || (await isIntact(sourceMap)) ? undefined : 'mac';
  }

  /** Entries and bytes as of the last scan, plus what was written since. */
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

  /** Runs a function in the directory; undefined if there is none. */
  async #within<T>(run: (path: string) => Promise<T>): Promise<T | undefined> {
    return (await this.#open())?.use(run);
  }

  /** Opens, checks and sweeps the directory once; undefined if it cannot be used. */
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
      this.#notify('off', opened.problem);
      return undefined;
    }
    // In the background of the first read: its result matters only for writes, which wait for it.
    this.#lastWrite = this.#lastWrite.then(() => this.#sweep(opened.directory));
    return opened.directory;
  }

  /** Undefined if the file does not exist. */
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

  /** Tries again after making room if the disk is full, and from the start if the directory is missing. */
  async #writeSomehow(key: string, sealed: Uint8Array): Promise<boolean> {
    const directory = await this.#open();
    const outcome = await this.#writeFile(directory, key, sealed);
    if (outcome === 'full' && directory !== undefined) {
      await this.#sweep(directory, this.#bytes);
      return (await this.#writeFile(directory, key, sealed)) === 'written';
    }
    if (outcome === 'gone' && !this.#isClosed) {
      directory?.close();
      this.#directory = this.#openDirectory();
      return (await this.#writeFile(await this.#directory, key, sealed)) === 'written';
    }
    return outcome === 'written';
  }

  async #writeFile(directory: PrivateDirectory | undefined, key: string, sealed: Uint8Array): Promise<WriteOutcome> {
    return (await directory?.use((path) => this.#writeInto(path, key, sealed))) ?? 'gone';
  }

  async #writeInto(path: string, key: string, sealed: Uint8Array): Promise<WriteOutcome> {
    let temporary: string | undefined;
    try {
      temporary = await writeTemporary(path, key, sealed);
      await rename(temporary, join(path, key + ENTRY_EXTENSION));
      return 'written';
    } catch (error) {
      if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => {});
      const { code = 'EUNKNOWN' } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return 'gone';
      // A directory where the entry should be: it goes the next time somebody looks for the entry.
      if (code === 'EISDIR') return 'failed';
      this.#notify('unwritten', describe(error, this.#options.cacheDir, 'cacheDir'));
      return NO_SPACE.has(code) ? 'full' : 'failed';
    }
  }

  /** @param maxBytes what counts as full; less than the cap if the volume is full before it is reached */
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
      // The directory is missing; the next write creates it again.
    }
  }

  /** Each kind once. */
  #notify(kind: ProblemKind, problem: DirectoryProblem): void {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#options.onProblem(problem, kind);
  }

  /**
   * Releases the directory when pending operations have ended. From then on, lookups miss and nothing is
   * stored.
   */
  async close(): Promise<void> {
    (await this.#directory)?.close();
    this.#directory = Promise.resolve(undefined);
    this.#isClosed = true;
  }
}
