import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { parseTemporary, type Temporary } from '../files/temporary.js';
import { shardOf } from './record-log.js';

const RECORD = /^([A-Za-z0-9_-]{22}\.[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,14})$/;
const ID_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Files that are looked at at the same time. */
const BATCH = 16;

/** Names of all shards, in the order of the ids in them. */
export const SHARDS: readonly string[] = [...ID_CHARACTERS].map(shardOf).sort();

/** What the names of the files in a shard say. Names that are none of ours are left out. */
export interface ScannedShard {
  /** By id: its versions, in ascending order. */
  readonly versions: ReadonlyMap<string, readonly number[]>;
  readonly temporaries: readonly { readonly name: string; readonly temporary: Temporary }[];
}

export async function scanShard(root: string, shard: string): Promise<ScannedShard> {
  const versions = new Map<string, number[]>();
  const temporaries: { name: string; temporary: Temporary }[] = [];
  for (const name of await readdir(join(root, shard))) {
    const [, id, version] = RECORD.exec(name) ?? [];
    if (id !== undefined) {
      const known = versions.get(id);
      if (known === undefined) versions.set(id, [Number(version)]);
      else known.push(Number(version));
      continue;
    }
    const temporary = parseTemporary(name);
    if (temporary !== undefined && RECORD.test(temporary.stem)) temporaries.push({ name, temporary });
  }
  for (const known of versions.values()) known.sort((a, b) => a - b);
  return { versions, temporaries };
}

/** Something done for each, several at a time, with the results in order. */
export async function inBatches<T, R>(items: readonly T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += BATCH) {
    results.push(...(await Promise.all(items.slice(start, start + BATCH).map(run))));
  }
  return results;
}
