import { describe, expect, it } from 'vitest';

import { NEVER, tickPauseMs } from '#src/bullmq/tick-retries.js';

const AT_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const tickOf = (repeat: object) => ({ id: `repeat:nightly:${AT_MS}`, opts: { repeat } as object });

/** How long after its time a tick is given up, if its function always throws; and how many attempts that took. */
function givenUp(repeat: object): { afterMs: number; attempts: number } {
  const tick = tickOf(repeat);
  let nowMs = AT_MS;
  for (let attempts = 1; ; attempts++) {
    const pauseMs = tickPauseMs(attempts, tick, nowMs);
    if (pauseMs === NEVER) return { afterMs: nowMs - AT_MS, attempts };
    expect(pauseMs).toBeGreaterThan(0);
    expect(pauseMs).toBeLessThanOrEqual(30_000);
    nowMs += pauseMs;
  }
}

describe('a tick whose function throws', () => {
  it('is tried again within a second, and later every half a minute', () => {
    const tick = tickOf({ pattern: '0 3 * * *' });
    expect(tickPauseMs(1, tick, AT_MS)).toBeLessThanOrEqual(500);
    expect(tickPauseMs(2, tick, AT_MS)).toBeLessThanOrEqual(1_000);
    for (const attempts of [10, 100, 10_000]) expect(tickPauseMs(attempts, tick, AT_MS)).toBeGreaterThanOrEqual(15_000);
  });

  it.each([
    ['of each night for a day', { pattern: '0 3 * * *' }, DAY_MS],
    ['of each minute for a day', { pattern: '* * * * *' }, DAY_MS],
    ['of each second until 1,440 wait', { pattern: '* * * * * *' }, 1_440_000],
    ['of each hour for a day', { every: 60 * MINUTE_MS }, DAY_MS],
    ['of each tenth of a second for five minutes', { every: 100 }, 5 * MINUTE_MS],
    ['of which nothing is known for a day', {}, DAY_MS],
  ])('is tried: %s', (_title, repeat, expectedMs) => {
    const { afterMs, attempts } = givenUp(repeat);
    expect(afterMs).toBeGreaterThanOrEqual(expectedMs);
    expect(afterMs).toBeLessThan(expectedMs + MINUTE_MS);
    expect(attempts).toBeGreaterThan(10);
  });

  it('is given up at once without a time', () => {
    expect(tickPauseMs(1, { id: 'foreign', opts: {} }, AT_MS)).toBe(NEVER);
  });
});
