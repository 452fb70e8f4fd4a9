import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** The folder whose packages are tested: those of the benchmarks, or newer ones, see `scripts/test-frameworks.mjs`. */
const FOLDER = process.env['NEXUS_FRAMEWORKS'] ?? new URL('../../../benchmarks/', import.meta.url).pathname;
const resolveFrom = createRequire(pathToFileURL(`${FOLDER}/package.json`));

/** The path of a framework's module, or undefined if it is not installed. */
export function found(name: string): string | undefined {
  try {
    return resolveFrom.resolve(name);
  } catch {
    // Of a package that `require` cannot load.
    try {
      return import.meta.resolve(name, pathToFileURL(`${FOLDER}/package.json`).href);
    } catch {
      return undefined;
    }
  }
}

/** A module of a framework, without types: the suites test what it does with our objects. */
// biome-ignore lint/suspicious/noExplicitAny: frameworks are not installed where types are checked.
export async function framework(name: string): Promise<any> {
  const path = found(name) as string;
  return import(/* @vite-ignore */ path.startsWith('file:') ? path : pathToFileURL(path).href);
}

/** For the title of a suite that is left out. */
export function titleOf(suite: string, name: string): string {
  return found(name) === undefined
    ? `${suite} (left out: ${name} is not installed; npm ci --prefix benchmarks)`
    : suite;
}
