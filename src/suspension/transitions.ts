import type { SuspensionState } from '../api/suspension-store.js';

/** What each state means. */
export const STATES = {
  suspended: 'The handler waits for answers; whoever claims it may resume it.',
  resuming: 'Somebody has it, until the lease ends or is given back. A lease that lapsed may be claimed by anybody.',
  completed: 'The handler returned.',
  failed: 'The handler was resumed and ended with an error.',
  continued: 'The handler was resumed and waits again, as the next generation of its run.',
  cancelled: 'Somebody called it off.',
  expired: 'Nobody resumed it in time.',
} as const satisfies Record<SuspensionState, string>;

/**
 * What has to be shown for a transition:
 * - `nothing`: whoever asks may,
 * - `fence`: the fence of the lease as it is now, whether it lapsed or not,
 * - `lapse`: that the time is past the end of the lease.
 */
export type Guard = 'nothing' | 'fence' | 'lapse';

interface TransitionRule {
  readonly from: SuspensionState;
  readonly to: SuspensionState;
  readonly guard: Guard;
}

/** Every transition there is. What is not here does not happen: from a settled state nothing leads anywhere. */
export const TRANSITIONS = {
  /** Gives a lease and a fence. */
  claim: { from: 'suspended', to: 'resuming', guard: 'nothing' },
  /** The one who had it died, or was too slow: a new lease, and a fence that shuts the old one out. */
  reclaim: { from: 'resuming', to: 'resuming', guard: 'lapse' },
  renew: { from: 'resuming', to: 'resuming', guard: 'fence' },
  release: { from: 'resuming', to: 'suspended', guard: 'fence' },
  complete: { from: 'resuming', to: 'completed', guard: 'fence' },
  fail: { from: 'resuming', to: 'failed', guard: 'fence' },
  continue: { from: 'resuming', to: 'continued', guard: 'fence' },
  cancel: { from: 'suspended', to: 'cancelled', guard: 'nothing' },
  /** Also while it is being resumed: who does that is told when settling. */
  cancelResuming: { from: 'resuming', to: 'cancelled', guard: 'nothing' },
  expire: { from: 'suspended', to: 'expired', guard: 'nothing' },
  /** A sweep leaves a lease alone that has not lapsed. */
  expireLapsed: { from: 'resuming', to: 'expired', guard: 'lapse' },
  /** By whoever decides that without a sweep. */
  expireResuming: { from: 'resuming', to: 'expired', guard: 'nothing' },
} as const satisfies Record<string, TransitionRule>;

export type Transition = keyof typeof TRANSITIONS;

/** What a caller can show. */
export interface TransitionInput {
  readonly fence?: number | undefined;
  readonly nowMs?: number;
}

/** What a transition is judged by. */
export interface LeaseSnapshot {
  readonly state: SuspensionState;
  /** While resuming. */
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
