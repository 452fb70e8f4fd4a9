import type { JsonSchema, Schema } from '../api/schema.js';
import { NexusError } from '../errors/nexus-error.js';
import { isStandardSchema } from './validate.js';

/** How each library writes its schemas as JSON Schema, for those that do not do it by themselves. */
const REMEDIES: Readonly<Record<string, string>> = {
  zod: 'use zod 4.2 or newer, or pass z.toJSONSchema(schema)',
  valibot: 'wrap it: toStandardJsonSchema(schema) of @valibot/to-json-schema',
  arktype: 'use arktype 2.1.28 or newer, or pass type.toJsonSchema()',
};
const OTHERWISE = 'pass a JSON Schema for it, or leave it out and name a TypeScript type';

/**
 * A schema as JSON Schema: what it takes, or what it gives.
 *
 * @throws NexusError INVALID_ARGUMENT naming the field and the remedy, if its library cannot, or if it has something that JSON
 *   Schema does not have
 */
export function toJsonSchema(field: string, schema: Schema, side: 'input' | 'output'): JsonSchema {
  if (!isStandardSchema(schema)) return schema;
  const { vendor, jsonSchema } = schema['~standard'];
  const remedy = REMEDIES[vendor] ?? 'use a version of it that has Standard JSON Schema';
  if (jsonSchema === undefined) {
    throw refused(field, `is a schema of ${vendor} that cannot be written as JSON Schema: ${remedy}, or ${OTHERWISE}`);
  }
  try {
    return jsonSchema[side]({ target: 'draft-2020-12' });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw refused(field, `cannot be written as JSON Schema (${reason}): ${OTHERWISE}`, cause);
  }
}

function refused(field: string, why: string, cause?: unknown): NexusError {
  return new NexusError('INVALID_ARGUMENT', `${field} ${why}.`, {
    context: { field, remedy: OTHERWISE },
    ...(cause !== undefined && { cause }),
  });
}
