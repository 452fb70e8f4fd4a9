import { randomInt } from 'node:crypto';

import type {
  SettleAnswer,
  SettledState,
  StoredSuspension,
  SuspensionLease,
  SuspensionOutcome,
  SuspensionState,
} from '../api/suspension-store.js';
import { isAllowed, type Transition, type TransitionInput } from './transitions.js';

/** For how long an expired suspension is reported as expired instead of unknown. */
const EXPIRED_KEPT_MS = 24 * 60 * 60 * 1000;
/** With a version of up to 30 bits, a fence is a safe integer. */
const FENCES_OF_A_VERSION = 2 ** 23;

/**
 * The state of a suspension. It is pure data: each store keeps it in its own way, and all use the same
 * decisions.
 */
export type LifecycleState = {
  /** The number of transitions so far. */
  readonly version: number;
  readonly expiresAtMs: number;
} & (
  | ({ readonly state: 'suspended' } & Wake)
  | ({
      readonly state: 'resuming';
      readonly fence: number;
      readonly owner: string;
      readonly leaseUntilMs: number;
      /** Claims before it that lapsed, one after the other. */
      readonly losses?: number;
      /** The messages that its claimant has. */
      readonly claimed?: readonly string[];
    } & Wake)
  | {
      readonly state: 'settled';
      readonly outcome: SuspensionOutcome;
      /** Messages that are in the outcome. */
      readonly consumed?: readonly string[];
    }
);

/** What makes a suspension due. Messages are named as their store names them. */
export interface Wake {
  readonly dueAtMs?: number;
  /** Messages that were looked at, and do not make it due. */
  readonly seen?: readonly string[];
}

/** The answer, and the next state if something changes: the answer is valid only if the change is made. */
export interface Decision<Answer> {
  readonly answer: Answer;
  readonly next?: LifecycleState;
}

/** The part of a claim's answer that does not need the envelope. */
export type ClaimDecision =
  | { readonly kind: 'claimed'; readonly fence: number; readonly dueAtMs?: number; readonly losses: number }
  | { readonly kind: 'leased'; readonly untilMs: number }
  | { readonly kind: 'settled'; readonly outcome: SuspensionOutcome }
  | { readonly kind: 'expired' };

export function initialLifecycle({
  expiresAtMs,
  dueAtMs,
}: Pick<StoredSuspension, 'expiresAtMs' | 'dueAtMs'>): LifecycleState {
  return { version: 0, expiresAtMs, state: 'suspended', ...wakeAt(dueAtMs) };
}

function wakeAt(dueAtMs: number | undefined): Wake {
  return dueAtMs === undefined ? {} : { dueAtMs };
}

export function stateOf(lifecycle: LifecycleState): SuspensionState {
  return lifecycle.state === 'settled' ? lifecycle.outcome.state : lifecycle.state;
}

/**
 * A fence is the version after its claim, so that fences only grow, and behind it a random number: an id that is erased and stored again comes to
 * the same versions.
 */
function newFence(version: number): number {
  return version * FENCES_OF_A_VERSION + randomInt(FENCES_OF_A_VERSION);
}

/** The version after the claim that gave a fence. */
export function versionOfFence(fence: number): number {
  return Math.floor(fence / FENCES_OF_A_VERSION);
}

/** @param messages of the run that are not consumed */
export function decideClaim(
  lifecycle: LifecycleState,
  lease: SuspensionLease,
  nowMs: number,
  messages: readonly string[] = [],
): Decision<ClaimDecision> {
  if (lifecycle.state === 'settled') {
    const { outcome } = lifecycle;
    return { answer: outcome.state === 'expired' ? { kind: 'expired' } : { kind: 'settled', outcome } };
  }
  if (lifecycle.state === 'resuming' && !may('reclaim', lifecycle, { nowMs })) {
    return { answer: { kind: 'leased', untilMs: lifecycle.leaseUntilMs } };
  }
  const { version, expiresAtMs, seen } = lifecycle;
  if (nowMs >= expiresAtMs) return { answer: { kind: 'expired' } };
  const fence = newFence(version + 1);
  const { owner, leaseUntilMs } = lease;
  const losses = lifecycle.state === 'resuming' ? (lifecycle.losses ?? 0) + 1 : 0;
  return {
    answer: { kind: 'claimed', fence, ...wakeAt(lifecycle.dueAtMs), losses },
    next: {
      ...{ version: version + 1, expiresAtMs, state: 'resuming', fence, owner, leaseUntilMs },
      ...wakeAt(lifecycle.dueAtMs),
      ...(seen && { seen }),
      ...(losses > 0 && { losses }),
      ...(messages.length > 0 && { claimed: messages }),
    },
  };
}

export function decideRenewal(lifecycle: LifecycleState, fence: number, leaseUntilMs: number): Decision<boolean> {
  if (!may('renew', lifecycle, { fence }) || lifecycle.state !== 'resuming') return { answer: false };
  return { answer: true, next: { ...lifecycle, version: lifecycle.version + 1, leaseUntilMs } };
}

/** @param wake when it is due again, if not as before the claim */
export function decideRelease(
  lifecycle: LifecycleState,
  fence: number,
  wake?: { readonly dueAtMs?: number },
): Decision<boolean> {
  if (!may('release', lifecycle, { fence }) || lifecycle.state !== 'resuming') return { answer: false };
  const { dueAtMs, seen, claimed } = lifecycle;
  const before = { ...wakeAt(dueAtMs), ...(seen && { seen }) };
  const after = wake && { ...wakeAt(wake.dueAtMs), ...(claimed && { seen: claimed }) };
  return { answer: true, next: { ...advance(lifecycle), state: 'suspended', ...(after ?? before) } };
}

/** The transition that leads to an outcome, by the present state. */
const SETTLING: Readonly<Record<SettledState, Readonly<Record<'suspended' | 'resuming', Transition | undefined>>>> = {
  completed: { suspended: undefined, resuming: 'complete' },
  failed: { suspended: undefined, resuming: 'fail' },
  continued: { suspended: undefined, resuming: 'continue' },
  cancelled: { suspended: 'cancel', resuming: 'cancelResuming' },
  expired: { suspended: 'expire', resuming: 'expireResuming' },
};

export function decideSettlement(
  lifecycle: LifecycleState,
  fence: number | undefined,
  outcome: SuspensionOutcome,
  consumed: readonly string[] = [],
): Decision<Exclude<SettleAnswer, { kind: 'unknown' }>> {
  if (lifecycle.state === 'settled') return { answer: { kind: 'settled', outcome: lifecycle.outcome } };
  // A caller with a fence wants it checked, whatever the outcome.
  const isFenceLost = fence !== undefined && !(lifecycle.state === 'resuming' && lifecycle.fence === fence);
  const transition = SETTLING[outcome.state][lifecycle.state];
  if (isFenceLost || transition === undefined || !may(transition, lifecycle, { fence })) {
    return { answer: { kind: 'fenced' } };
  }
  const taken = consumed.length > 0 && { consumed };
  return { answer: { kind: 'recorded' }, next: { ...advance(lifecycle), state: 'settled', outcome, ...taken } };
}

/**
 * Whether somebody should resume it now; `'leased'` if somebody does.
 *
 * @param messages of the run that are not consumed
 */
export function dueness(
  lifecycle: LifecycleState,
  messages: readonly string[],
  nowMs: number,
): 'due' | 'leased' | 'waits' | 'settled' {
  if (lifecycle.state === 'settled') return 'settled';
  if (nowMs >= lifecycle.expiresAtMs) return 'waits';
  if (lifecycle.state === 'resuming' && !may('reclaim', lifecycle, { nowMs })) return 'leased';
  const { dueAtMs, seen = [] } = lifecycle;
  if (dueAtMs !== undefined && dueAtMs <= nowMs) return 'due';
  const isSeen = new Set(seen);
  return messages.some((message) => !isSeen.has(message)) ? 'due' : 'waits';
}

/** For a sweep: true if it must be expired. */
export function decideExpiry(lifecycle: LifecycleState, nowMs: number): Decision<boolean> {
  const transition = lifecycle.state === 'suspended' ? 'expire' : 'expireLapsed';
  if (nowMs < lifecycle.expiresAtMs || !may(transition, lifecycle, { nowMs })) return { answer: false };
  const outcome: SuspensionOutcome = {
    state: 'expired',
    content: new Uint8Array(),
    settledAtMs: nowMs,
    keepUntilMs: nowMs + EXPIRED_KEPT_MS,
  };
  return { answer: true, next: { ...advance(lifecycle), state: 'settled', outcome } };
}

/** Before this time, a sweep has nothing to do. Milliseconds since the epoch. */
export function dueAt(lifecycle: LifecycleState): number {
  switch (lifecycle.state) {
    case 'suspended':
      return lifecycle.expiresAtMs;
    case 'resuming':
      return Math.max(lifecycle.expiresAtMs, lifecycle.leaseUntilMs);
    case 'settled':
      return lifecycle.outcome.keepUntilMs;
  }
}

function may(transition: Transition, lifecycle: LifecycleState, input: TransitionInput): boolean {
  return isAllowed(transition, { ...lifecycle, state: stateOf(lifecycle) }, input);
}

function advance({ version, expiresAtMs }: LifecycleState): Pick<LifecycleState, 'version' | 'expiresAtMs'> {
  return { version: version + 1, expiresAtMs };
}
