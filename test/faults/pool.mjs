// The fault campaign of the pool: `node test/faults/pool.mjs [--quick]`. Prints a figure for each fault.
import { runCampaign } from './lib/campaign.mjs';

await runCampaign(new URL('./pool/', import.meta.url));
