import { lstat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { namesIn } from '../support/files/directory-names.js';
import { isOrphaned, parseTemporary, type Temporary } from '../support/files/temporary.js';

export const ENTRY_EXTENSION = '.qjsc';
/** Files with other names must not be touched. */
const ENTRY = /^[0-9a-f]{64}\.qjsc$/;
const KEY = /^[0-9a-f]{64}$/;

/** A sweep starts above this share of the cap … */
const SWEEP_ABOVE = 0.9;
/** … and ends at this one, so that it does not start again at once. */
const EVICT_TO = 0.7;
/** A larger directory is scanned in samples of this size. */
const MAX_SCANNED = 20_000;
const STAT_BATCH = 64;
/** Writing an entry takes milliseconds: an older temporary file will not be finished. */
const STALE_TEMPORARY_MS = 60_000;
/** The block size of volumes: a small entry takes a whole block. */
const BLOCK_BYTES = 4096;

export interface SweepResult {
  /** The rest, estimated if the directory was sampled. */
  readonly entries: number;
  readonly bytes: number;
  readonly evicted: number;
}

interface Found {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

/**
 * One pass over a directory of entries. It removes abandoned temporary files and, if the rest is above 90 %
 * of the cap, the least recently used entries until 70 % is left. Several processes may do this at the same
 * time: files that another process removed first are not an error.
 *
 * @param now milliseconds since the epoch
 */
export async function sweepDirectory(directory: string, maxBytes: number, now: number): Promise<SweepResult> {
  const { scanned, total } = await sampleNames(directory);
  const found = await inspectAll(directory, scanned);
  const kept: Found[] = [];
  for (const file of found) {
    if (isOrphan(file, now)) await remove(directory, file.name);
    else kept.push(file);
  }

  const entries = kept.filter(({ name }) => ENTRY.test(name));
  const scale = scanned.length === 0 ? 1 : total / scanned.length;
  let bytes = kept.reduce((sum, file) => sum + file.bytes, 0) * scale;
  let evicted = 0;
  if (bytes > maxBytes * SWEEP_ABOVE) {
    entries.sort((a, b) => a.modifiedMs - b.modifiedMs);
    for (const entry of entries) {
      if (bytes <= maxBytes * EVICT_TO) break;
      await remove(directory, entry.name);
      bytes -= entry.bytes;
      evicted++;
    }
  }
  return { entries: Math.round(entries.length * scale) - evicted, bytes: Math.round(bytes), evicted };
}

/** The names of all entries. */
export async function listEntries(directory: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const names of namesIn(directory)) {
    for (const name of names) if (ENTRY.test(name)) keys.push(name.slice(0, -ENTRY_EXTENSION.length));
  }
  return keys;
}

/** Removes entries and temporary files. */
export async function emptyDirectory(directory: string): Promise<void> {
  const ours: string[] = [];
  for await (const names of namesIn(directory)) {
    for (const name of names) if (ENTRY.test(name) || temporaryOfEntry(name) !== undefined) ours.push(name);
  }
  for (const name of ours) await remove(directory, name);
}

async function inspectAll(directory: string, names: readonly string[]): Promise<Found[]> {
  const found: Found[] = [];
  for (let start = 0; start < names.length; start += STAT_BATCH) {
    const batch = names.slice(start, start + STAT_BATCH).map(async (name) => {
      const status = await lstat(join(directory, name)).catch(() => undefined);
      if (status?.isFile()) found.push({ name, bytes: spaceOf(status.size), modifiedMs: status.mtimeMs });
    });
    await Promise.all(batch);
  }
  return found;
}

/** The space that a file takes on its volume. */
export function spaceOf(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

function isOrphan({ name, modifiedMs }: Found, now: number): boolean {
  const temporary = temporaryOfEntry(name);
  return temporary !== undefined && isOrphaned(temporary, modifiedMs, now, STALE_TEMPORARY_MS);
}

function temporaryOfEntry(name: string): Temporary | undefined {
  const temporary = parseTemporary(name);
  return temporary !== undefined && KEY.test(temporary.stem) ? temporary : undefined;
}

async function remove(directory: string, name: string): Promise<void> {
  await unlink(join(directory, name)).catch(() => {});
}

/** All names or, if there are many, a uniform random sample. */
async function sampleNames(directory: string): Promise<{ readonly scanned: string[]; readonly total: number }> {
  const scanned: string[] = [];
  let total = 0;
  for await (const names of namesIn(directory)) {
    for (const name of names) {
      total++;
      const place = scanned.length < MAX_SCANNED ? scanned.length : Math.floor(Math.random() * total);
      if (place < MAX_SCANNED) scanned[place] = name;
    }
  }
  return { scanned, total };
}
