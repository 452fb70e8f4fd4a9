import { join } from 'node:path';

import { namesIn } from '../../support/files/directory-names.js';
import { parseTemporary, type Temporary } from '../../support/files/temporary.js';
import { shardOf } from './record-paths.js';

const RECORD = /^([A-Za-z0-9_-]{22}\.[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$/;
const ID_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Files that are looked at at the same time. */
const BATCH = 16;
/** A shard with more is read several times, so that memory is bounded. */
export const IDS_AT_ONCE = 10_000;
/** Sorting so many takes less than a millisecond, and so does putting them among the others. */
const SORTED_AT_ONCE = 1_000;
/** Of one id. Those beyond are seen when these are gone. */
const MAX_LISTED_VERSIONS = 10_000;
/** Of one shard. Those beyond are seen when these are gone. */
const MAX_TEMPORARIES = 10_000;

/** Names of all shards, in the order of the ids in them. */
export const SHARDS: readonly string[] = [...ID_CHARACTERS].map(shardOf).sort();

/** What the names of the files of one id say. */
export interface ScannedRecord {
  readonly id: string;
  readonly hasBegun: boolean;
  readonly lastVersion: number;
  /** In no order. */
  readonly versions: readonly number[];
}

/** What the names of the files in a shard say. Names that are none of ours are left out. */
export interface ScannedShard {
  /** In the order of their ids. */
  readonly records: readonly ScannedRecord[];
  /** Where to go on; absent when these were the last. */
  readonly next?: string;
  readonly temporaries: readonly { readonly name: string; readonly temporary: Temporary }[];
}

/**
 * The first ids of a shard that come after another one, with their files. However many files there are, only the names of these are kept.
 *
 * @param limit of ids
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

/** Keeps what comes first in the order of the ids, and lets go of the rest as it comes. No step of it takes longer than a millisecond. */
class FirstRecords {
  readonly #after: string;
  readonly #limit: number;
  readonly #found = new Map<string, Found>();
  /** In order; those that came lately are not among them yet. */
  #sorted: Found[] = [];
  #latest: Found[] = [];
  /** The last id that can be among the first; none as long as all can. */
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

/** All records of a shard, some thousand at a time. */
export async function* pagesOf(root: string, shard: string): AsyncGenerator<ScannedShard> {
  let after: string | undefined = '';
  while (after !== undefined) {
    const page: ScannedShard = await scanShard(root, shard, after);
    yield page;
    after = page.next;
  }
}

/** Something done for each, several at a time, with the results in order. What is to be done is asked for as it is begun. */
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
