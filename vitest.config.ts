import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { PlainSummary } from './test/support/plain-summary.js';
import { SOURCES_URL } from './test/support/sources/assets.js';

/** Nothing that their tests do stays behind: the files need neither a process each nor the modules anew. */
const TOGETHER = [
  ...['capabilities', 'codec', 'config', 'schemas'].map((name) => `test/${name}/**/*.test.ts`),
  // Tests of the stripper of types measure its memory.
  ...['test/source/*.test.ts', 'test/source/!(typescript)/**/*.test.ts'],
];

/** Tests import sources as `#src/…`, and Node imports what the global setup makes of these. */
const SOURCES = fileURLToPath(SOURCES_URL);

export default defineConfig({
  resolve: { alias: [{ find: /^#src\//, replacement: SOURCES }] },
  test: {
    reporters: ['default', new PlainSummary()],
    projects: [
      { extends: true, test: { name: 'together', include: TOGETHER, isolate: false } },
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: TOGETHER } },
    ],
    globalSetup: ['test/support/sources/global-setup.ts'],
    server: { deps: { external: [/\/\.cache\/nexus-runtime\/test\/src\//] } },
    // What is imported there vitest does not know: in watch mode, a change of a source has all tests run again.
    forceRerunTriggers: ['**/src/**/*.ts', '**/vitest.config.*', '**/package.json'],
    setupFiles: ['test/support/fixed-seed.ts'],
    // The workers under test share two cores with us. Three files at once, because some of them wait for servers and clocks.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 3,
  },
});
