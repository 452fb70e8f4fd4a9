// Prints the hash of every image variant as this process builds it, upwards or downwards.
import { readFile } from 'node:fs/promises';
import { PRELUDE_URL } from '#src/assets.js';
import { ALL_FEATURES, FEATURES, featureSet, NO_FEATURES } from '#src/engine/image/features.js';
import { decodePreludeImage } from '#src/engine/image/prelude-image.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { Executor } from '#src/worker/executor.js';

const engine = await loadEngine();
const prelude = await readFile(PRELUDE_URL);
const executor = await Executor.create({
  engine,
  prelude: decodePreludeImage(prelude, engine.fingerprint),
  libraries: [],
  memoryLimitBytes: 32 * 1024 * 1024,
  stackSizeBytes: 128 * 1024,
});
const pair = featureSet('url', 'clone');
const sets = [NO_FEATURES, ...FEATURES.map(({ name }) => featureSet(name)), pair, ALL_FEATURES];
if (process.argv[2] === 'down') sets.reverse();
const hashes = [];
for (const set of sets) hashes.push([set, await executor.hashImage(set)]);
console.log(JSON.stringify(Object.fromEntries(hashes)));
