import { createHash } from 'node:crypto';

import type { RemoteCache } from '../api/remote-cache.js';
import { NexusError } from '../errors/nexus-error.js';
import { Breaker } from '../support/breaker.js';
import { clearTimeout, setImmediate, setTimeout } from '../support/timers.js';
import { ArtifactError } from './artifact.js';
import { type CacheEntry, entryBytes } from './cache-entry.js';
import type { EntryCodec } from './entry-codec.js';
import type { RejectionReason } from './file-tier.js';

/** A compilation of a usual handler takes 0.5 to 2 ms: a cache that needs longer than this is no help. */
const TIMEOUT_MS = 50;
/** As for a file: checking the seal of this much blocks the thread for some 50 ms. */
export const MAX_REMOTE_ENTRY_BYTES = 32 * 1024 * 1024;
const FAILURES = 5;
const OFF_MS = 10_000;
/** Nobody waits for a write, but it takes memory. */
const WRITE_TIMEOUT_MS = 5_000;
/** Emptying a cache that others fill meanwhile may take long; one that does not answer is not waited for. */
const CLEAR_TIMEOUT_MS = 60_000;
const MAX_PENDING_BYTES = 16 * 1024 * 1024;
const TAG_LENGTH = 10;

export interface RemoteTierStats {
  readonly writes: number;
  /** Entries that could not be written. */
  readonly writeFailures: number;
  /** Entries that were not written because too many were waiting, or the tier was off. */
  readonly droppedWrites: number;
  /** Lookups that had no answer in time, or an error. */
  readonly failures: number;
  /** Entries that were refused, by the failed check. */
  readonly rejections: Readonly<Partial<Record<RejectionReason, number>>>;
  /** Whether it is off, after five failures in a row: for ten seconds each time. */
  readonly isOff: boolean;
}

/** Where there is none. */
export const NO_REMOTE: RemoteTierStats = {
  ...{ writes: 0, writeFailures: 0, droppedWrites: 0, failures: 0 },
  ...{ rejections: {}, isOff: false },
};

export interface RemoteTierOptions {
  readonly cache: RemoteCache;
  readonly codec: EntryCodec;
  /** Fingerprint of the engine. */
  readonly engine: string;
  /** Called when it is switched off, with what failed last. */
  readonly onOff: (reason: string) => void;
  readonly onRejected?: (key: string, reason: RejectionReason) => void;
  /** See {@link Breaker}. */
  readonly now?: () => number;
  /** How long it may take to empty it. @default 60,000 */
  readonly clearTimeoutMs?: number;
}

/**
 * Sealed entries in a cache that machines share. It never rejects and never takes long: a lookup that has no answer in time is a miss,
 * writes are made in the background, and after five failures in a row it is off for ten seconds.
 */
export class RemoteTier {
  readonly #options: RemoteTierOptions;
  readonly #maxEntryBytes: number;
  readonly #timeoutMs: number;
  readonly #breaker: Breaker;
  /** Processes of another engine have entries of their own. */
  readonly #tag: string;
  readonly #fetching = new Map<string, Promise<CacheEntry | undefined>>();
  readonly #writing = new Set<Promise<unknown>>();
  readonly #rejections: Partial<Record<RejectionReason, number>> = {};
  #pendingBytes = 0;
  #writes = 0;
  #writeFailures = 0;
  #droppedWrites = 0;
  #failures = 0;

  constructor(options: RemoteTierOptions) {
    this.#options = options;
    const { timeoutMs = TIMEOUT_MS, maxEntryBytes = MAX_REMOTE_ENTRY_BYTES } = options.cache;
    this.#timeoutMs = timeoutMs;
    this.#maxEntryBytes = maxEntryBytes;
    this.#breaker = new Breaker({ failures: FAILURES, offMs: OFF_MS, ...(options.now && { now: options.now }) });
    this.#tag = createHash('sha256').update(options.engine).digest('base64url').slice(0, TAG_LENGTH);
  }

  /** Whoever asks for a key that is being fetched waits for the same fetch. */
  get(key: string): Promise<CacheEntry | undefined> {
    const underWay = this.#fetching.get(key);
    if (underWay !== undefined) return underWay;
    if (!this.#breaker.allows()) return Promise.resolve(undefined);
    const fetching = this.#fetch(key).finally(() => this.#fetching.delete(key));
    this.#fetching.set(key, fetching);
    return fetching;
  }

  /** Written in the background; see {@link settled}. */
  put(entry: CacheEntry): void {
    const bytes = entryBytes(entry);
    const isFull = this.#pendingBytes + bytes > MAX_PENDING_BYTES && this.#pendingBytes > 0;
    if (isFull || this.#breaker.isOff) {
      this.#droppedWrites++;
      return;
    }
    this.#pendingBytes += bytes;
    this.#inBackground(
      this.#write(entry).finally(() => {
        this.#pendingBytes -= bytes;
      }),
    );
  }

  async delete(key: string): Promise<void> {
    await this.#ask(() => this.#options.cache.delete(this.#nameOf(key)), WRITE_TIMEOUT_MS).catch(() => {});
  }

  /** @throws what the cache throws; NexusError INTERNAL_ERROR if it does not answer */
  async clear(): Promise<void> {
    const { cache, clearTimeoutMs = CLEAR_TIMEOUT_MS } = this.#options;
    await this.settled();
    await this.#ask(async () => cache.clear?.(), clearTimeoutMs, notCleared(clearTimeoutMs));
  }

  /** Resolves when every started write has ended, or was given up. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing);
  }

  stats(): RemoteTierStats {
    return {
      writes: this.#writes,
      writeFailures: this.#writeFailures,
      droppedWrites: this.#droppedWrites,
      failures: this.#failures,
      rejections: { ...this.#rejections },
      isOff: this.#breaker.isOff,
    };
  }

  #nameOf(key: string): string {
    return `${key}.${this.#tag}`;
  }

  async #fetch(key: string): Promise<CacheEntry | undefined> {
    const { cache, codec } = this.#options;
    let sealed: unknown;
    try {
      sealed = await this.#ask(() => cache.get(this.#nameOf(key)), this.#timeoutMs);
    } catch (error) {
      this.#failures++;
      this.#failed(error);
      return undefined;
    }
    if (sealed === undefined) {
      this.#breaker.succeeded();
      return undefined;
    }
    try {
      if (!(sealed instanceof Uint8Array)) throw new ArtifactError('magic', 'is no bytes');
      if (sealed.length > this.#maxEntryBytes) throw new ArtifactError('length', 'is larger than an entry may be');
      const entry = await codec.open(key, sealed);
      this.#breaker.succeeded();
      return entry;
    } catch (error) {
      this.#reject(key, error instanceof ArtifactError ? error.problem : 'header');
      // One that only has forged entries costs time and helps nobody.
      this.#failed(error);
      return undefined;
    }
  }

  #reject(key: string, reason: RejectionReason): void {
    this.#rejections[reason] = (this.#rejections[reason] ?? 0) + 1;
    this.#options.onRejected?.(key, reason);
    this.#inBackground(this.delete(key));
  }

  async #write(entry: CacheEntry): Promise<void> {
    try {
      const sealed = await this.#options.codec.seal(entry);
      if (sealed.length > this.#maxEntryBytes) return;
      await this.#ask(() => this.#options.cache.put(this.#nameOf(entry.key), sealed), WRITE_TIMEOUT_MS);
      this.#writes++;
    } catch (error) {
      this.#writeFailures++;
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#breaker.failed()) this.#options.onOff(error instanceof Error ? error.message : String(error));
  }

  #inBackground(work: Promise<unknown>): void {
    const writing = work.finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  /** What the cache answers, if it does in time. */
  async #ask<T>(
    operation: () => Promise<T>,
    timeoutMs: number,
    lateError = new Error(`no answer within ${timeoutMs} ms`),
  ): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const end = () => reject(lateError);
      // If this thread was busy, the answer may be there and is read in this turn of the event loop.
      timer = setTimeout(() => setImmediate(end), timeoutMs);
    });
    try {
      return await Promise.race([(async () => operation())(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function notCleared(timeoutMs: number): NexusError {
  return new NexusError(
    'INTERNAL_ERROR',
    `The remote cache was not emptied within ${timeoutMs} ms. It may be emptied later; look whether its server answers, and repeat it.`,
    { context: { operation: 'clearCache', timeoutMs } },
  );
}
