// A handler that uses a library of 500 KB, its input, and the check of its result.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const source = readFileSync(new URL('handler.js', import.meta.url), 'utf8');

/** The library that the handler expects in `$lib`. */
export const libraries = {
  lodash: { file: fileURLToPath(new URL('lodash.js', import.meta.resolve('lodash/package.json'))) },
};

const line = (sku, quantity, price) => ({ sku, quantity, price });

export const context = {
  args: {
    orders: [
      { region: 'DE', status: 'paid', lines: [line('DESK-140', 1, 489), line('PAPER-A4', 30, 4.49)] },
      { region: 'AT', status: 'paid', lines: [line('LAMP-2', 2, 59.9)] },
      { region: 'DE', status: 'open', lines: [line('DESK-140', 2, 489)] },
      { region: 'DE', status: 'paid', lines: [line('BOOK-TS', 12, 39.9), line('PAPER-A4', 10, 4.49)] },
      { region: 'CH', status: 'paid', lines: [line('CHAIR-9', 4, 189.5), line('LAMP-2', 4, 59.9)] },
      { region: 'AT', status: 'paid', lines: [line('BOOK-TS', 3, 39.9), line('PAPER-A4', 5, 4.49)] },
    ],
  },
  capabilities: ['state:read:report', 'state:write:report', 'events:emit:report.ready'],
};

const report = {
  regions: [
    { region: 'DE', orders: 2, revenue: 1147.4, best: { sku: 'PAPER-A4', quantity: 40 } },
    { region: 'CH', orders: 1, revenue: 997.6, best: { sku: 'CHAIR-9', quantity: 4 } },
    { region: 'AT', orders: 2, revenue: 261.95, best: { sku: 'PAPER-A4', quantity: 5 } },
  ],
  revenue: 2406.95,
};

export const expected = {
  returnValue: report.revenue,
  stateMutations: [{ operation: 'set', key: 'report', value: report }],
  events: [{ name: 'report.ready', payload: { regions: report.regions.length } }],
};

/** Throws if a result is wrong. */
export function check({ returnValue, stateMutations, events }) {
  assert.deepEqual({ returnValue, stateMutations, events }, expected);
}
