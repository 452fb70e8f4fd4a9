// Writes entries until it is killed: replaces, adds, evicts.
import { FORMAT_FOLDER, filesBelow, makeEntry, openTier } from '../../lib/entries.mjs';
import { sayReady, startArguments } from '../../lib/serve.mjs';

/** As many runtimes in one process: one has a file open while another seals. */
const TIERS = 4;
const VERSIONS = 2;

const [cacheDir, { names, maxEntryBytes, maxBytes }] = startArguments();
process.on('disconnect', () => process.exit());

// Made beforehand, so that most of the time goes into writing.
const entries = Array.from({ length: names * VERSIONS }, (_, index) => {
  const bytes = Math.ceil(Math.random() * maxEntryBytes);
  return makeEntry(`entry ${index % names}`, bytes, index);
});

async function writeForever(tier) {
  for (;;) await tier.put(entries[Math.floor(Math.random() * entries.length)]);
}

const tiers = Array.from({ length: TIERS }, () => openTier(cacheDir, maxBytes));
await tiers[0].put(entries[0]);
if (filesBelow(`${cacheDir}/${FORMAT_FOLDER}`).length === 0) throw new Error('Nothing was written.');
sayReady();
await Promise.all(tiers.map(writeForever));
