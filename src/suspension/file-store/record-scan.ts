import { join } from 'node:path';

import { namesIn } from '../../support/files/directory-names.js';
import { parseTemporary, type Temporary } from '../../support/files/temporary.js';
import { shardOf } from './record-paths.js';

const RECORD = /^([A-Za-z0-9_-]{22}\.[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$/;
const ID_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Files that are looked at at the same time. */
const BATCH = 16;
/** Sorting so many ids takes milliseconds. A shard with more is read several times, so that memory and time are bounded. */
export const IDS_AT_ONCE = 10_000;
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

/** Keeps what comes first in the order of the ids, and lets go of the rest as it comes. */
class FirstRecords {
  readonly #after: string;
  readonly #limit: number;
  #found = new Map<string, Found>();
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
    }
    if (version === 0) found.hasBegun = true;
    found.lastVersion = Math.max(found.lastVersion, version);
    if (found.versions.length < MAX_LISTED_VERSIONS) found.versions.push(version);
    if (this.#found.size >= 2 * this.#limit) this.#cut();
  }

  end(): Pick<ScannedShard, 'records' | 'next'> {
    if (this.#found.size > this.#limit) this.#cut();
    const records = this.#sorted();
    return { records, ...(this.#last !== undefined && { next: this.#last }) };
  }

  #cut(): void {
    const records = this.#sorted().slice(0, this.#limit);
    this.#found = new Map(records.map((found) => [found.id, found]));
    this.#last = records.at(-1)?.id;
  }

  #sorted(): Found[] {
    return [...this.#found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
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

/** Something done for each, several at a time, with the results in order. */
export async function inBatches<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += BATCH) {
    results.push(...(await Promise.all(items.slice(start, start + BATCH).map(run))));
  }
  return results;
}
