// Programs with approvals, over kills of the processes that run them: `node test/faults/code-mode.mjs [--quick] [--runs N] [--kills N]`.
// Prints a figure for each fault.
import { runCampaign } from './lib/campaign.mjs';

const text = { type: 'string' };
await runCampaign(new URL('./code-mode/', import.meta.url), { runs: text, kills: text });
