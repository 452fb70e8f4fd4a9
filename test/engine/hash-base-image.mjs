// Prints the hash of the base image as this process builds it.
import { readFile } from 'node:fs/promises';
import { decodePreludeImage } from '../../build/engine/image/prelude-image.js';
import { loadEngine } from '../../build/engine/load-engine.js';
import { Executor } from '../../build/worker/executor.js';

const engine = await loadEngine();
const prelude = await readFile(new URL('../../build/guest/prelude.image', import.meta.url));
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
