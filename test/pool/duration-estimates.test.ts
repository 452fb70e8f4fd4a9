import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DurationEstimates } from '#src/pool/duration-estimates.js';

const MAX_KEYS = 10_000;

function record(...durations: number[]): DurationEstimates {
  const estimates = new DurationEstimates();
  for (const us of durations) estimates.record('k', us);
  return estimates;
}

describe('an estimate', () => {
  it('an estimate of a handler that was not seen is undefined', () => {
    expect(record().get('k')).toBeUndefined();
    expect(record(5).get('other')).toBeUndefined();
  });

  it('is what was seen when that was one execution', () => {
    expect(record(120).get('k')).toBe(120);
    expect(record(0).get('k')).toBe(0);
  });

  it('goes up at once', () => {
    expect(record(100, 5_000).get('k')).toBe(5_000);
    expect(record(100, 5_000, 5_001).get('k')).toBe(5_001);
  });

  it('comes down slowly', () => {
    expect(record(1_000, 0).get('k')).toBe(900);
    const afterQuick = (quick: number) => record(1_100, ...Array<number>(quick).fill(100)).get('k') ?? 0;
    expect(afterQuick(5)).toBeGreaterThan(600);
    expect(afterQuick(20)).toBeLessThan(250);
    expect(afterQuick(20)).toBeGreaterThan(100);
    expect(afterQuick(1_000)).toBeCloseTo(100);
  });

  it('is never lower than the last execution, nor higher than the longest', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1e7 }), { minLength: 1 }), (durations) => {
        const estimate = record(...durations).get('k');
        expect(estimate).toBeGreaterThanOrEqual(durations.at(-1) ?? 0);
        expect(estimate).toBeLessThanOrEqual(Math.max(...durations));
      }),
    );
  });

  it('is of one handler alone', () => {
    const estimates = new DurationEstimates();
    estimates.record('quick', 10);
    estimates.record('slow', 1_000);
    estimates.record('quick', 20);
    expect([estimates.get('quick'), estimates.get('slow')]).toEqual([20, 1_000]);
  });

  it('is kept for the 10,000 handlers that were of interest last', () => {
    const estimates = new DurationEstimates();
    for (let i = 0; i < MAX_KEYS; i++) estimates.record(`k${i}`, i);
    expect(estimates.get('k0')).toBe(0);
    estimates.record('k1', 1);
    for (let i = 0; i < MAX_KEYS - 2; i++) estimates.record(`other${i}`, 7);
    expect([estimates.get('k0'), estimates.get('k1'), estimates.get('k2')]).toEqual([0, 1, undefined]);
    const kept = Array.from({ length: MAX_KEYS }, (_, i) => estimates.get(`k${i}`)).filter((us) => us !== undefined);
    expect(kept).toEqual([0, 1]);
    expect(estimates.get(`other${MAX_KEYS - 3}`)).toBe(7);
  });
});

describe('the mean', () => {
  it('is 0 when nothing was seen', () => {
    expect(record().meanUs).toBe(0);
  });

  it('begins with the first execution, and follows the others by a hundredth', () => {
    expect(record(500).meanUs).toBe(500);
    expect(record(500, 1_500).meanUs).toBeCloseTo(510);
    expect(record(500, 1_500, 0).meanUs).toBeCloseTo(504.9);
  });

  it('is of all handlers together', () => {
    const estimates = new DurationEstimates();
    for (let i = 0; i < 2_000; i++) estimates.record(`k${i}`, i % 2 === 0 ? 100 : 300);
    expect(estimates.meanUs).toBeGreaterThan(195);
    expect(estimates.meanUs).toBeLessThan(205);
  });

  it('is never beyond what was seen', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1e7 }), { minLength: 1 }), (durations) => {
        const { meanUs } = record(...durations);
        // But for what rounding does.
        expect(meanUs).toBeGreaterThanOrEqual(Math.min(...durations) - 1e-6);
        expect(meanUs).toBeLessThanOrEqual(Math.max(...durations) + 1e-6);
      }),
    );
  });
});
