import { MalformedMessageError } from '../../codec/message-reader.js';
import {
  binary,
  count,
  dictionary,
  either,
  list,
  oneOf,
  readShaped,
  record,
  type Shape,
  text,
} from '../../codec/message-shape.js';
import {
  MAX_DEPLOYMENT_LENGTH,
  MAX_ID_LENGTH,
  MAX_INFO_BYTES,
  MAX_MESSAGES,
  MAX_OWNER_LENGTH,
  MAX_TENANT_LENGTH,
  MAX_VERSION,
} from '../check.js';
import { incompatible } from '../incompatible.js';
import type { LifecycleState } from '../lifecycle.js';
import type { SuspensionFacts } from '../views.js';

/** A part after the header, with its SHA-256. */
export interface Part {
  readonly bytes: number;
  readonly digest: Uint8Array;
}

/** A {@link LifecycleState} in a header: the content of its outcome is a part. */
export type LifecycleHeader =
  | Exclude<LifecycleState, { state: 'settled' }>
  | (Omit<Extract<LifecycleState, { state: 'settled' }>, 'outcome'> & {
      readonly outcome: Omit<Extract<LifecycleState, { state: 'settled' }>['outcome'], 'content'>;
    });

/** The suspension that this record moved, and its new state. */
export interface TransitionHeader {
  readonly id: string;
  readonly standing: LifecycleHeader;
  readonly content: Part;
}

/** A suspension that starts with this record. */
export interface BeginningHeader {
  readonly facts: SuspensionFacts;
  readonly envelope: Part;
}

/**
 * The content of one file: the start of a suspension, a transition, or both atomically, for two generations
 * of a run.
 */
export interface RecordHeader {
  readonly transition?: TransitionHeader;
  readonly beginning?: BeginningHeader;
}

/** How a record names a message: see `messageKey`. */
const MESSAGE_KEY_LENGTH = 32;
/** The info, two lists of messages, plus ids, times, an owner, digests. */
export const MAX_HEADER_BYTES = MAX_INFO_BYTES + 2 * MAX_MESSAGES * (MESSAGE_KEY_LENGTH + 2) + 16 * 1024;
/** Small values count as more than their size. */
const BOUNDS = { maxBytes: 2 * MAX_HEADER_BYTES, maxValues: 200_000 };
const DIGEST_BYTES = 32;

const version: Shape<number> = (value) =>
  count(value) ?? ((value as number) > MAX_VERSION ? `is more than ${MAX_VERSION}` : undefined);
const part = record({ bytes: count, digest: binary(DIGEST_BYTES) });
const moment = { version, expiresAtMs: count };
const messages = list(text(MESSAGE_KEY_LENGTH), MAX_MESSAGES);
const wake = { dueAtMs: count, seen: messages };

const standing: Shape<LifecycleHeader> = either(
  record({ ...moment, state: oneOf('suspended') }, wake),
  either(
    record(
      { ...moment, state: oneOf('resuming'), fence: count, owner: text(MAX_OWNER_LENGTH), leaseUntilMs: count },
      { ...wake, losses: version, claimed: messages },
    ),
    record(
      {
        ...moment,
        state: oneOf('settled'),
        outcome: record({
          state: oneOf('completed', 'failed', 'continued', 'cancelled', 'expired'),
          settledAtMs: count,
          keepUntilMs: count,
        }),
      },
      { consumed: messages },
    ),
  ),
) as Shape<LifecycleHeader>;

const anything: Shape<unknown> = () => undefined;

const header: Shape<RecordHeader> = record(
  {},
  {
    transition: record({ id: text(MAX_ID_LENGTH), standing, content: part }),
    beginning: record({
      facts: record(
        { id: text(MAX_ID_LENGTH), createdAtMs: count, expiresAtMs: count, info: dictionary(anything) },
        { tenant: text(MAX_TENANT_LENGTH), dueAtMs: count, deployment: text(MAX_DEPLOYMENT_LENGTH) },
      ),
      envelope: part,
    }),
  },
);

/**
 * Reads a header; every field must be known and within its bounds. A seal alone is not enough, because anyone
 * who can write to the directory can read its key.
 *
 * @throws NexusError SUSPENSION_INCOMPATIBLE
 */
export function readHeader(bytes: Uint8Array): RecordHeader {
  try {
    return readShaped(bytes, BOUNDS, header);
  } catch (error) {
    if (error instanceof MalformedMessageError) throw incompatible('content', `has a header that ${error.message}`);
    throw error;
  }
}
