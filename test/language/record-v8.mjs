// Writes what V8 makes of the programs: test/language/v8.json. With a Node that has all of the language that is tested:
//
//   npx -y node@26 test/language/record-v8.mjs
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';
import { build } from 'esbuild';

import { errorText, valueText } from './outcome.mjs';

process.env.TZ = 'UTC';
process.on('unhandledRejection', () => {});

const entry = fileURLToPath(new URL('programs/all.ts', import.meta.url));
const { outputFiles } = await build({
  entryPoints: [entry],
  bundle: true,
  format: 'esm',
  write: false,
  logLevel: 'warning',
});
const { KINDS } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);

const recorded = {};
for (const { kind, programs } of KINDS) {
  recorded[kind] = {};
  for (const { title, source } of programs) recorded[kind][title] = await outcomeOf(source);
}
const target = new URL('v8.json', import.meta.url);
await writeFile(target, `${JSON.stringify({ v8: process.versions.v8, programs: recorded }, null, 2)}\n`);

async function outcomeOf(source) {
  try {
    return valueText(await runInThisContext(`(async function(){${source}\n})`)());
  } catch (error) {
    return errorText(error?.name);
  }
}
