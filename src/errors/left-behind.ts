import { NexusError } from './nexus-error.js';

/** What the system, the loader of modules and `URL` say of a file that is not where the code looks for it. */
const MISSING: ReadonlySet<unknown> = new Set([
  'ENOENT',
  'ENOTDIR',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'ERR_INVALID_URL',
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
]);

/**
 * Says what to do when a file of this package is not beside its code: a bundler has taken the code along and left the file behind.
 *
 * @param error what came of looking for it
 * @returns NexusError INVALID_CONFIG, or the error itself when it says something else
 */
export function explainMissingFile(error: unknown, file: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof NexusError || !MISSING.has(code)) return error;
  return new NexusError(
    'INVALID_CONFIG',
    `nexus-runtime does not find its file ${file} beside its code: a bundler has moved the code and left the file behind. ` +
      'Keep the package out of the bundle, and install it where the bundle runs. ' +
      "esbuild: external: ['nexus-runtime']. webpack: externals: [/^nexus-runtime/]. Rollup: external: [/^nexus-runtime/]. " +
      "Vite: ssr: { external: ['nexus-runtime'] }. Next.js: serverExternalPackages: ['nexus-runtime']. See docs/bundlers.md.",
    { cause: error, context: { file } },
  );
}
