import { join } from 'node:path';

import { namesIn } from '../../support/files/directory-names.js';
import { parseTemporary, type Temporary } from '../../support/files/temporary.js';
import { shardOf } from './record-paths.js';

const RECORD = /^([A-Za-z0-9_-]{22}\.[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$/;
const ID_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The number of files that are checked at the same time. */
const BATCH = 16;
/** A shard with more is read several times, to limit memory. */
export const IDS_AT_ONCE = 10_000;
/** Sorting this many takes less than a millisecond, and so does merging them. */
const SORTED_AT_ONCE = 1_000;
/** The limit for one id. Further files are seen when these are deleted. */
const MAX_LISTED_VERSIONS = 10_000;
/** The limit for one shard. Further files are seen when these are deleted. */
const MAX_TEMPORARIES = 10_000;

/** The names of all shards, in the order of the ids in them. */
export const SHARDS: readonly string[] = [...ID_CHARACTERS].map(shardOf).sort();

/** The information in the file names of one id. */
export interface ScannedRecord {
  readonly id: string;
  readonly hasBegun: boolean;
  readonly lastVersion: number;
  /** In no particular order. */
  readonly versions: readonly number[];
}

/** The information in the file names of a shard. Foreign names are ignored. */
export interface ScannedShard {
  /** Sorted by id. */
  readonly records: readonly ScannedRecord[];
  /** Where to continue; absent if these were the last. */
  readonly next?: string;
  readonly temporaries: readonly { readonly name: string; readonly temporary: Temporary }[];
}

/**
 * The first ids of a shard after a given one, with their files. Only their names are kept in memory.
 *
 * @param limit the number of ids
 */
export async function scanShard(root: string, shard: string, after = '', limit = IDS_AT_ONCE): Promise<ScannedShard> {
  const first = new FirstRecords(after, limit);
  const temporaries: { name: string; temporary: Temporary }[] = [];
  for await (const names of namesIn(join(root, shard))) {
    for (const name of names) {
      const [, id, version] = RECORD.exec(name) ?? [];
      if (id !== undefined) {
        first.add(id, Number(version));
        continue;
      }
      if (temporaries.length >= MAX_TEMPORARIES) continue;
      const temporary = parseTemporary(name);
      if (temporary !== undefined && RECORD.test(temporary.stem)) temporaries.push({ name, temporary });
    }
  }
  return { ...first.end(), temporaries };
}

interface Found {
  readonly id: string;
  hasBegun: boolean;
  lastVersion: number;
  readonly versions: number[];
}

/** Keeps the first ids in order and drops the rest as it arrives. No step takes longer than a millisecond. */
class FirstRecords {
  readonly #after: string;
  readonly #limit: number;
  readonly #found = new Map<string, Found>();
  /** Sorted; recently added ones are not included yet. */
  #sorted: Found[] = [];
  #latest: Found[] = [];
  /** The last id that can be among the first; undefined while all can. */
  #last: string | undefined;

  constructor(after: string, limit: number) {
    this.#after = after;
    this.#limit = limit;
  }

  add(id: string, version: number): void {
    if (id <= this.#after || (this.#last !== undefined && id > this.#last)) return;
    let found = this.#found.get(id);
    if (found === undefined) {
      found = { id, hasBegun: false, lastVersion: 0, versions: [] };
      this.#found.set(id, found);
      this.#latest.push(found);
    }
    if (version === 0) found.hasBegun = true;
    found.lastVersion = Math.max(found.lastVersion, version);
    if (found.versions.length < MAX_LISTED_VERSIONS) found.versions.push(version);
    if (this.#latest.length >= SORTED_AT_ONCE) this.#merge();
  }

  end(): Pick<ScannedShard, 'records' | 'next'> {
    this.#merge();
    return { records: this.#sorted, ...(this.#last !== undefined && { next: this.#last }) };
  }

  #merge(): void {
    const latest = this.#latest.sort((a, b) => (a.id < b.id ? -1 : 1));
    const before = this.#sorted;
    const merged: Found[] = [];
    for (let i = 0, j = 0; i < before.length || j < latest.length; ) {
      const next =
        j >= latest.length || (i < before.length && isBefore(before[i], latest[j])) ? before[i++] : latest[j++];
      if (merged.length < this.#limit) merged.push(next as Found);
      else this.#found.delete((next as Found).id);
    }
    if (before.length + latest.length > this.#limit) this.#last = merged.at(-1)?.id;
    this.#sorted = merged;
    this.#latest = [];
  }
}

function isBefore(a: Found | undefined, b: Found | undefined): boolean {
  return (a as Found).id < (b as Found).id;
}

/** All records of a shard, in pages of some thousands, from the first one after an id. */
export async function* pagesOf(root: string, shard: string, from = ''): AsyncGenerator<ScannedShard> {
  let after: string | undefined = from;
  while (after !== undefined) {
    const page: ScannedShard = await scanShard(root, shard, after);
    yield page;
    after = page.next;
  }
}

/**
 * Runs a function for each item, several at a time, and returns the results in order. Items are read as they
 * are started.
 */
export async function inBatches<T, R>(items: Iterable<T>, run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let batch: Promise<R>[] = [];
  for (const item of items) {
    batch.push(run(item));
    if (batch.length < BATCH) continue;
    for (const result of await Promise.all(batch)) results.push(result);
    batch = [];
  }
  for (const result of await Promise.all(batch)) results.push(result);
  return results;
}
