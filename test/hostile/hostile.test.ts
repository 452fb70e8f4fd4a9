import { describe, expect, it } from 'vitest';

import { runCampaign } from '../support/campaign.js';

describe('hostile programs, each followed by an innocent one', () => {
  it('come to what they may and leave nothing behind, in the quick form', async () => {
    const { stdout, code } = await runCampaign(new URL('run.mjs', import.meta.url));
    expect(stdout).toMatch(/^[1-9]\d\d passed, 0 failed$/m);
    expect(code).toBe(0);
  }, 600_000);
});
