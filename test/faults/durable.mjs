// Runs that were started, over kills and pauses of the processes that work on them: `node test/faults/durable.mjs [--quick] [--runs N]
// [--kills N] [--seconds N] [--first N] [--store files|memory] [--only WORD]`. Each call answers with a fresh random token, so that a segment that
// counted twice would show. Prints a figure for each fault. After `--seconds`, a fault begins nothing more and ends with what it has, so that a long
// campaign may be run in pieces; `--first` is the first operation at which a process is killed.
import { runCampaign } from './lib/campaign.mjs';

const text = { type: 'string' };
const options = { runs: text, kills: text, seconds: text, first: text, store: text };
await runCampaign(new URL('./durable/', import.meta.url), options);
