import { BundleError } from '../bundler/bundle-error.js';
import { bundleLibraries, librarySourceOf } from '../bundler/bundle-libraries.js';
import { invalidOption } from '../config/check.js';
import type { ModulesConfig } from '../config/resolve-modules.js';
import type { LibrarySource } from '../engine/library.js';
import { PackageCheck } from '../linker/package-check.js';

/**
 * Bundles the packages that handlers may import, for the image.
 *
 * @throws NexusError INVALID_CONFIG naming the package
 */
export async function bundlePackages(
  modules: ModulesConfig | undefined,
  maxSourceBytes: number,
): Promise<LibrarySource[]> {
  if (modules === undefined || modules.hoisted.length === 0) return [];
  const { packages, hoisted, resolveDir, lock } = modules;
  const entries = hoisted.map((specifier) => ({ name: specifier, specifier }));
  const bundle = await bundleLibraries(entries, { resolveDir, maxBytes: maxSourceBytes }).catch((error: unknown) => {
    if (!(error instanceof BundleError)) throw error;
    throw invalidOption(
      'modules.packages',
      error.library ?? entries[0]?.name,
      `a package that handlers can have: ${error.message}`,
    );
  });
  const { problem } = await new PackageCheck(packages, resolveDir, lock).check(bundle.inputs.map(({ path }) => path));
  if (problem !== undefined) throw invalidOption('modules.packages', problem.name, problem.message);
  return [librarySourceOf(bundle)];
}
