import { describe, expect, it } from 'vitest';

import { runCampaign } from '../support/campaign.js';
import { CHROMIUM, titleOf } from '../support/servers/installed.mjs';

describe.skipIf(CHROMIUM === undefined)(titleOf('the campaign of the pages', CHROMIUM, 'Chromium'), () => {
  it('passes in its quick form', async () => {
    const { stdout, code } = await runCampaign(new URL('pages.mjs', import.meta.url));
    expect(stdout).toContain('3 passed, 0 failed');
    expect(code).toBe(0);
  }, 600_000);
});
