import { beforeEach, describe, expect, it } from 'vitest';

import { RunPauses } from '#src/runtime/durable/run-pauses.js';

describe('the pauses of runs that cannot go on', () => {
  let nowMs = 0;
  let pauses: RunPauses;
  beforeEach(() => {
    nowMs = 1_000_000;
    pauses = new RunPauses(() => nowMs);
  });

  it('grow up to a minute, and begin anew once the run went on', () => {
    const lengths = Array.from({ length: 9 }, () => {
      const from = nowMs;
      pauses.begin('one');
      expect(pauses.has('one')).toBe(true);
      while (pauses.has('one')) nowMs += 500;
      expect(pauses.count).toBe(0);
      return nowMs - from;
    });
    expect(lengths).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => 1_000 * seconds));
    pauses.end('one');
    pauses.begin('one');
    nowMs += 1_000;
    expect(pauses.has('one')).toBe(false);
  });

  it('are forgotten of runs that have ended elsewhere', () => {
    for (let run = 0; run < 500; run++) pauses.begin(`${run}`);
    expect(pauses.count).toBe(500);
    nowMs += 1_000;
    expect([pauses.count, pauses.size]).toEqual([0, 500]);
    nowMs += 60_000;
    expect([pauses.count, pauses.size]).toEqual([0, 0]);
  });

  it('are remembered of 10,000 runs, of which the longest known go first', () => {
    pauses.begin('first');
    for (let run = 0; run < 10_000; run++) pauses.begin(`${run}`);
    expect([pauses.count, pauses.has('first'), pauses.has('0'), pauses.has('9999')]).toEqual([
      10_000,
      false,
      true,
      true,
    ]);
  });
});
