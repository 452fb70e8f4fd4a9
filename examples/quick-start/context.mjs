// The first handler of the README, what an application passes it, and what must come of it.
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

/** Throws when a result is not what it must be. */
export function check({ returnValue, stateMutations, events }) {
  assert.deepEqual({ returnValue, stateMutations, events }, expected);
}
