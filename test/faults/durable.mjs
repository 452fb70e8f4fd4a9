// Runs that were started, over kills and pauses of the processes that work on them: `node test/faults/durable.mjs [--quick] [--runs N]
// [--kills N] [--only WORD]`. Each call answers with a fresh random token, so that a segment that counted twice would show. Prints a figure for
// each fault.
import { runCampaign } from './lib/campaign.mjs';

const text = { type: 'string' };
await runCampaign(new URL('./durable/', import.meta.url), { runs: text, kills: text, store: text });
