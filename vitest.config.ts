import { defineConfig } from 'vitest/config';

import { PlainSummary } from './test/support/plain-summary.js';

export default defineConfig({
  test: {
    reporters: ['default', new PlainSummary()],
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/fixed-seed.ts'],
    // The workers under test share two cores with us.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
