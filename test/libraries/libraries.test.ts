import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const CAMPAIGN = fileURLToPath(new URL('./run.mjs', import.meta.url));
/** Rows whose packages are installed here. All of them are `npm run test:libraries`. */
const ROWS = ['lodash `', 'handlebars', 'jsonata', 'valibot', 'yaml', '@noble/hashes'];

it('packages by name do in a handler what they do in Node, as docs/libraries.md has it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [CAMPAIGN, '--installed', '--only', ROWS.join()]);
  expect(stdout).toMatch(/\b8 passed, 0 failed/);
}, 120_000);
