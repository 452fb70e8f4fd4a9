import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

describe('a generated page of the documentation', () => {
  it.each([
    ['docs/configuration.md', 'scripts/pages/configuration.mjs'],
    ['docs/libraries.md', 'scripts/pages/libraries.mjs'],
    ['docs/metrics.md', 'scripts/pages/metrics.mjs'],
    ['docs/security/engine-advisories.md', 'scripts/pages/advisories.mjs'],
  ])('%s is what %s writes', async (_page, script) => {
    const { stderr } = await promisify(execFile)(process.execPath, [path(script), '--check']);
    expect(stderr).toBe('');
  });
});
