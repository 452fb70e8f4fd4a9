import { lstatSync, mkdirSync, readdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import { Worker } from '../lib/children.mjs';
import {
  contentBytesFor,
  FORMAT_FOLDER,
  isWhole,
  keyOf,
  makeEntry,
  openTier,
  temporariesBelow,
} from '../lib/entries.mjs';
import { Findings, mebibytes, thousands } from '../lib/findings.mjs';
import { mountTmpfs, unmountBelow } from '../lib/mounts.mjs';

export const title = 'sixteen processes in one cache';

const WRITER = new URL('./workers/busy-writer.mjs', import.meta.url);
const WRITERS = 16;
const KIB = 1024;

/** Limits and file sizes: room for many, for hardly any, and for more than are scanned after every write. */
const CAPS = [
  { cap: 4096 * KIB, fileBytes: 64 * KIB, puts: 150 },
  { cap: 160 * KIB, fileBytes: 64 * KIB, puts: 60 },
  { cap: 8192 * KIB, fileBytes: 4 * KIB, puts: 400 },
];

export async function run({ quick, scratch }) {
  const findings = new Findings();
  const counts = { writes: 0, reads: 0, looks: 0 };
  const writers = Array.from({ length: WRITERS }, () => new Worker(WRITER));
  const shares = [];
  try {
    await writeSameKey(writers, join(scratch, 'same'), quick ? 40 : 400, findings, counts);
    for (const [index, settings] of (quick ? CAPS.slice(0, 2) : CAPS).entries()) {
      const puts = quick ? settings.puts / 3 : settings.puts;
      const folder = join(scratch, `cap-${index}`);
      const { most, bound } = await writeBeyondCap(writers, folder, { ...settings, puts }, findings, counts);
      shares.push(`${mebibytes(most)} of ${mebibytes(bound)}`);
    }
  } finally {
    await Promise.all(writers.map((writer) => writer.kill()));
    unmountBelow(scratch);
  }
  return findings.end(
    `${thousands(counts.writes)} writes, ${thousands(counts.reads)} reads of one key amid them; ` +
      `at ${thousands(counts.looks)} looks at most ${shares.join(', ')}`,
  );
}

/** All write different content under one key. A reader gets what one of them wrote, from the first write on. */
async function writeSameKey(writers, cacheDir, puts, findings, counts) {
  const settings = { cacheDir, maxBytes: 64 * 1024 * KIB, contentBytes: 20_000 };
  await Promise.all(writers.map((writer) => writer.ask('open', settings)));
  const problems = [];
  const reader = openTier(cacheDir, settings.maxBytes, ({ reason }) => problems.push(reason));
  await reader.put(makeEntry('shared', settings.contentBytes, 'ours'));
  const versions = new Set();
  const read = async () => {
    const entry = await reader.get(keyOf('shared'));
    counts.reads++;
    findings.check(entry !== undefined, 'the one key is missing for a moment');
    if (entry === undefined) return;
    findings.check(isWhole(entry), 'what is read was written by no one');
    versions.add(entry.source);
  };
  const writing = writers.map((writer, version) => writer.ask('write', { puts, names: ['shared'], version }));
  await during(Promise.all(writing), read);
  checkReports(await Promise.all(writing), puts, findings, counts);
  findings.check(problems.length === 0, `the reader has a problem: ${problems[0]}`);
  findings.check(Object.keys(reader.stats().rejections).length === 0, 'the reader rejects what it reads');
  findings.check(versions.size > 1, 'only one of the writers was ever read');
  findings.check(readdirSync(join(cacheDir, FORMAT_FOLDER)).length === 1, 'more than the one entry is left');
}

async function writeBeyondCap(writers, folder, { cap, fileBytes, puts }, findings, counts) {
  // A separate filesystem reports its size in one call. Adding up files takes a while, during which others write.
  const measure = mountTmpfs(folder, 'size=256m') === undefined ? usedBytes(folder) : addedBytes(folder);
  const cacheDir = join(folder, 'cache');
  const contentBytes = contentBytesFor(fileBytes, '1234567 1234');
  const settings = { cacheDir, maxBytes: cap, contentBytes };
  await Promise.all(writers.map((writer) => writer.ask('open', settings)));
  const bound = cap + WRITERS * fileBytes;
  let most = 0;
  const look = async () => {
    counts.looks++;
    most = Math.max(most, measure());
    await setImmediate();
  };
  const writing = writers.map((writer, version) => writer.ask('write', { puts, version }));
  await during(Promise.all(writing), look);
  const reports = await Promise.all(writing);
  await look();
  checkReports(reports, puts, findings, counts);
  findings.check(most <= bound, `${most} bytes with a cap of ${cap} and ${WRITERS} writers of ${fileBytes} bytes`);
  findings.check(most > cap / 2, `the cache was never half full: ${most} of ${cap} bytes`);
  findings.check(
    reports.some(({ stats }) => stats.evictions > 0),
    'nothing was evicted',
  );
  findings.check(temporariesBelow(folder).length === 0, 'temporary files are left');
  return { most, bound };
}

/** Does something over and over until a promise settles. */
async function during(promise, act) {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  promise.then(over, over);
  while (!isOver) await act();
}

function checkReports(reports, puts, findings, counts) {
  for (const { kept, problems, stats } of reports) {
    counts.writes += kept;
    findings.check(kept === puts, `${puts - kept} writes of a process failed`);
    findings.check(stats.writeFailures === 0, `${stats.writeFailures} write failures counted`);
    findings.check(problems.length === 0, `a problem: ${problems[0]}`);
  }
}

function usedBytes(folder) {
  const used = () => {
    const { blocks, bfree, bsize } = statfsSync(folder);
    return (blocks - bfree) * bsize;
  };
  const before = used();
  return () => used() - before;
}

function addedBytes(folder) {
  mkdirSync(folder, { recursive: true });
  const entries = join(folder, 'cache', FORMAT_FOLDER);
  return () => {
    let bytes = 0;
    let names = [];
    try {
      names = readdirSync(entries);
    } catch {
      // Not made yet.
    }
    for (const name of names) bytes += lstatSync(join(entries, name), { throwIfNoEntry: false })?.size ?? 0;
    return bytes;
  };
}
