import type { SuspensionState } from '../api/suspension-store.js';

/** The meaning of each state. */
export const STATES = {
  suspended: 'The handler waits for answers and can be claimed.',
  resuming:
    'A caller has claimed it, until the lease ends or is released. After the lease has lapsed, it can be claimed again.',
  completed: 'The handler returned.',
  failed: 'The handler was resumed and ended with an error.',
  continued: 'The handler was resumed and waits again, as the next generation of its run.',
  cancelled: 'It was cancelled.',
  expired: 'It was not resumed in time.',
} as const satisfies Record<SuspensionState, string>;

/**
 * The condition of a transition:
 * - `nothing`: no condition,
 * - `fence`: the fence of the present lease, whether or not it lapsed,
 * - `lapse`: the time is past the end of the lease.
 */
export type Guard = 'nothing' | 'fence' | 'lapse';

interface TransitionRule {
  readonly from: SuspensionState;
  readonly to: SuspensionState;
  readonly guard: Guard;
}

/** All transitions. From a settled state no transition leads anywhere. */
export const TRANSITIONS = {
  /** Gives a lease and a fence. */
  claim: { from: 'suspended', to: 'resuming', guard: 'nothing' },
  /** The previous owner died or was too slow: a new lease, and a fence that excludes the old one. */
  reclaim: { from: 'resuming', to: 'resuming', guard: 'lapse' },
  renew: { from: 'resuming', to: 'resuming', guard: 'fence' },
  release: { from: 'resuming', to: 'suspended', guard: 'fence' },
  complete: { from: 'resuming', to: 'completed', guard: 'fence' },
  fail: { from: 'resuming', to: 'failed', guard: 'fence' },
  continue: { from: 'resuming', to: 'continued', guard: 'fence' },
  cancel: { from: 'suspended', to: 'cancelled', guard: 'nothing' },
  /** Also while it is being resumed: the caller that resumes it learns it when settling. */
  cancelResuming: { from: 'resuming', to: 'cancelled', guard: 'nothing' },
  expire: { from: 'suspended', to: 'expired', guard: 'nothing' },
  /** A sweep does not touch a lease that has not lapsed. */
  expireLapsed: { from: 'resuming', to: 'expired', guard: 'lapse' },
  /** For a caller that decides this without a sweep. */
  expireResuming: { from: 'resuming', to: 'expired', guard: 'nothing' },
} as const satisfies Record<string, TransitionRule>;

export type Transition = keyof typeof TRANSITIONS;

/** The data that a caller presents. */
export interface TransitionInput {
  readonly fence?: number | undefined;
  readonly nowMs?: number;
}

/** The state by which a transition is decided. */
export interface LeaseSnapshot {
  readonly state: SuspensionState;
  /** Present while resuming. */
  readonly fence?: number;
  readonly leaseUntilMs?: number;
}

export function isAllowed(
  transition: Transition,
  situation: LeaseSnapshot,
  { fence, nowMs }: TransitionInput,
): boolean {
  const { from, guard }: TransitionRule = TRANSITIONS[transition];
  if (situation.state !== from) return false;
  switch (guard) {
    case 'nothing':
      return true;
    case 'fence':
      return fence !== undefined && fence === situation.fence;
    case 'lapse':
      return nowMs !== undefined && situation.leaseUntilMs !== undefined && nowMs >= situation.leaseUntilMs;
  }
}
