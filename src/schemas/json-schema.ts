import type { JsonSchema, StandardSchema } from '../api/schema.js';
import { checkJsonSchema } from './check-json-schema.js';
import { type JsonCheck, makeJsonCheck } from './json-validator.js';

/**
 * Gives a JSON Schema a type. It is a Standard Schema then, for every place that takes one.
 *
 * The value stays as it is: `default` is not filled in, `format` is checked.
 *
 * @typeParam T what the schema describes; TypeScript believes it
 * @param schema of draft 2020-12, or what its `$schema` says: draft-04, draft-07, 2019-09
 * @throws NexusError INVALID_ARGUMENT naming the place in the schema
 *
 * @example
 * const order = jsonSchema<{ id: number }>({ type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] });
 * await runtime.executeHandler(code, { args: { id: 7 } }, { schemas: { args: order } });
 */
export function jsonSchema<T = unknown>(schema: JsonSchema): StandardSchema<T, T> {
  checkJsonSchema('schema', schema);
  let check: Promise<JsonCheck> | undefined;
  const source = () => (typeof schema === 'object' ? schema : schema ? {} : { not: {} });
  return {
    '~standard': {
      version: 1,
      vendor: 'nexus-runtime',
      async validate(value) {
        check ??= makeJsonCheck(schema);
        const result = (await check)(value);
        return result.issues === undefined ? { value: result.value as T } : result;
      },
      jsonSchema: { input: source, output: source },
    },
  };
}
