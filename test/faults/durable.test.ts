import { describe, expect, it } from 'vitest';

import { runCampaign } from '../support/campaign.js';

describe('the campaign of durable runs', () => {
  it('passes in its quick form', async () => {
    const { stdout, code } = await runCampaign(new URL('durable.mjs', import.meta.url));
    expect(stdout).toContain('8 passed, 0 failed');
    expect(code).toBe(0);
  }, 600_000);
});
