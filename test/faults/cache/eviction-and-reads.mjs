import { join } from 'node:path';

import { Worker } from '../lib/children.mjs';
import { isWhole, makeEntry, openTier } from '../lib/entries.mjs';
import { Findings, thousands } from '../lib/findings.mjs';

export const title = 'eviction racing reads';

const WRITER = new URL('./workers/busy-writer.mjs', import.meta.url);
const NAMES = Array.from({ length: 60 }, (_, index) => `entry ${index}`);
const CONTENT_BYTES = 30_000;
/** Room for a third of the names. */
const MAX_BYTES = (CONTENT_BYTES * NAMES.length) / 3;
const READERS = 8;

export async function run({ quick, scratch }) {
  const reads = quick ? 1_000 : 10_000;
  const findings = new Findings();
  const cacheDir = join(scratch, 'cache');
  const writer = new Worker(WRITER);
  await writer.ask('open', { cacheDir, maxBytes: MAX_BYTES, contentBytes: CONTENT_BYTES });
  const problems = [];
  const tiers = Array.from({ length: 2 }, () => openTier(cacheDir, MAX_BYTES, ({ reason }) => problems.push(reason)));
  const counts = { reads: 0, hits: 0, wrong: 0, evictions: 0 };

  const writeAndEvict = async () => {
    for (let version = 0; counts.reads < reads; version++) {
      const {
        kept,
        problems: theirs,
        stats,
      } = await writer.ask('write', { puts: NAMES.length, names: NAMES, version });
      counts.evictions = stats.evictions;
      findings.check(kept === NAMES.length && theirs.length === 0, `the writer fails: ${theirs[0]}`);
    }
  };
  const evictHere = async () => {
    for (let version = 0; counts.reads < reads; version++) {
      const [tier] = tiers;
      const name = NAMES[version % NAMES.length];
      findings.check(await tier.put(makeEntry(name, CONTENT_BYTES, `ours ${version}`)), 'a write fails');
      if (version % 50 === 0) await tier.clear();
      else if (version % 5 === 0) await tier.delete(makeEntry(name, 0).key);
    }
  };
  const read = async (_, index) => {
    while (counts.reads < reads) {
      counts.reads++;
      const { key } = makeEntry(NAMES[Math.floor(Math.random() * NAMES.length)], 0);
      try {
        const entry = await tiers[index % tiers.length].get(key);
        if (entry === undefined) continue;
        const isRight = entry.key === key && isWhole(entry);
        findings.check(isRight, 'wrong content');
        if (isRight) counts.hits++;
        else counts.wrong++;
      } catch (error) {
        counts.wrong++;
        findings.check(false, `a read rejects: ${error.message}`);
      }
    }
  };
  await Promise.all([writeAndEvict(), evictHere(), ...Array.from({ length: READERS }, read)]);
  await writer.kill();

  const { hits, evictions } = counts;
  for (const tier of tiers) {
    const { rejections } = tier.stats();
    findings.check(
      Object.keys(rejections).length === 0,
      `entries were taken for damaged: ${JSON.stringify(rejections)}`,
    );
  }
  const evicted = evictions + tiers[0].stats().evictions;
  findings.check(problems.length === 0, `a problem: ${problems[0]}`);
  findings.check(hits > reads / 100 && hits < reads, `${hits} of ${reads} reads hit: no race`);
  findings.check(evicted > 0, 'nothing was evicted');
  return findings.end(
    `${thousands(counts.reads)} reads beside ${thousands(evicted)} evictions: ${thousands(hits)} hits, ` +
      `${thousands(counts.reads - hits - counts.wrong)} misses, ${counts.wrong} wrong`,
  );
}
