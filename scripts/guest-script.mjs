// Bundles a module of src/guest into one script for the engine, whose value is the module's default export.
import { build } from 'esbuild';

const EXPORT = /export \{\s*(\w+) as default\s*\};\s*$/;

/** @param {string} entry path of the module */
export async function bundleGuestScript(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    legalComments: 'none',
    logLevel: 'warning',
  });
  const text = outputFiles[0].text;
  if (!EXPORT.test(text)) throw new Error(`${entry} has no default export`);
  return `(() => {\n${text.replace(EXPORT, 'return $1;\n')}})()`;
}
