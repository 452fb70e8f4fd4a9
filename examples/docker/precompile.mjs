// In the build stage: every handler is compiled into the cache of the image.
import { readdir, readFile } from 'node:fs/promises';
import { HandlerCompiler } from 'nexus-runtime';

const folder = new URL('./handlers/', import.meta.url);
const names = (await readdir(folder)).sort();
const units = await Promise.all(
  names.map(async (filename) => ({ code: await readFile(new URL(filename, folder), 'utf8'), filename })),
);

const compiler = new HandlerCompiler({ cacheDir: '.nexus-cache' });
const { compiled, cached, failures } = await compiler.precompileAll(units);
await compiler.close();
console.log(`${compiled} compiled, ${cached} were there`);
for (const { filename, error } of failures) console.error(`${filename}: ${error.message}`);
if (failures.length > 0) process.exitCode = 1;
