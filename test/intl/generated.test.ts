import { expect, it } from 'vitest';

import { createExecutor } from '../support/executor.js';
import { differences } from './compare.js';
import { Choices, generateCall, ZONES } from './generate.js';

const SEED = Number(process.env['INTL_SEED'] ?? 20_261_130);
/** In all. The long form: `INTL_CALLS=5000 npx vitest run test/intl/generated.test.ts`. */
const CALLS = Number(process.env['INTL_CALLS'] ?? 480);

it(
  `${CALLS} generated calls give what they give in Node, to the last character (INTL_SEED=${SEED})`,
  async () => {
    const choices = new Choices(SEED);
    const calls = Array.from({ length: CALLS }, () => generateCall(choices));
    const each = Math.ceil(CALLS / ZONES.length);
    const batches = ZONES.map((zone, index) => [zone, calls.slice(index * each, (index + 1) * each)] as const);
    expect(await differences(await createExecutor(), batches)).toEqual([]);
  },
  60_000 + CALLS * 20,
);
