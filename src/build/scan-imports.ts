import { mayImport } from '../linker/import-candidates.js';
import { everythingOf } from '../linker/library-names.js';
import type { LinkerConfig } from '../linker/linker-config.js';
import type { HandlerFile } from './handler-files.js';

/**
 * What a handler and its own files import of the listed packages. Whether it can be built is not decided here: what cannot be read
 * imports nothing.
 */
export async function scanImports(
  { file }: HandlerFile,
  source: string,
  config: LinkerConfig,
): Promise<readonly string[]> {
  if (!mayImport(source)) return [];
  const { bundleHandler } = await import('../linker/bundle-handler.js');
  const outcome = await bundleHandler(source, file, { ...config, libraries: everythingOf(config.packages) });
  return outcome.ok ? outcome.libraries : [];
}

/** The imports that become shared libraries, sorted. */
export function hoistedOf(imports: Iterable<readonly string[]>, hoist: 'shared' | 'all' | 'none'): readonly string[] {
  const counts = new Map<string, number>();
  for (const list of imports) for (const name of list) counts.set(name, (counts.get(name) ?? 0) + 1);
  const least = { shared: 2, all: 1, none: Number.POSITIVE_INFINITY }[hoist];
  return [...counts]
    .filter(([, count]) => count >= least)
    .map(([name]) => name)
    .sort();
}
