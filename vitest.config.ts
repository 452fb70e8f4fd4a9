import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { PlainSummary } from './test/support/plain-summary.js';
import { SOURCES_URL } from './test/support/sources/assets.js';

/** Tests import sources as `#src/…`, and Node imports what the global setup makes of these. */
const SOURCES = fileURLToPath(SOURCES_URL);

export default defineConfig({
  resolve: { alias: [{ find: /^#src\//, replacement: SOURCES }] },
  test: {
    reporters: ['default', new PlainSummary()],
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/sources/global-setup.ts'],
    server: { deps: { external: [/\/\.cache\/nexus-runtime\/test\/src\//] } },
    // What is imported there vitest does not know: in watch mode, a change of a source has all tests run again.
    forceRerunTriggers: ['**/src/**/*.ts', '**/vitest.config.*', '**/package.json'],
    setupFiles: ['test/support/fixed-seed.ts'],
    // The workers under test share two cores with us.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
