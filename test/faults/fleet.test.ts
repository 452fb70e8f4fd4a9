import { describe, expect, it } from 'vitest';

import { runCampaign } from '../support/campaign.js';
import { POSTGRES, REDIS, titleOf } from '../support/servers/installed.mjs';

const SERVERS = REDIS && POSTGRES;

describe.skipIf(SERVERS === undefined)(
  titleOf('the campaign of a fleet', SERVERS, 'redis-server or PostgreSQL'),
  () => {
    it('passes in its quick form', async () => {
      const { stdout, code } = await runCampaign(new URL('fleet.mjs', import.meta.url));
      expect(stdout).toContain('5 passed, 0 failed');
      expect(code).toBe(0);
    }, 600_000);
  },
);
