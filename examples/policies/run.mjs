// Bundles the application, because Node 20 does not run TypeScript, and starts it.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

// Inside of the package, so that `nexus-runtime` means this package.
const outfile = fileURLToPath(new URL('../../build/examples/policies.mjs', import.meta.url));
const entry = fileURLToPath(new URL('main.ts', import.meta.url));
await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  logLevel: 'warning',
});

process.env.RULES = new URL('handlers/', import.meta.url).href;
await import(outfile);
