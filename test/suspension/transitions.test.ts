import { describe, expect, it } from 'vitest';

import type { SettledState, SuspensionState } from '#src/api/suspension-store.js';
import {
  type Decision,
  decideClaim,
  decideExpiry,
  decideRelease,
  decideRenewal,
  decideSettlement,
  dueAt,
  initialLifecycle,
  type LifecycleState,
  stateOf,
  versionOfFence,
} from '#src/suspension/lifecycle.js';
import { isAllowed, STATES, TRANSITIONS, type Transition } from '#src/suspension/transitions.js';
import { makeOutcome } from './store-helpers.js';

const SETTLED = ['completed', 'failed', 'continued', 'cancelled', 'expired'] as const satisfies SettledState[];
const FENCE = 7;
const EXPIRES_AT = 10_000;

function standingIn(state: SuspensionState): LifecycleState {
  const base = { version: 9, expiresAtMs: EXPIRES_AT };
  if (state === 'suspended') return { ...base, state };
  if (state === 'resuming') return { ...base, state, fence: FENCE, owner: 'one', leaseUntilMs: 5_000 };
  return { ...base, state: 'settled', outcome: makeOutcome(state) };
}

/** Every request, and the state to which it leads from each state. In a state that is not listed, it changes nothing. */
const REQUESTS: readonly (readonly [
  title: string,
  decide: (standing: LifecycleState) => Decision<unknown>,
  leads: Partial<Record<SuspensionState, SuspensionState>>,
])[] = [
  ['a claim', (s) => decideClaim(s, { owner: 'two', leaseUntilMs: 6_000 }, 4_999), { suspended: 'resuming' }],
  [
    'a claim after the lease',
    (s) => decideClaim(s, { owner: 'two', leaseUntilMs: 6_000 }, 5_000),
    { suspended: 'resuming', resuming: 'resuming' },
  ],
  ['a claim after the expiry', (s) => decideClaim(s, { owner: 'two', leaseUntilMs: 20_000 }, EXPIRES_AT), {}],
  ['a renewal', (s) => decideRenewal(s, FENCE, 8_000), { resuming: 'resuming' }],
  ['a renewal with an old fence', (s) => decideRenewal(s, FENCE - 1, 8_000), {}],
  ['a release', (s) => decideRelease(s, FENCE), { resuming: 'suspended' }],
  ['a release with an old fence', (s) => decideRelease(s, FENCE - 1), {}],
  ...SETTLED.map(
    (state) =>
      [
        `${state}, with the fence`,
        (s: LifecycleState) => decideSettlement(s, FENCE, makeOutcome(state)),
        { resuming: state },
      ] as const,
  ),
  ...SETTLED.map(
    (state) =>
      [
        `${state}, with an old fence`,
        (s: LifecycleState) => decideSettlement(s, FENCE - 1, makeOutcome(state)),
        {},
      ] as const,
  ),
  ...(['cancelled', 'expired'] as const).map(
    (state) =>
      [
        `${state}, without a fence`,
        (s: LifecycleState) => decideSettlement(s, undefined, makeOutcome(state)),
        { suspended: state, resuming: state },
      ] as const,
  ),
  ...(['completed', 'failed', 'continued'] as const).map(
    (state) =>
      [
        `${state}, without a fence`,
        (s: LifecycleState) => decideSettlement(s, undefined, makeOutcome(state)),
        {},
      ] as const,
  ),
  ['a sweep before the expiry', (s) => decideExpiry(s, EXPIRES_AT - 1), {}],
  ['a sweep after the expiry', (s) => decideExpiry(s, EXPIRES_AT), { suspended: 'expired', resuming: 'expired' }],
];

describe('the table of transitions', () => {
  it('leads from every state that is not settled to every state, and from a settled one nowhere', () => {
    const rules = Object.values(TRANSITIONS);
    expect(rules.filter(({ from }) => (SETTLED as readonly string[]).includes(from))).toEqual([]);
    expect(new Set(rules.map(({ to }) => to))).toEqual(new Set(Object.keys(STATES)));
  });

  it('says what every state means', () => {
    for (const meaning of Object.values(STATES)) expect(meaning).toMatch(/^[A-Z].*\.$/);
  });

  it.each(Object.keys(TRANSITIONS) as Transition[])('%s happens from its own state, with its guard, only', (name) => {
    const { from, guard } = TRANSITIONS[name];
    for (const state of Object.keys(STATES) as SuspensionState[]) {
      const situation = { state, fence: FENCE, leaseUntilMs: 5_000 };
      const isFrom = state === from;
      expect(isAllowed(name, situation, { fence: FENCE, nowMs: 5_000 })).toBe(isFrom);
      expect(isAllowed(name, situation, {})).toBe(isFrom && guard === 'nothing');
      expect(isAllowed(name, situation, { fence: FENCE, nowMs: 4_999 })).toBe(isFrom && guard !== 'lapse');
      expect(isAllowed(name, situation, { fence: FENCE - 1, nowMs: 5_000 })).toBe(isFrom && guard !== 'fence');
    }
  });

  it('has no rule that no request makes use of', () => {
    const made = new Set<string>();
    for (const [, decide, leads] of REQUESTS) {
      for (const [from, to] of Object.entries(leads)) {
        if (decide(standingIn(from as SuspensionState)).next !== undefined) made.add(`${from} → ${to}`);
      }
    }
    expect(made).toEqual(new Set(Object.values(TRANSITIONS).map(({ from, to }) => `${from} → ${to}`)));
  });
});

describe.each(REQUESTS)('%s', (_title, decide, leads) => {
  it.each(Object.keys(STATES) as SuspensionState[])('leads from %s where it should, or changes nothing', (state) => {
    const before = standingIn(state);
    const { next } = decide(before);
    expect(next && stateOf(next)).toBe(leads[state]);
    if (next !== undefined) {
      expect(next.version).toBe(before.version + 1);
      expect(next.expiresAtMs).toBe(EXPIRES_AT);
    }
  });
});

describe('a standing', () => {
  it('begins suspended', () => {
    expect(initialLifecycle({ expiresAtMs: EXPIRES_AT })).toEqual({
      version: 0,
      expiresAtMs: EXPIRES_AT,
      state: 'suspended',
    });
  });

  it('gives a claim a fence above every earlier one', () => {
    const { next, answer } = decideClaim(standingIn('resuming'), { owner: 'two', leaseUntilMs: 6_000 }, 5_000);
    const { fence } = answer as { readonly fence: number };
    expect(answer).toEqual({ kind: 'claimed', fence, losses: 1 });
    expect(fence).toBeGreaterThan(FENCE);
    expect(versionOfFence(fence)).toBe(10);
    expect(next).toMatchObject({ version: 10, fence, owner: 'two', leaseUntilMs: 6_000 });
  });

  it.each<[SuspensionState, number]>([
    ['suspended', EXPIRES_AT],
    ['resuming', EXPIRES_AT],
    ['completed', 20_000],
  ])('a standing that is %s gives a sweep nothing to do before its time', (state, due) => {
    expect(dueAt(standingIn(state))).toBe(due);
    expect(decideExpiry(standingIn(state), due - 1).next).toBeUndefined();
  });

  it('a standing with a lease beyond the expiry gives a sweep nothing to do before the lease ends', () => {
    const standing = { ...standingIn('resuming'), leaseUntilMs: 12_000 } as LifecycleState;
    expect(dueAt(standing)).toBe(12_000);
    expect(decideExpiry(standing, 11_999).next).toBeUndefined();
    expect(decideExpiry(standing, 12_000).next).toBeDefined();
  });
});
