// The fault campaign of the stores of suspended handlers: `node test/faults/suspension.mjs [--quick]`. Prints a figure for
// each fault.
import { runCampaign } from './lib/campaign.mjs';

await runCampaign(new URL('./suspension/', import.meta.url));
