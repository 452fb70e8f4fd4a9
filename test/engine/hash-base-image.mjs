// Prints the hash of the base image as this process builds it.
import { readFile } from 'node:fs/promises';
import { PRELUDE_URL } from '#src/assets.js';
import { decodePreludeImage } from '#src/engine/image/prelude-image.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { Executor } from '#src/worker/executor.js';

const engine = await loadEngine();
const prelude = await readFile(PRELUDE_URL);
const executor = await Executor.create({
  engine,
  prelude: decodePreludeImage(prelude, engine.fingerprint),
  libraries: [
    { name: 'clock', filename: 'clock.js', source: 'exports.at = Date.now(); exports.dice = Math.random();' },
    { name: 'zone', filename: 'zone.js', source: 'exports.text = String(new Date(2024, 6, 1));' },
  ],
  memoryLimitBytes: Number(process.argv[2] ?? 32 * 1024 * 1024),
  stackSizeBytes: 128 * 1024,
});
console.log(await executor.hashImage());
