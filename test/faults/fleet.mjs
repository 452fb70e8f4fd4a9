// Runs distributed over processes by BullMQ, over kills, drains, lost and repeated tasks: `node test/faults/fleet.mjs [--quick] [--runs N]
// [--kills N]`. It starts servers of its own, from the installed redis-server and PostgreSQL.
import { runCampaign } from './lib/campaign.mjs';

const text = { type: 'string' };
await runCampaign(new URL('./fleet/', import.meta.url), { runs: text, kills: text });
