import type {
  ClaimAnswer,
  FoundSuspension,
  SettledState,
  StoredMessage,
  StoredSuspension,
  SuspensionOutcome,
  SuspensionState,
  SuspensionSummary,
} from '../api/suspension-store.js';
import { packMessage, unpackMessage } from '../codec/message-pack.js';
import { damagedData } from '../suspension/server/failures.js';
import { fromServerText, toServerText } from '../suspension/server/text.js';

/** A driver may give a bigint as a string. */
type Big = string | number | bigint;

/** A suspension, as the statements give it. */
export interface SuspensionRow {
  readonly run_id: string;
  readonly generation: number;
  readonly state: SuspensionState;
  readonly created_at: Big;
  readonly expires_at: Big;
  readonly tenant: string | null;
  readonly deployment: string;
  readonly stored_due_at: Big | null;
  readonly due_at: Big | null;
  readonly info: Uint8Array;
  readonly envelope_bytes: number;
  readonly envelope: Uint8Array | null;
  readonly owner: string | null;
  readonly lease_until: Big | null;
  readonly fence: number | null;
  readonly content: Uint8Array | null;
  readonly settled_at: Big | null;
  readonly keep_until: Big | null;
}

export type SummaryRow = Omit<SuspensionRow, 'info' | 'due_at'> & {
  readonly stored_bytes: number | null;
  readonly is_shown: boolean;
  readonly info: Uint8Array | null;
};

/** An outcome, or what the claim gives. */
export interface AnswerRow {
  readonly o_kind: 'claimed' | 'message' | 'leased' | 'expired' | 'settled' | 'fenced' | 'recorded';
  readonly o_fence: number;
  readonly o_losses: number;
  readonly o_due: Big | null;
  readonly o_until: Big;
  readonly o_id: string;
  readonly o_bytes: Uint8Array;
  readonly o_state: SettledState;
  readonly o_settled: Big;
  readonly o_keep: Big;
}

export function idOf({ run_id, generation }: Pick<SuspensionRow, 'run_id' | 'generation'>): string {
  return `${run_id}.${generation}`;
}

const RUN_ID_LENGTH = 22;
/** Later than all generations as text, which have digits only. */
const AFTER_ALL = ':';

/** The run, and the generation as text, after which the ids come that are after any text. */
export function placeOf(after: string): readonly [run: string, generation: string] {
  const run = after.slice(0, RUN_ID_LENGTH);
  const [sign = '', generation] = [after.charAt(RUN_ID_LENGTH), after.slice(RUN_ID_LENGTH + 1)];
  return [run, sign === '.' ? generation : sign > '.' ? AFTER_ALL : ''];
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
export function foundOf(row: SuspensionRow): FoundSuspension {
  const { state, envelope, owner, lease_until, fence, content, settled_at, keep_until } = row;
  const found = { id: idOf(row), state, ...timesOf(row), ...ownersOf(row), info: infoOf(row) };
  if (content !== null) {
    const outcome = { state: state as SettledState, content, settledAtMs: ms(settled_at), keepUntilMs: ms(keep_until) };
    return { ...found, outcome };
  }
  const waiting = { ...found, ...(row.due_at !== null && { dueAtMs: ms(row.due_at) }), ...(envelope && { envelope }) };
  if (state !== 'resuming') return waiting;
  const lease = { owner: fromServerText(owner ?? ''), leaseUntilMs: ms(lease_until), fence: Number(fence) };
  return { ...waiting, lease };
}

/** @throws NexusError SUSPENSION_INCOMPATIBLE */
export function summaryOf(row: SummaryRow): SuspensionSummary {
  const { state, stored_due_at, envelope_bytes, stored_bytes } = row;
  return {
    ...{ id: idOf(row), state, ...timesOf(row), envelopeBytes: envelope_bytes, ...ownersOf(row), info: infoOf(row) },
    ...(stored_bytes !== null && { storedBytes: stored_bytes }),
    ...(stored_due_at !== null && { dueAtMs: ms(stored_due_at) }),
  };
}

export function outcomeOf({ o_bytes, o_state, o_settled, o_keep }: AnswerRow): SuspensionOutcome {
  return { state: o_state, content: o_bytes, settledAtMs: ms(o_settled), keepUntilMs: ms(o_keep) };
}

/** The first row is the answer, and those behind it are messages. */
export function claimAnswerOf([row, ...mail]: readonly AnswerRow[]): ClaimAnswer {
  switch (row?.o_kind) {
    case 'claimed': {
      const { o_fence: fence, o_losses: losses, o_due, o_bytes: envelope } = row;
      const messages: StoredMessage[] = mail.map((one) => ({ id: fromServerText(one.o_id), content: one.o_bytes }));
      return { kind: 'claimed', fence, envelope, messages, losses, ...(o_due !== null && { dueAtMs: ms(o_due) }) };
    }
    case 'leased':
      return { kind: 'leased', untilMs: ms(row.o_until) };
    case 'expired':
      return { kind: 'expired' };
    case 'settled':
      return row.o_state === 'expired' ? { kind: 'expired' } : { kind: 'settled', outcome: outcomeOf(row) };
    default:
      return { kind: 'unknown' };
  }
}

/** In the order of the parameters of `settle_suspension`. */
export function valuesOf(suspension: StoredSuspension | undefined): unknown[] {
  if (suspension === undefined) return new Array(7).fill(null);
  const { createdAtMs, expiresAtMs, tenant, dueAtMs, deployment = '', info, envelope } = suspension;
  const owner = tenant === undefined ? null : toServerText(tenant);
  return [createdAtMs, expiresAtMs, owner, dueAtMs ?? null, deployment, packMessage(info), envelope];
}

export function ownersOf({ tenant, deployment }: Pick<SuspensionRow, 'tenant' | 'deployment'>) {
  return { ...(tenant !== null && { tenant: fromServerText(tenant) }), ...(deployment !== '' && { deployment }) };
}

function timesOf({ created_at, expires_at }: Pick<SuspensionRow, 'created_at' | 'expires_at'>) {
  return { createdAtMs: ms(created_at), expiresAtMs: ms(expires_at) };
}

function infoOf(row: Pick<SuspensionRow, 'run_id' | 'generation'> & { readonly info: Uint8Array | null }) {
  try {
    const info = unpackMessage(row.info ?? new Uint8Array());
    if (typeof info === 'object' && info !== null && !Array.isArray(info)) return info as Record<string, unknown>;
  } catch {}
  throw damagedData(idOf(row), 'its info is no object as MessagePack');
}

function ms(given: Big | null): number {
  return Number(given ?? 0);
}
