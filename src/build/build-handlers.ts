import { type BuildOptions, resolveBuild } from './build-options.js';
import type { BuildReport } from './build-report.js';

/**
 * Builds handlers: bundles each with what it imports, compiles it, and writes artifacts and a manifest for `runtime.load`. What several
 * handlers import of packages is bundled once. Only what has changed since the last build is compiled. Handlers that cannot be built are
 * listed in the report, and the others are built.
 *
 * Nothing of a package runs on the host: there are no plug-ins and no install scripts. What it does when it is loaded happens in a VM.
 *
 * @throws NexusError INVALID_ARGUMENT naming the option; INVALID_CONFIG without esbuild, and for packages that differ from the lock
 *   file; CANCELLED when the signal fires
 *
 * @example
 * const report = await buildHandlers({ include: 'handlers/**\/*.ts', outDir: 'out', packages: ['lodash-es'] });
 * for (const { file, error } of report.failures) console.error(file, error.message, error.snippet);
 */
export async function buildHandlers(options: BuildOptions): Promise<BuildReport> {
  const config = resolveBuild(options);
  const { Build } = await import('./build.js');
  return await new Build(config).run();
}
