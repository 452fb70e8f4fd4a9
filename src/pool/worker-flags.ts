import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Flags of Node that a worker is started with. Neither those nor the environment of the process are any of its business, but for one thing: with
 * Yarn's Plug'n'Play, packages lie in archives that only its loader can read.
 *
 * @param hasArchives whether the process runs so
 */
export function workerFlags(hasArchives = process.versions['pnp'] !== undefined): readonly string[] {
  if (!hasArchives) return [];
  const require = createRequire(import.meta.url);
  const hook = require.resolve('pnpapi');
  const loader = join(dirname(hook), '.pnp.loader.mjs');
  return ['--require', hook, ...(existsSync(loader) ? ['--experimental-loader', pathToFileURL(loader).href] : [])];
}

/** What a worker has of the environment of the process: whether V8's code cache is stored, see `scripts/entries/cached-script.mjs`. */
export function workerEnvironment(): Readonly<Record<string, string>> {
  return process.env['NEXUS_CODE_CACHE'] === 'off' ? { NEXUS_CODE_CACHE: 'off' } : {};
}
