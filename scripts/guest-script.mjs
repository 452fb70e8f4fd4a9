// Bundles a module of src/guest into one script for the engine, whose value is the module's default export.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const EXPORT = /export \{\s*([\w$]+) as default\s*\};\s*$/;
/**
 * Replacements for modules of `whatwg-url` for encodings and names that the VM does not have; each says what
 * it replaces.
 */
const STAND_INS = {
  tr46: 'src/guest/features/url/idna.ts',
  './encoding': 'src/guest/features/url/whatwg-encoding.ts',
  '@exodus/bytes/whatwg.js': 'src/guest/features/url/percent-encode.ts',
  '@exodus/bytes/encoding.js': undefined,
};

const standIns = {
  name: 'stand-ins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /.*/ }, ({ path: wanted, importer }) => {
      if (!importer.includes('node_modules/whatwg-url/') || !(wanted in STAND_INS)) return undefined;
      const replacement = STAND_INS[wanted];
      return replacement === undefined ? { path: wanted, namespace: 'empty' } : { path: path(replacement) };
    });
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: '' }));
  },
};

/**
 * Names are shortened, because they are part of every image with the script. The syntax is not changed,
 * because rewritten syntax might call builtins that a handler has replaced.
 *
 * @param {string} entry the module, from the root of the project
 * @returns {Promise<{ source: string, inputs: string[] }>} the script, and its input files
 */
export async function bundleGuestScript(entry) {
  const { outputFiles, metafile } = await build({
    entryPoints: [path(entry)],
    absWorkingDir: path('.'),
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    minifyIdentifiers: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [standIns],
  });
  const text = outputFiles[0].text;
  if (!EXPORT.test(text)) throw new Error(`${entry} has no default export`);
  return { source: `(() => {\n${text.replace(EXPORT, 'return $1;\n')}})()`, inputs: Object.keys(metafile.inputs) };
}
