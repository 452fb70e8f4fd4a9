import type {
  ClaimAnswer,
  FoundSuspension,
  SettledState,
  StoredMessage,
  StoredSuspension,
  SuspensionOutcome,
  SuspensionSummary,
} from '../api/suspension-store.js';
import { packMessage, unpackMessage } from '../codec/message-pack.js';
import { NexusError } from '../errors/nexus-error.js';
import { damagedData } from '../suspension/server/failures.js';
import { fromServerText, toServerText } from '../suspension/server/text.js';
import { factsOf, type SuspensionFacts } from '../suspension/views.js';

const STATES: readonly SettledState[] = ['completed', 'failed', 'continued', 'cancelled', 'expired'];
/** A state, a nonce, two times, two sizes. The script that records an outcome writes the sizes. */
const NONCE_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES + 8 + 8;
const SIZES_BYTES = 8;
const LENGTH_BYTES = 2;

type Facts = Omit<SuspensionFacts, 'id'>;

/** State, facts, envelope and outcome, as the scripts return them. */
export type RecordParts = readonly [
  generation: Buffer,
  state: Buffer,
  facts: Buffer,
  envelope: Buffer,
  outcome?: Buffer | null,
];

export function packFacts(suspension: StoredSuspension): Buffer {
  const { id: _, tenant, ...facts } = factsOf(suspension);
  return Buffer.from(packMessage({ ...facts, ...(tenant !== undefined && { tenant: toServerText(tenant) }) }));
}

export function packHead(outcome: Omit<SuspensionOutcome, 'content'>, nonce: string): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(STATES.indexOf(outcome.state), 0);
  head.write(nonce, 1, NONCE_BYTES, 'latin1');
  head.writeDoubleBE(outcome.settledAtMs, 1 + NONCE_BYTES);
  head.writeDoubleBE(outcome.keepUntilMs, 1 + NONCE_BYTES + 8);
  return head;
}

export function packMessageHead(id: string, nonce: string): Buffer {
  const text = Buffer.from(toServerText(id));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(text.length);
  return Buffer.concat([length, text, Buffer.from(nonce, 'latin1')]);
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
export function foundOf(runId: string, parts: RecordParts): FoundSuspension | undefined {
  const [generation, state, facts, envelope, outcome] = parts;
  const id = `${runId}.${generation.toString()}`;
  return readable(id, () => {
    if (state.length === 0) return outcome == null ? undefined : settledOf(id, outcome);
    const { dueAtMs: _, ...rest } = unpackFacts(facts);
    const { isResuming, fence, dueAtMs, leaseUntilMs, owner } = unpackState(state);
    const due = dueAtMs !== undefined && { dueAtMs };
    const waiting = { id, ...rest, state: 'suspended' as const, ...due, envelope };
    if (!isResuming) return waiting;
    return { ...waiting, state: 'resuming' as const, lease: { owner, leaseUntilMs, fence } };
  });
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
export function summaryOf(line: readonly [id: Buffer, state: Buffer, facts: Buffer, bytes: number]): SuspensionSummary {
  const [name, state, facts, bytes] = line;
  const id = name.toString();
  return readable(id, () => {
    if (state.length > 0) {
      const now = unpackState(state).isResuming ? ('resuming' as const) : ('suspended' as const);
      return { id, ...unpackFacts(facts), state: now, envelopeBytes: bytes };
    }
    const { outcome, envelopeBytes, facts: kept } = unpackOutcome(facts);
    return { id, ...kept, state: outcome.state, envelopeBytes, storedBytes: bytes };
  });
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
export function outcomeOf(id: string, bytes: Buffer): SuspensionOutcome {
  return readable(id, () => unpackOutcome(bytes).outcome);
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
export function claimAnswerOf(id: string, answer: readonly unknown[]): ClaimAnswer {
  const [kind, ...rest] = answer as [Buffer, ...unknown[]];
  switch (kind.toString()) {
    case 'claimed': {
      const [fence, losses, due, envelope, mail] = rest as [number, number, number, Buffer, readonly Buffer[]];
      const messages = messagesOf(id, mail);
      return { kind: 'claimed', fence, envelope, messages, losses, ...(due >= 0 && { dueAtMs: due }) };
    }
    case 'leased':
      return { kind: 'leased', untilMs: rest[0] as number };
    case 'expired':
      return { kind: 'expired' };
    case 'settled': {
      const outcome = outcomeOf(id, rest[0] as Buffer);
      return outcome.state === 'expired' ? { kind: 'expired' } : { kind: 'settled', outcome };
    }
    default:
      return { kind: 'unknown' };
  }
}

/**
 * The messages of a mailbox, in order.
 *
 * @param mail names and values of a hash, by turns
 * @throws NexusError SUSPENSION_INCOMPATIBLE
 */
export function messagesOf(id: string, mail: readonly Buffer[]): readonly StoredMessage[] {
  return readable(id, () => {
    const found: { readonly seq: number; readonly message: StoredMessage }[] = [];
    for (let index = 0; index < mail.length; index += 2) {
      const seq = Number((mail[index] as Buffer).toString());
      if (Number.isNaN(seq)) continue;
      const kept = mail[index + 1] as Buffer;
      const end = LENGTH_BYTES + kept.readUInt16BE(0);
      const name = fromServerText(kept.subarray(LENGTH_BYTES, end).toString());
      found.push({ seq, message: { id: name, content: kept.subarray(end + NONCE_BYTES) } });
    }
    return found.sort((a, b) => a.seq - b.seq).map(({ message }) => message);
  });
}

export function unpackFacts(bytes: Uint8Array): Facts {
  const facts = unpackMessage(bytes) as Facts;
  const { info, tenant } = facts;
  if (typeof info !== 'object' || info === null || !Number.isSafeInteger(facts.expiresAtMs))
    throw new Error('its facts are none');
  return tenant === undefined ? facts : { ...facts, tenant: fromServerText(tenant) };
}

/** The order is that of `m` in the scripts. */
function unpackState(bytes: Buffer) {
  const state = unpackMessage(bytes) as readonly unknown[];
  const [, fence, resuming, , due, , , leaseUntilMs, , owner] = state;
  return {
    isResuming: resuming === 1,
    fence: Number(fence),
    dueAtMs: typeof due === 'number' ? due : undefined,
    leaseUntilMs: Number(leaseUntilMs),
    owner: fromServerText(String(owner)),
  };
}

function settledOf(id: string, bytes: Buffer): FoundSuspension {
  const { outcome, facts } = unpackOutcome(bytes);
  const { dueAtMs: _, ...rest } = facts;
  return { id, ...rest, state: outcome.state, outcome };
}

function unpackOutcome(bytes: Buffer) {
  const state = STATES[bytes.readUInt8(0)];
  if (state === undefined) throw new Error('its outcome has no state');
  const settledAtMs = bytes.readDoubleBE(1 + NONCE_BYTES);
  const keepUntilMs = bytes.readDoubleBE(1 + NONCE_BYTES + 8);
  const start = HEAD_BYTES + SIZES_BYTES;
  const end = start + bytes.readUInt32BE(HEAD_BYTES + 4);
  const outcome: SuspensionOutcome = { state, content: bytes.subarray(end), settledAtMs, keepUntilMs };
  return { outcome, envelopeBytes: bytes.readUInt32BE(HEAD_BYTES), facts: unpackFacts(bytes.subarray(start, end)) };
}

function readable<T>(id: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NexusError) throw error;
    throw damagedData(id, (error as Error).message);
  }
}
