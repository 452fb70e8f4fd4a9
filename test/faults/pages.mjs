// The pages of the server in a browser, for long and with much on them: `node test/faults/pages.mjs [--quick] [--minutes 10]`. It needs Chromium.
import { CHROMIUM } from '../support/servers/installed.mjs';
import { runCampaign } from './lib/campaign.mjs';

if (CHROMIUM === undefined) console.log('left out: Chromium is not installed');
else await runCampaign(new URL('./pages/', import.meta.url), { minutes: { type: 'string', default: '10' } });
