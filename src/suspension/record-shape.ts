import { byField, bytes, fields, object, oneOf, optional, type Shape, ShapeError, text, whole } from '../contract/shapes.js';
import { MAX_ID_LENGTH, MAX_OWNER_LENGTH, MAX_TENANT_LENGTH, MAX_VERSION } from './check.js';
import { incompatible } from './incompatible.js';
import type { RecordHeader, StandingHeader } from './record.js';

const DIGEST_BYTES = 32;

const time = whole();
const version = whole(MAX_VERSION);
const part = fields({ bytes: whole(), digest: bytes(DIGEST_BYTES) });
const moment = { version, expiresAtMs: time };

const standing: Shape<StandingHeader> = byField<StandingHeader>('state', {
  suspended: fields({ ...moment, state: oneOf(['suspended']) }),
  resuming: fields({
    ...moment,
    state: oneOf(['resuming']),
    fence: version,
    owner: text(MAX_OWNER_LENGTH),
    leaseUntilMs: time,
  }),
  settled: fields({
    ...moment,
    state: oneOf(['settled']),
    outcome: fields({
      state: oneOf(['completed', 'failed', 'continued', 'cancelled', 'expired']),
      settledAtMs: time,
      keepUntilMs: time,
    }),
  }),
});

const header = fields({
  transition: optional(fields({ id: text(MAX_ID_LENGTH), standing, content: part })),
  beginning: optional(
    fields({
      facts: fields({
        id: text(MAX_ID_LENGTH),
        createdAtMs: time,
        expiresAtMs: time,
        tenant: optional(text(MAX_TENANT_LENGTH)),
        info: object,
      }),
      envelope: part,
    }),
  ),
});

/**
 * What a header says, with every field known and within its bounds. A seal alone is not enough: whoever can write the directory has its key.
 *
 * @throws NexusError SUSPENSION_INCOMPATIBLE
 */
export function checkHeader(data: unknown): RecordHeader {
  try {
    return header(data, 'header');
  } catch (error) {
    if (error instanceof ShapeError) throw incompatible('content', `has a header that is not one: ${error.message}`);
    throw error;
  }
}
