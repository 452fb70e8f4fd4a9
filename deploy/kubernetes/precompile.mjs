// Fills the cache from a folder of handlers, with the options of the application that will run them.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compilerConfigFromEnv, HandlerCompiler } from 'nexus-runtime';

const folder = process.env.HANDLERS_DIR ?? 'handlers';
const compiler = new HandlerCompiler(compilerConfigFromEnv());
const { compiled, cached, failures } = await compiler.precompileAll(handlers());
await compiler.close();

console.log(`${compiled} compiled, ${cached} in the cache already, ${failures.length} failed`);
// Not a reason to keep the application from starting: whoever runs such a handler gets the same error as a result.
for (const { filename, error } of failures) console.error(`${filename}: ${error.message}`);

/** The file name is part of the key: the application has to use the same one. */
async function* handlers() {
  for (const filename of (await readdir(folder)).sort()) {
    if (filename.endsWith('.js')) yield { code: await readFile(join(folder, filename), 'utf8'), filename };
  }
}
