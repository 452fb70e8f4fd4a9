import { describe, expect, it } from 'vitest';

import { resolveRuntimeConfig } from '#src/config/resolve.js';
import { NO_USAGE } from '#src/execution/usage.js';
import { RUN_HEADER } from '#src/suspension/sealed/run-header.js';

const { maxInstructions, maxCpuMs, maxTimers, maxSleepMs, ...limits } = resolveRuntimeConfig({}).limits;
/** As it was sealed before instructions and time of all segments were limited. */
const BEFORE = {
  engine: 'engine',
  imageHash: 'ab',
  features: 0,
  handler: { key: 'k', filename: 'handler.js', source: '' },
  capabilities: [],
  limits,
  usage: NO_USAGE,
  suspendedAtMs: 0,
  calls: [],
  origin: {},
};

describe('the header of a suspended handler', () => {
  it('may lack the limits of all its segments, and what was used of them', () => {
    expect(RUN_HEADER(BEFORE)).toBeUndefined();
  });

  it('may have them, without a limit or with fractions of a millisecond', () => {
    const usage = { ...NO_USAGE, maxInstructions: 12_345, maxCpuMs: 0.25 };
    expect(
      RUN_HEADER({ ...BEFORE, limits: { ...limits, maxInstructions, maxCpuMs, maxTimers, maxSleepMs }, usage }),
    ).toBeUndefined();
  });

  it.each([
    [{ limits: { ...limits, maxInstructions: -1 } }, 'limits'],
    [{ limits: { ...limits, maxCpuMs: 0.5 } }, 'limits'],
    [{ usage: { ...NO_USAGE, maxInstructions: -1 } }, 'usage'],
    [{ usage: { ...NO_USAGE, maxCpuMs: Number.NaN } }, 'usage'],
  ])('may not have others: %j', (change, field) => {
    expect(RUN_HEADER({ ...BEFORE, ...change })).toContain(`the field ${field}`);
  });
});
