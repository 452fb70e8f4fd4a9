// The fault campaign of the cache: `node test/faults/cache.mjs [--quick]`. Prints a figure for each fault.
import { readdirSync } from 'node:fs';

import { runCampaign } from './lib/campaign.mjs';

const folder = new URL('./cache/', import.meta.url);
const modules = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
await runCampaign(modules.sort().map((name) => new URL(name, folder)));
