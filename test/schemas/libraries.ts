import { type } from 'arktype';
import * as v from 'valibot';
import * as z from 'zod';

import { jsonSchema, type Schema } from '#src/index.js';

/** The same schema in three libraries and as JSON Schema: of an order, with unknown keys forbidden. */
export const ORDER: Readonly<Record<'zod' | 'valibot' | 'arktype' | 'JSON Schema' | 'jsonSchema()', Schema>> = (() => {
  const json = {
    type: 'object',
    properties: {
      id: { type: 'integer', minimum: 1, maximum: 1_000_000 },
      status: { enum: ['open', 'paid', 'sent'] },
      lines: { type: 'array', items: { $ref: '#/$defs/line' }, minItems: 1, maxItems: 4 },
      note: { type: 'string', maxLength: 10 },
      urgent: { type: 'boolean' },
      payment: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    },
    required: ['id', 'status', 'lines', 'payment'],
    additionalProperties: false,
    $defs: {
      line: {
        type: 'object',
        properties: { sku: { type: 'string', pattern: '^[A-Z]{2}-[0-9]+$' }, price: { type: 'number', minimum: 0 } },
        required: ['sku', 'price'],
        additionalProperties: false,
      },
    },
  };
  return {
    zod: z.strictObject({
      id: z.number().int().min(1).max(1_000_000),
      status: z.enum(['open', 'paid', 'sent']),
      lines: z
        .array(z.strictObject({ sku: z.string().regex(/^[A-Z]{2}-[0-9]+$/), price: z.number().min(0) }))
        .min(1)
        .max(4),
      note: z.string().max(10).optional(),
      urgent: z.boolean().optional(),
      payment: z.string().nullable(),
    }),
    valibot: v.strictObject({
      id: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)),
      status: v.picklist(['open', 'paid', 'sent']),
      lines: v.pipe(
        v.array(
          v.strictObject({
            sku: v.pipe(v.string(), v.regex(/^[A-Z]{2}-[0-9]+$/)),
            price: v.pipe(v.number(), v.minValue(0)),
          }),
        ),
        v.minLength(1),
        v.maxLength(4),
      ),
      note: v.optional(v.pipe(v.string(), v.maxLength(10))),
      urgent: v.optional(v.boolean()),
      payment: v.nullable(v.string()),
    }),
    arktype: type({
      '+': 'reject',
      id: '1 <= number.integer <= 1000000',
      status: "'open' | 'paid' | 'sent'",
      lines: type({ '+': 'reject', sku: '/^[A-Z]{2}-[0-9]+$/', price: 'number >= 0' })
        .array()
        .atLeastLength(1)
        .atMostLength(4),
      'note?': 'string <= 10',
      'urgent?': 'boolean',
      payment: 'string | null',
    }),
    'JSON Schema': json,
    'jsonSchema()': jsonSchema(json),
  };
})();
