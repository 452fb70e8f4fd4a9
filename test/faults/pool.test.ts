import { describe, expect, it } from 'vitest';

import { runCampaign } from '../support/campaign.js';

describe('the fault campaign of the pool', () => {
  it('passes in its quick form', async () => {
    const { stdout, code } = await runCampaign(new URL('pool.mjs', import.meta.url));
    expect(stdout).toContain('6 passed, 0 failed');
    expect(code).toBe(0);
  }, 600_000);
});
