import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { validate } from '#src/schemas/validate.js';
import { ORDER } from './libraries.js';

const line = fc.record({ sku: fc.stringMatching(/^[A-Z]{2}-[0-9]{1,4}$/), price: fc.integer({ min: 0, max: 1_000 }) });
const order = fc.record(
  {
    id: fc.integer({ min: 1, max: 1_000_000 }),
    status: fc.constantFrom('open', 'paid', 'sent'),
    lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    note: fc.string({ maxLength: 5 }),
    urgent: fc.boolean(),
    payment: fc.option(fc.string({ maxLength: 5 })),
  },
  { requiredKeys: ['id', 'status', 'lines', 'payment'] },
);

type Order = typeof order extends fc.Arbitrary<infer T> ? T : never;
type Change = (given: Order) => unknown;

/** Something wrong at one place, and its path. */
const FAULTS: readonly (readonly [string, Change])[] = [
  ['order.id', (given) => ({ ...given, id: 0 })],
  ['order.id', (given) => ({ ...given, id: 1.5 })],
  ['order.id', (given) => ({ ...given, id: '7' })],
  ['order.id', ({ id: _, ...rest }) => rest],
  ['order.status', (given) => ({ ...given, status: 'lost' })],
  ['order.status', (given) => ({ ...given, status: 1 })],
  ['order.lines', (given) => ({ ...given, lines: [] })],
  ['order.lines', (given) => ({ ...given, lines: Array.from({ length: 5 }, () => ({ sku: 'AB-1', price: 1 })) })],
  ['order.lines', (given) => ({ ...given, lines: 'all' })],
  ['order.lines[0].sku', (given) => ({ ...given, lines: [{ sku: 'lamp', price: 1 }] })],
  ['order.lines[1].price', (given) => ({ ...given, lines: [given.lines[0], { sku: 'AB-1', price: -1 }] })],
  ['order.lines[0].price', (given) => ({ ...given, lines: [{ sku: 'AB-1' }] })],
  ['order.lines[0].colour', (given) => ({ ...given, lines: [{ sku: 'AB-1', price: 1, colour: 'red' }] })],
  ['order.lines[1]', (given) => ({ ...given, lines: [given.lines[0], null] })],
  ['order.note', (given) => ({ ...given, note: 'x'.repeat(11) })],
  ['order.urgent', (given) => ({ ...given, urgent: 'no' })],
  ['order.payment', (given) => ({ ...given, payment: 3 })],
  ['order.payment', ({ payment: _, ...rest }) => rest],
  ['order.extra', (given) => ({ ...given, extra: true })],
  ['order["two words"]', (given) => ({ ...given, 'two words': true })],
  ['order', () => null],
  ['order', () => 'an order'],
  ['order', () => undefined],
];

describe('a value', () => {
  it.each(Object.entries(ORDER))('has the verdict and the path that it was made for: %s', async (_, schema) => {
    const good = fc.sample(order, 100);
    expect(good).toHaveLength(100);
    for (const value of good)
      expect(await validate(schema, value, 'order', 1_000), JSON.stringify(value)).toEqual({ value });

    const bad = fc.sample(order, 100).map((value, i) => {
      const [path, change] = FAULTS[i % FAULTS.length] ?? ['', () => {}];
      return { path, value: change(value) };
    });
    for (const { path, value } of bad) {
      const { issues = [] } = await validate(schema, value, 'order', 1_000);
      expect([...new Set(issues.map((issue) => issue.path))], JSON.stringify(value)).toEqual([path]);
      for (const { message } of issues) expect(message).not.toBe('');
    }
  });

  it('with several faults has all their paths, whatever the schema is written in', async () => {
    const value = { id: 0, status: 'lost', lines: [{ sku: 'AB-1', price: -1 }, { sku: 'x' }], payment: null };
    const paths = ['order.id', 'order.lines[0].price', 'order.lines[1].price', 'order.lines[1].sku', 'order.status'];
    for (const schema of Object.values(ORDER)) {
      const { issues = [] } = await validate(schema, value, 'order', 1_000);
      expect([...new Set(issues.map(({ path }) => path))].sort()).toEqual(paths);
    }
  });
});
