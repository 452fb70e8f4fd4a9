// The first handler of the README, its input, and the check of its result.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export const source = readFileSync(new URL('handler.js', import.meta.url), 'utf8');

export const context = {
  stateSnapshot: { limit: 100 },
  args: {
    items: [
      { price: 40, quantity: 2 },
      { price: 25, quantity: 1 },
    ],
  },
  capabilities: ['state:read:limit', 'state:write:total', 'events:emit:order.*'],
};

export const expected = {
  returnValue: 'needs approval',
  stateMutations: [{ operation: 'set', key: 'total', value: 105 }],
  events: [{ name: 'order.priced', payload: { total: 105 } }],
};

/** Throws if a result is wrong. */
export function check({ returnValue, stateMutations, events }) {
  assert.deepEqual({ returnValue, stateMutations, events }, expected);
}
