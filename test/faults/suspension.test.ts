import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const campaign = fileURLToPath(new URL('suspension.mjs', import.meta.url));

describe('the fault campaign of the stores of suspended handlers', () => {
  it('passes in its quick form', async () => {
    const { stdout, code } = await promisify(execFile)(process.execPath, [campaign, '--quick']).then(
      (result) => ({ ...result, code: 0 }),
      (error) => error as { stdout: string; code: number },
    );
    // The output names what was violated.
    expect(stdout).toContain('7 passed, 0 failed');
    expect(code).toBe(0);
  }, 180_000);
});
