// Races of answers to one suspension: `node test/faults/answers.mjs [--quick] [--races N] [--seed N]`. Prints a figure for each
// kind of store.
import { runCampaign } from './lib/campaign.mjs';

await runCampaign(new URL('./answers/', import.meta.url), { races: { type: 'string' }, seed: { type: 'string' } });
