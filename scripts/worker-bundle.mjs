// How the entry of a worker thread is bundled, for the package and for tests.
import { build } from 'esbuild';

/** Variants of the engine that quickjs-emscripten imports and that are never used: three packages to be found and read at every start. */
const UNUSED_VARIANTS = /^@jitl\/quickjs-wasmfile-(debug-sync|debug-asyncify|release-asyncify)$/;

export const withoutUnusedVariants = {
  name: 'unused-variants',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: UNUSED_VARIANTS }, ({ path: name }) => ({ path: name, namespace: 'unused-variants' }));
    onLoad({ filter: /./, namespace: 'unused-variants' }, () => ({ contents: 'export default undefined' }));
  },
};

/**
 * What all bundles have in common.
 *
 * @type {Pick<import('esbuild').BuildOptions, 'bundle' | 'format' | 'platform' | 'target' | 'sourcemap' | 'logLevel'>}
 */
export const bundling = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
};

/**
 * The worker's part takes its dependencies in: on the way to the first result every worker would resolve them anew, which costs more
 * than all else it does.
 *
 * @param {string} entry `worker/entry`, as a source or compiled
 * @param {string} outfile
 * @param {string} root the project's
 * @returns {Promise<string[]>} the files that it was made of, from the root of the project
 */
export async function bundleWorker(entry, outfile, root) {
  const { metafile } = await build({
    ...bundling,
    entryPoints: [entry],
    outfile,
    absWorkingDir: root,
    plugins: [withoutUnusedVariants],
    metafile: true,
  });
  return Object.keys(metafile.inputs);
}
