import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { type JsonSchema, jsonSchema, type Schema } from '#src/index.js';
import { validate } from '#src/schemas/validate.js';

const paths = async (schema: JsonSchema, value: unknown) => {
  const { issues = [] } = await validate(schema, value, 'v', undefined);
  return issues.map(({ path }) => path);
};

describe('a value that is nested deeper than a recursive schema can follow', () => {
  const list: z.ZodType = z.lazy(() => z.array(list));
  const json = { $ref: '#/$defs/list', $defs: { list: { type: 'array', items: { $ref: '#/$defs/list' } } } };
  it.each<[string, Schema]>([
    ['zod', list],
    ['JSON Schema', json],
  ])('is refused: %s', async (_, schema) => {
    let value: unknown[] = [];
    for (let i = 0; i < 100_000; i++) value = [value];
    expect(await validate(schema, value, 'v', undefined)).toMatchObject({
      issues: [{ path: 'v', message: 'is nested too deeply to check' }],
    });
    expect(await validate(schema, value, 'v', 1_000)).toMatchObject({
      issues: [{ message: expect.stringContaining('more than 1000') }],
    });
  });
});

describe('a JSON Schema', () => {
  it.each<[string, JsonSchema, unknown, readonly string[]]>([
    ['true allows anything JSON', true, { a: [1] }, []],
    ['false allows nothing', false, 1, ['v']],
    [
      'alternatives are one fault',
      { anyOf: [{ type: 'string' }, { type: 'object', required: ['a', 'b'] }] },
      {},
      ['v'],
    ],
    ['formats are checked', { properties: { at: { format: 'date' } } }, { at: 'today' }, ['v.at']],
    [
      'draft-07 tuples',
      { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ type: 'string' }, { type: 'number' }] },
      ['a', 'b'],
      ['v[1]'],
    ],
    ['2020-12 tuples', { prefixItems: [{ type: 'string' }], items: false }, ['a', 'b'], ['v[1]']],
    [
      'keys with slashes, tildes and spaces',
      { properties: { 'a/b ~c%': { type: 'string' } } },
      { 'a/b ~c%': 1 },
      ['v["a/b ~c%"]'],
    ],
    ['keys that are numbers', { additionalProperties: { type: 'string' } }, { 7: 1 }, ['v[7]']],
    ['a key that is missing in a list', { items: { required: ['a'] } }, [{ a: 1 }, {}], ['v[1].a']],
    ['a field __proto__ is a field', { additionalProperties: false }, JSON.parse('{"__proto__":1}'), ['v.__proto__']],
    ['unique items', { uniqueItems: true, maxItems: 3 }, [1, 2, 1], ['v']],
    [
      'a field that is undefined is not there',
      { properties: { a: { type: 'string' } }, required: ['b'] },
      { a: undefined, b: 1 },
      [],
    ],
    ['a required one is missing then', { required: ['a'] }, { a: undefined }, ['v.a']],
    ['a date is no object', { properties: { at: { type: 'object' } } }, { at: new Date(0) }, ['v.at']],
    ['a Map is none', { type: 'object' }, new Map(), ['v']],
    ['nor are bytes', { properties: { a: true } }, { a: new Uint8Array(1) }, ['v.a']],
    ['NaN is no number', { items: { type: 'number' } }, [1, Number.NaN], ['v[1]']],
    ['nothing is no value', { type: 'null' }, undefined, ['v']],
  ])('%s', async (_, schema, value, expected) => {
    expect([...new Set(await paths(schema, value))]).toEqual(expected);
    expect([...new Set(await paths(jsonSchema(schema) as unknown as JsonSchema, value))]).toEqual(expected);
  });

  it('is not changed by being used, and may be frozen', async () => {
    const schema = Object.freeze({
      properties: Object.freeze({ a: Object.freeze({ $ref: '#/$defs/a' }) }),
      $defs: { a: { type: 'string' } },
    });
    expect(await paths(schema, { a: 1 })).toEqual(['v.a']);
    expect(Object.getOwnPropertyNames(schema)).toEqual(['properties', '$defs']);
  });

  it('compares items with each other only once they are known to be few', async () => {
    const schema = { type: 'array', uniqueItems: true, maxItems: 10 };
    let reads = 0;
    const item = () => Object.defineProperty({}, 'a', { enumerable: true, get: () => reads++ });
    const { issues = [] } = await validate(schema, Array.from({ length: 500 }, item), 'v', undefined);
    // The items are all different, and that was not asked.
    expect(issues.map(({ message }) => message)).toEqual([expect.stringContaining('too many items')]);
    expect(reads).toBe(500);
  });

  it.each<[unknown, string]>([
    [{ type: 'strin' }, 'schema.type is "strin"; it must be one of null, boolean'],
    [{ properties: { a: { type: ['string', 'nul'] } } }, 'schema.properties.a.type is an array'],
    [{ properties: [] }, 'schema.properties is an array; it must be an object of JSON Schemas'],
    [{ items: { anyOf: [{}, 7] } }, 'schema.items.anyOf[1] is 7'],
    [{ pattern: '(' }, 'schema.pattern is no regular expression'],
    [{ patternProperties: { '[': {} } }, 'schema.pattern is no regular expression'],
    [
      { items: { $ref: '#/$defs/lin' }, $defs: { line: {} } },
      'schema.items.$ref is "#/$defs/lin", which the schema does not have',
    ],
    [{ uniqueItems: true }, 'schema.uniqueItems compares all items with each other, so it needs maxItems'],
    [{ format: 'url' }, 'schema.format is "url", which cannot be checked in bounded time; use "uri"'],
    [{ uniqueItems: true, maxItems: 1e6 }, 'of at most 1000'],
    [[], 'schema is an array'],
  ])('%j is refused where it is given', (schema, message) => {
    expect(() => jsonSchema(schema as JsonSchema)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });

  it('that has itself in it is refused', () => {
    const schema: Record<string, unknown> = {};
    schema['items'] = schema;
    expect(() => jsonSchema(schema)).toThrow('nested too deeply');
  });
});
