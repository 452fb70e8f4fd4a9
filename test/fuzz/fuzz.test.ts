import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { runCampaign } from '../support/campaign.js';

const RUN = new URL('run.mjs', import.meta.url);

/** `FUZZ_SEED` looks elsewhere. */
const SEED = process.env['FUZZ_SEED'] ?? '1';

describe('generated cases, in the short form', () => {
  const targets = [
    'programs',
    'awaits',
    'bytecode',
    'outcomes',
    'contexts',
    'envelopes',
    'images',
    'records',
    'recordings',
    'messages',
    'intl',
    'cryptography',
    'timers',
    'requests',
  ];

  it('generated cases of all targets find nothing', async () => {
    const { stdout, code } = await runCampaign(RUN, [...targets, '--short', '--seed', SEED]);
    for (const target of targets) expect(stdout).toMatch(new RegExp(`^${target}: [1-9][\\d,]* cases, 0 findings`, 'm'));
    expect(stdout).toContain('nothing found');
    expect(code).toBe(0);
  }, 600_000);
});

describe('a campaign', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nexus-fuzz-test-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('a campaign that is resumed begins behind the last case that was run', async () => {
    const file = join(directory, 'state.json');
    await runCampaign(RUN, ['messages', '--cases', '30', '--resume', file]);
    const { stdout } = await runCampaign(RUN, ['messages', '--cases', '50', '--resume', file]);
    expect(stdout).toMatch(/^messages: 50 cases/m);
    expect(stdout).toMatch(/^20 cases, seed 1/m);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ seed: 1, targets: { messages: { next: 50 } } });
  });

  it('a campaign with the state of another seed is refused', async () => {
    const file = join(directory, 'other.json');
    await writeFile(file, JSON.stringify({ version: 1, seed: 7, targets: {} }));
    const { code } = await runCampaign(RUN, ['messages', '--cases', '1', '--resume', file]);
    expect(code).toBe(1);
  });

  it('a campaign of an unknown target is refused, with the names of the known ones', async () => {
    const { stderr, code } = await runCampaign(RUN, ['nothing']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no target "nothing": .*outcomes/);
  });
});
