// Runs of a fleet, with stores on servers and queues of BullMQ, over kills, pauses, failovers, lost tasks and bad connections:
// `node test/faults/fleet.mjs [--quick] [--only queue-flushed,proxy] [--runs N] [--kills N] [--pairs postgres/redis] [--seconds N]`. It starts servers of its own, from the installed redis-server and PostgreSQL.
import { runCampaign } from './lib/campaign.mjs';

const text = { type: 'string' };
await runCampaign(new URL('./fleet/', import.meta.url), { runs: text, kills: text, pairs: text, seconds: text });
