// In the image: the first execution finds its handler compiled.
import { readFile } from 'node:fs/promises';
import { createRuntime } from 'nexus-runtime';

const filename = 'greet.js';
const code = await readFile(new URL(`./handlers/${filename}`, import.meta.url), 'utf8');
const runtime = await createRuntime({ cacheDir: '.nexus-cache' });
const { returnValue, metrics } = await runtime.executeHandler(code, { args: { name: 'Ada' } }, { filename });
console.log(returnValue, metrics.cacheTier);
await runtime.shutdown();
