// What crosses between the application and the rules of its tenants. The types of both follow from these schemas.
import { defineExtension, type SchemaOutput } from 'nexus-runtime';
import * as v from 'valibot';
import { z } from 'zod';

/** What a rule is given as `$args`. */
export const order = z.strictObject({
  id: z.number().int().min(1),
  customer: z.string().min(1),
  country: z.string().length(2).default('DE'),
  lines: z
    .array(z.strictObject({ sku: z.string(), price: z.number().min(0), quantity: z.number().int().min(1) }))
    .min(1),
});
export type Order = SchemaOutput<typeof order>;

/** What a rule returns. Amounts are cents. */
export const decision = v.strictObject({
  action: v.picklist(['accept', 'review', 'reject']),
  discount: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  reason: v.pipe(v.string(), v.maxLength(200)),
});
export type Decision = SchemaOutput<typeof decision>;

/** The services of the application, as rules may call them. */
export interface Services {
  readonly ordersOf: (tenant: string, customer: string) => Promise<number>;
  readonly rate: (currency: string) => Promise<unknown>;
}

/** The extensions for the rules of one tenant: no rule can ask about the customers of another. */
export function extensionsFor(tenant: string, services: Services) {
  return defineExtension({
    customers: {
      history: {
        description: 'How many orders a customer made.',
        idempotent: true,
        input: v.strictObject({ customer: v.pipe(v.string(), v.minLength(1)) }),
        output: z.object({ orders: z.number().int() }),
        execute: async ({ customer }) => ({ orders: await services.ordersOf(tenant, customer) }),
      },
    },
    money: {
      rate: {
        description: 'The exchange rate of a currency to the euro.',
        idempotent: true,
        input: z.object({ currency: z.string().length(3).toUpperCase() }),
        // The service is another company's: its answers are checked, too.
        output: { type: 'object', properties: { rate: { type: 'number', exclusiveMinimum: 0 } }, required: ['rate'] },
        execute: ({ currency }) => services.rate(currency),
      },
    },
  });
}
