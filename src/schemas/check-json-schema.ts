import type { JsonSchema } from '../api/schema.js';
import { invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { resolvePointer } from './json-pointer.js';

const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];
/** Keywords of a schema, a list of schemas, or either. */
const NESTED = [
  'items',
  'contains',
  'additionalItems',
  'unevaluatedItems',
  'additionalProperties',
  'prefixItems',
].concat(['unevaluatedProperties', 'propertyNames', 'not', 'if', 'then', 'else', 'allOf', 'anyOf', 'oneOf']);
/** Keywords of schemas by name. */
const NAMED = ['$defs', 'definitions', 'properties', 'patternProperties', 'dependentSchemas'];
/** Items are compared each with each. */
const MAX_UNIQUE_ITEMS = 1_000;
/** Deeper schemas refer to themselves by objects instead of `$ref`. */
const MAX_DEPTH = 200;

/**
 * Checks what a validator would find out late, or not at all: a misspelt type passes no value, an unknown `$ref`
 * fails where it is reached.
 *
 * @param field where the schema was given
 * @throws NexusError INVALID_ARGUMENT naming the place in the schema
 */
export function checkJsonSchema(field: string, schema: JsonSchema): void {
  check(field, schema, { root: schema, depth: 0 });
}

interface Place {
  readonly root: JsonSchema;
  readonly depth: number;
}

function check(field: string, schema: unknown, { root, depth }: Place): void {
  if (typeof schema === 'boolean') return;
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw invalidArgument(field, schema, 'a JSON Schema: an object, true or false');
  }
  if (depth > MAX_DEPTH)
    throw refused(field, 'is nested too deeply; let recursive schemas refer to "#/$defs/…" by $ref');
  const keywords: Readonly<Record<string, unknown>> = { ...schema };
  checkTypes(field, keywords['type']);
  checkPatterns(field, keywords);
  checkUnique(field, keywords);
  checkFormat(field, keywords['format']);
  checkRef(field, keywords['$ref'], root);
  const below = { root, depth: depth + 1 };
  for (const keyword of NESTED) {
    const nested = keywords[keyword];
    if (Array.isArray(nested)) {
      for (const [index, one] of nested.entries()) check(`${field}.${keyword}[${index}]`, one, below);
    } else if (nested !== undefined) check(`${field}.${keyword}`, nested, below);
  }
  for (const keyword of NAMED) {
    for (const [name, one] of entriesOf(`${field}.${keyword}`, keywords[keyword])) {
      check(`${field}.${keyword}.${name}`, one, below);
    }
  }
}

function checkTypes(field: string, type: unknown): void {
  if (type === undefined) return;
  const known = (one: unknown) => typeof one === 'string' && TYPES.includes(one);
  if (Array.isArray(type) ? type.every(known) : known(type)) return;
  throw invalidArgument(`${field}.type`, type, `one of ${TYPES.join(', ')}, or a list of them`);
}

function checkPatterns(field: string, { pattern, patternProperties }: Readonly<Record<string, unknown>>): void {
  const patterns = entriesOf(`${field}.patternProperties`, patternProperties).map(([name]) => name);
  for (const one of pattern === undefined ? patterns : [...patterns, pattern]) {
    try {
      if (typeof one !== 'string') throw new Error('it is no string');
      new RegExp(one, 'u');
    } catch (cause) {
      throw refused(`${field}.pattern`, `is no regular expression: ${(cause as Error).message}`);
    }
  }
}

function checkUnique(field: string, { uniqueItems, maxItems }: Readonly<Record<string, unknown>>): void {
  if (uniqueItems !== true || (typeof maxItems === 'number' && maxItems <= MAX_UNIQUE_ITEMS)) return;
  throw refused(
    `${field}.uniqueItems`,
    `compares all items with each other, so it needs maxItems beside it, of at most ${MAX_UNIQUE_ITEMS}`,
  );
}

/** The validator's expression for this one takes exponential time, and values come from handlers. */
function checkFormat(field: string, format: unknown): void {
  if (format === 'url')
    throw refused(`${field}.format`, 'is "url", which cannot be checked in bounded time; use "uri"');
}

/** References to other documents, and to anchors, are left to the validator. */
function checkRef(field: string, ref: unknown, root: JsonSchema): void {
  if (ref === undefined) return;
  if (typeof ref !== 'string') throw invalidArgument(`${field}.$ref`, ref, 'a string, like "#/$defs/item"');
  if (ref.startsWith('#/') && resolvePointer(root, ref) === undefined) {
    throw refused(`${field}.$ref`, `is "${ref}", which the schema does not have`);
  }
}

function entriesOf(field: string, schemas: unknown): [string, unknown][] {
  if (schemas === undefined) return [];
  if (typeof schemas === 'object' && schemas !== null && !Array.isArray(schemas)) return Object.entries(schemas);
  throw invalidArgument(field, schemas, 'an object of JSON Schemas');
}

function refused(field: string, why: string): NexusError {
  return new NexusError('INVALID_ARGUMENT', `${field} ${why}.`, { context: { field } });
}
