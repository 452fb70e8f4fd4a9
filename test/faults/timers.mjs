// Timers and requests of suspended handlers over restarts and kills of processes: `node test/faults/timers.mjs [--quick] [--handlers N]
// [--seed N]`. A handler sets two timers and makes two requests. Prints a figure for each way in which processes end.
import { runCampaign } from './lib/campaign.mjs';

await runCampaign(new URL('./timers/', import.meta.url), { handlers: { type: 'string' }, seed: { type: 'string' } });
