import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { Worker } from '../lib/children.mjs';
import {
  ENTRY_EXTENSION,
  FORMAT_FOLDER,
  filesBelow,
  isWhole,
  openEntry,
  sizeOf,
  startAgain,
  TEMPORARY_EXTENSION,
  temporariesBelow,
} from '../lib/entries.mjs';
import { Findings, mebibytes, thousands } from '../lib/findings.mjs';

export const title = 'kill -9 during writes';

const WRITER = new URL('./workers/endless-writer.mjs', import.meta.url);
const STARTER = new URL('./workers/start-once.mjs', import.meta.url);
const MAX_ORPHANED_BYTES = 1024 ** 2;
const WRITERS_AT_ONCE = 4;
const LONGEST_LIFE_MS = 40;
/** Small enough that writers evict, too. */
const SETTINGS = { names: 64, maxEntryBytes: 128 * 1024, maxBytes: 4 * 1024 ** 2 };
/** Entries so large that a few abandoned ones exceed the limit. */
const CONTAINER_SETTINGS = { names: 4, maxEntryBytes: 2 * 1024 ** 2, maxBytes: 64 * 1024 ** 2 };
/** A container that restarts has the same process id on the same host. Without root, a namespace is used. */
const CONTAINER = [
  'unshare',
  ...(process.getuid?.() === 0 ? [] : ['--map-root-user']),
  ...['--pid', '--fork', '--kill-child'],
];

export async function run({ quick, scratch }) {
  const kills = quick ? 12 : 1_000;
  const findings = new Findings();
  const counts = { kills: 0, entriesRead: 0, tornReads: 0, orphans: new Set(), mostOrphanedBytes: 0 };
  await killWriters(join(scratch, 'plain'), kills, findings, counts);
  const containerKills = quick ? 4 : 100;
  const containers = await killInContainers(join(scratch, 'containers'), containerKills, findings, counts);
  return findings.end(
    `${thousands(counts.kills)} kills, ${containers}, cut off ${thousands(counts.orphans.size)} writes; ` +
      `${thousands(counts.tornReads)} of ${thousands(counts.entriesRead)} reads torn; ` +
      `orphans after a start ≤ ${mebibytes(counts.mostOrphanedBytes)}`,
  );
}

async function killWriters(cacheDir, kills, findings, counts) {
  for (let done = 0; done < kills; done += WRITERS_AT_ONCE) {
    const writers = Array.from({ length: Math.min(WRITERS_AT_ONCE, kills - done) }, async () => {
      const writer = new Worker(WRITER, [cacheDir, SETTINGS]);
      await killAtRandom(writer);
    });
    await Promise.all(writers);
    counts.kills += writers.length;
    inspect(cacheDir, findings, counts);
    findings.check(await startAgain(cacheDir, SETTINGS.maxBytes), 'the next start cannot write');
    checkOrphans(cacheDir, findings, counts);
  }
}

/** One after the other, each the same process id as the last. */
async function killInContainers(cacheDir, kills, findings, counts) {
  try {
    execFileSync(CONTAINER[0], [...CONTAINER.slice(1), 'true'], { stdio: 'ignore' });
  } catch (error) {
    return `none in a container, skipped: ${error.message}`;
  }
  for (let done = 0; done < kills; done++) {
    await killAtRandom(new Worker(WRITER, [cacheDir, CONTAINER_SETTINGS], { prefix: CONTAINER }));
    counts.kills++;
    inspect(cacheDir, findings, counts);
  }
  const starter = new Worker(STARTER, [], { prefix: CONTAINER });
  const { maxBytes } = CONTAINER_SETTINGS;
  findings.check(await starter.ask('start', { cacheDir, maxBytes }), 'the next start cannot write');
  await starter.kill();
  checkOrphans(cacheDir, findings, counts, ', every process with the id of the one before, as in a container');
  return `${kills} of them in a container that restarts`;
}

async function killAtRandom(writer) {
  await writer.ready;
  await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_LIFE_MS));
  await writer.kill();
}

/** While no process writes: the existing files open and are as they were written, or are temporary files. */
function inspect(cacheDir, findings, counts) {
  for (const path of filesBelow(join(cacheDir, FORMAT_FOLDER))) {
    if (path.endsWith(TEMPORARY_EXTENSION)) {
      counts.orphans.add(path);
      continue;
    }
    findings.check(path.endsWith(ENTRY_EXTENSION), `neither entry nor temporary file: ${basename(path)}`);
    counts.entriesRead++;
    try {
      const entry = openEntry(readFileSync(path));
      const isOwn = entry.key === basename(path, ENTRY_EXTENSION);
      findings.check(isOwn && isWhole(entry), 'an entry with the content of another');
    } catch (error) {
      counts.tornReads++;
      findings.check(false, `a torn entry, which ${error.message}`);
    }
  }
}

function checkOrphans(cacheDir, findings, counts, circumstances = '') {
  const orphans = temporariesBelow(cacheDir);
  const bytes = sizeOf(orphans);
  counts.mostOrphanedBytes = Math.max(counts.mostOrphanedBytes, bytes);
  findings.check(
    bytes <= MAX_ORPHANED_BYTES,
    `${orphans.length} orphaned temporary files, ${mebibytes(bytes)}, left after the next start${circumstances}`,
  );
}
