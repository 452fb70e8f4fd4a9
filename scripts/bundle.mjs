// Bundles what ships. A cold start is mostly reading and linking modules, and the sources are many small files: bundled,
// the first result of a process comes some 20 ms earlier. Dependencies stay outside, so that npm can resolve and pin them.
import { cp } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

await build({
  entryPoints: { index: path('build/index.js'), 'pool/worker': path('build/pool/worker.js') },
  outdir: path('dist'),
  // Beside the entry: the URL of the worker is relative to wherever its code ends up.
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: true,
  logLevel: 'warning',
});
await cp(path('build/guest/prelude.image'), path('dist/guest/prelude.image'));
await cp(path('build'), path('dist/types'), {
  recursive: true,
  filter: (source) => !/\.[^/]+$/.test(source) || source.endsWith('.d.ts'),
});
