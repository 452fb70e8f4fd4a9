import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const campaign = fileURLToPath(new URL('run.mjs', import.meta.url));

describe('hostile programs, each followed by an innocent one', () => {
  it('come to what they may and leave nothing behind, in the quick form', async () => {
    const { stdout, code } = await promisify(execFile)(process.execPath, [campaign, '--quick']).then(
      (result) => ({ ...result, code: 0 }),
      (error) => error as { stdout: string; code: number },
    );
    // The output names what was violated.
    expect(stdout).toMatch(/^[1-9]\d\d passed, 0 failed$/m);
    expect(code).toBe(0);
  }, 180_000);
});
