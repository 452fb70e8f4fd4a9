import type { JsonSchema, Schema, StandardResult, StandardSchema } from '../api/schema.js';
import { invalidArgument, readArgument } from '../config/check.js';
import { checkJsonSchema } from './check-json-schema.js';
import { hasMoreValues } from './count-values.js';
import { describeIssues, type SchemaIssue } from './issues.js';
import { type JsonCheck, makeJsonCheck } from './json-validator.js';

/** What became of a value. */
export type SchemaVerdict =
  | { readonly value: unknown; readonly issues?: undefined }
  /** @property cause what the schema threw, if it did */
  | { readonly issues: readonly SchemaIssue[]; readonly cause?: unknown };

/** A schema finds up to one fault in each value. With the slowest library, this many take some 200 ms of the main thread. */
export const DEFAULT_MAX_VALUES = 10_000;

/** By schema: many calls have the same. */
const jsonChecks = new WeakMap<object, Promise<JsonCheck>>();

export function isStandardSchema(schema: unknown): schema is StandardSchema {
  // That of arktype is a function.
  return ((typeof schema === 'object' && schema !== null) || typeof schema === 'function') && '~standard' in schema;
}

/** @throws NexusError INVALID_ARGUMENT naming the field, and the place in a JSON Schema */
export function checkSchema(field: string, schema: unknown): asserts schema is Schema {
  readArgument(field, () => {
    if (isStandardSchema(schema)) {
      if (typeof schema['~standard']?.validate === 'function') return;
    } else if (
      typeof schema === 'boolean' ||
      (typeof schema === 'object' && schema !== null && !Array.isArray(schema))
    ) {
      checkJsonSchema(field, schema as JsonSchema);
      return;
    }
    throw invalidArgument(field, schema, 'a schema of zod, valibot, arktype (Standard Schema), or a JSON Schema');
  });
}

/** @throws NexusError INVALID_ARGUMENT */
export function checkMaxValues(field: string, maxValues: unknown): void {
  if (maxValues === undefined || (Number.isSafeInteger(maxValues) && Number(maxValues) > 0)) return;
  throw invalidArgument(field, maxValues, 'a whole number from 1');
}

/**
 * Checks a value. The schema may take as long as it wants.
 *
 * @param root the name of the value in paths
 * @param maxValues of a value that a handler made; undefined for a value of the application
 * @throws never: an error of the schema is a verdict
 */
export async function validate(
  schema: Schema,
  value: unknown,
  root: string,
  maxValues: number | undefined,
): Promise<SchemaVerdict> {
  try {
    if (maxValues !== undefined && hasMoreValues(value, maxValues)) {
      const message = `consists of more than ${maxValues} values, which are too many to check (maxValues)`;
      return { issues: [{ path: root, message }] };
    }
    const result = await resultOf(schema, value);
    if (result.issues === undefined) return { value: result.value };
    const issues = describeIssues(result.issues, root);
    // A list of issues that is empty is a failure nevertheless, by the standard.
    return { issues: issues.length > 0 ? issues : [{ path: root, message: 'does not match' }] };
  } catch (cause) {
    const message =
      cause instanceof RangeError ? 'is nested too deeply to check' : 'could not be checked: the schema threw';
    return { issues: [{ path: root, message }], cause };
  }
}

async function resultOf(schema: Schema, value: unknown): Promise<StandardResult<unknown>> {
  if (isStandardSchema(schema)) return schema['~standard'].validate(value);
  if (typeof schema === 'boolean') return (await makeJsonCheck(schema))(value);
  let check = jsonChecks.get(schema);
  if (check === undefined) {
    check = makeJsonCheck(schema);
    jsonChecks.set(schema, check);
  }
  return (await check)(value);
}
