import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { PlainSummary } from './test/support/plain-summary.js';

/** Tests import sources as `#src/…`. The files beside the code, which are made of sources, lie elsewhere then. */
const ASSETS = fileURLToPath(new URL('test/support/sources/assets.ts', import.meta.url));

export default defineConfig({
  resolve: { alias: [{ find: /^(#src|\.\.?(\/\.\.)*)\/assets\.js$/, replacement: ASSETS }] },
  test: {
    reporters: ['default', new PlainSummary()],
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/sources/global-setup.ts'],
    setupFiles: ['test/support/fixed-seed.ts'],
    // The workers under test share two cores with us.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
