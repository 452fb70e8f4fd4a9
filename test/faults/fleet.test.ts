import { describe, expect, it } from 'vitest';

import { runCampaign } from '../support/campaign.js';
import { POSTGRES, REDIS } from '../support/servers/installed.js';

describe.skipIf(POSTGRES === undefined || REDIS === undefined)('the campaign of a fleet', () => {
  it('passes in its quick form', async () => {
    const { stdout, code } = await runCampaign(new URL('fleet.mjs', import.meta.url));
    expect(stdout).toContain('5 passed, 0 failed');
    expect(code).toBe(0);
  }, 600_000);
});
