import { auditLog } from '#src/audit/audit-log.js';

const [, , file = '', secret = ''] = process.argv;
const log = auditLog({ file, secret, maxBytes: 20_000 });
const event = { time: new Date(), runId: 'run', handler: 'ab', capability: 'state:read:a', allowed: true };
for (let uses = 1; ; uses++) {
  log.onAudit({ ...event, uses });
  // By then it is in the midst of its work.
  if (uses === 50) process.send?.('writing');
}
