// The fault campaign of the cache: `node test/faults/cache.mjs [--quick]`. Prints a figure for each fault.
import { runCampaign } from './lib/campaign.mjs';

await runCampaign(new URL('./cache/', import.meta.url));
